"""`crmerp mapping`: check the mapping matrix, and make the document people read."""

from pathlib import Path
from typing import Annotated

import typer

from crmerp_assets.cli.lanes import each_lane
from crmerp_assets.cli.output import console, say
from crmerp_assets.settings import Settings, matrix_of, overrides, roles

app = typer.Typer(
    help="Check and document which field is whose, and what it is called in each system.", no_args_is_help=True
)


@app.command()
def lint(
    *, notes: Annotated[bool, typer.Option("--notes", help="Show what each round trip loses, too.")] = False
) -> None:
    """Find mistakes in the mapping: values that cannot arrive, collide or change. Exit code 1 on errors."""
    from crmerp_assets.mapping import load_governance
    from crmerp_assets.mapping.lint import ROLES
    from crmerp_assets.mapping.lint import lint as check

    found = list(
        dict.fromkeys(
            finding
            for lane in each_lane(Settings())
            for finding in check(matrix_of(lane), load_governance(overrides(lane)), {**ROLES, **roles(lane.config)})
        )
    )
    for finding in found:
        if notes or finding.level != "note":
            console.print(str(finding), style={"error": "red", "warning": "yellow"}.get(finding.level, "dim"))
    levels = [finding.level for finding in found]
    say(f"{levels.count('error')} errors, {levels.count('warning')} warnings, {levels.count('note')} notes.")
    if "error" in levels:
        raise typer.Exit(1)


@app.command()
def render(
    target: Annotated[Path, typer.Argument(help="A .md, .html or .xlsx file to write.")] = Path("mapping.html"),
) -> None:
    """Write the mapping document: every field, its owner and rules, its name in each system."""
    from crmerp_assets.mapping import load_governance
    from crmerp_assets.mapping import render as rendering

    settings = Settings()
    matrix, governance = matrix_of(settings), load_governance(overrides(settings))
    match target.suffix:
        case ".md":
            target.write_text(rendering.markdown(matrix, governance), encoding="utf-8")
        case ".html":
            target.write_text(rendering.html(matrix, governance), encoding="utf-8")
        case ".xlsx":
            target.write_bytes(rendering.xlsx(matrix, governance))
        case _:
            raise typer.BadParameter("give a file that ends in .md, .html or .xlsx")
    say(f"Wrote {target}")
