"""`crmerp review calibrate`: label some pairs, and see at which probability to link and to ask."""

from pathlib import Path
from typing import Annotated

import typer

from crmerp_assets.cli.output import emit, say, table
from crmerp_assets.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command to `crmerp review`."""
    app.command()(calibrate)


def calibrate(
    entity: Annotated[str, typer.Option(help="customer, contact or product.")] = "customer",
    pairs: Annotated[int, typer.Option(min=1, help="With --export: how many pairs to label.")] = 100,
    export: Annotated[Path | None, typer.Option(help="Write pairs to FILE.xlsx or FILE.csv, to be labelled.")] = None,
    filled: Annotated[Path | None, typer.Option("--import", help="Read the labels, and say what they mean.")] = None,
    *,
    personal: Annotated[bool, typer.Option("--personal", help="With --export: personal values too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Label pairs from all over the range of probability; the labels say which thresholds suit these data.

    Nothing is linked or changed by it: the thresholds are for policy.yaml.
    """
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.matching import SPECS
    from crmerp_assets.reports.decisions_file import read
    from crmerp_assets.reports.export import csv, one_sheet
    from crmerp_assets.sync import labels, matches

    if entity not in SPECS:
        raise typer.BadParameter(f"{entity} is not matched by likeness; take {', '.join(SPECS)}")
    if (export is None) == (filled is None):
        raise typer.BadParameter("give --export FILE to draw pairs, or --import FILE once they are labelled")
    with platform(Settings()) as used:
        if export is not None:
            if export.suffix.lower() not in (".xlsx", ".csv"):
                raise typer.BadParameter("name the file .xlsx or .csv")
            frame = matches.exported(used, labels.to_label(used, entity, pairs), personal=personal)
            export.write_bytes(one_sheet("pairs", frame) if export.suffix.lower() == ".xlsx" else csv(frame))
            say(f"{frame.height} pairs written to {export}. Write same or different into the column decision, then")
            say(f"`crmerp review calibrate --entity {entity} --import {export}`.")
            return
        assert filled is not None
        found = labels.calibrate(used, entity, read(filled))
    if json:
        emit({"link": found.link, "review": found.review, "bins": found.bins.to_dicts()})
        return
    table("Probability, and what people say", found.bins)
    say(f"By these labels, in policy.yaml: matching: {{link: {found.link}, review: {found.review}}}")
