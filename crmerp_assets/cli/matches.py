"""`crmerp review matches`: questions about who is who, one by one, in bulk, and in a spreadsheet."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crmerp_assets.cli.output import emit, say, table
from crmerp_assets.settings import Settings

if TYPE_CHECKING:
    import polars as pl

    from crmerp_assets.sync.match_decisions import Given
    from crmerp_assets.sync.matches import Shown
    from crmerp_assets.sync.platform import Platform

_LIST, _ATTENTION = 50, 1
_NEXT = "Linked by the daemon within a minute, or by `crmerp sync`, which also sends what waited for it."


def register(app: typer.Typer) -> None:
    """Add the command to `crmerp review`."""
    app.command()(matches)


def matches(
    review: Annotated[str | None, typer.Argument(help="Show this one, both records side by side.")] = None,
    entity: Annotated[str | None, typer.Option(help="Only customer, contact or product.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to list.")] = _LIST,
    export: Annotated[Path | None, typer.Option(help="Write them to FILE.xlsx or FILE.csv, to be filled in.")] = None,
    filled: Annotated[Path | None, typer.Option("--import", help="Read decisions from such a file.")] = None,
    decide: Annotated[str | None, typer.Option(help="same or different, for all from --from to --to.")] = None,
    least: Annotated[float | None, typer.Option("--from", help="With --decide: the least probability.")] = None,
    most: Annotated[float | None, typer.Option("--to", help="With --decide: the highest probability.")] = None,
    by: Annotated[str | None, typer.Option(help="Who decides; the login name unless given.")] = None,
    why: Annotated[str | None, typer.Option(help="The reason, where a row of the file gives none.")] = None,
    *,
    personal: Annotated[bool, typer.Option("--personal", help="With --export: personal values too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --decide: decide them; else they are only shown.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Pairs that may be one thing, most valuable first; with REVIEW both records, the reasons and what waits."""
    from crmerp_assets.cli.showing import platform

    if sum(one is not None for one in (review, export, filled, decide)) > 1:
        raise typer.BadParameter("give one of REVIEW, --export, --import and --decide")
    if decide is not None and least is None and most is None:
        raise typer.BadParameter("say which: --decide same --from 0.9, or --decide different --to 0.3")
    who = by or getpass.getuser()
    with platform(Settings()) as used:
        if review is not None:
            _one(used, review, as_json=json)
        elif export is not None:
            _export(used, entity, export, personal=personal)
        elif filled is not None:
            _import(used, filled, who, why, as_json=json)
        elif decide is not None:
            _bulk(used, entity, decide, (least, most), who, why, yes=yes, as_json=json)
        else:
            _list(used, entity, limit, as_json=json)


def _list(used: "Platform", entity: str | None, limit: int, *, as_json: bool) -> None:
    from crmerp_assets.sync.matches import open_matches

    found = open_matches(used, entity)
    if as_json:
        emit(found.head(limit).to_dicts())
        return
    table("Who is who?", _short(found.head(limit)))
    if found.is_empty():
        say("No pair waits for a person.")
        return
    say(
        f"{min(limit, found.height)} of {found.height}. `crmerp review matches REVIEW` shows both records; decide with "
        "`crmerp review decide REVIEW... same|different`, many at once with --decide or --export."
    )


def _short(found: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    def named(which: str) -> pl.Expr:
        return pl.format("{} ({} {})", f"{which}_name", f"{which}_system", which).alias(which)

    return found.select(
        pl.col("id").str.slice(0, 8).alias("review"),
        "entity",
        pl.col("p").round(3),
        named("first"),
        named("second"),
        pl.col("value").round(2),
        pl.col("deals").alias("deals wait"),
        "reasons",
    )


def _one(used: "Platform", review: str, *, as_json: bool) -> None:
    from crmerp_assets.sync.matches import show

    shown = show(used, review)
    if as_json:
        emit({**shown.match, "fields": shown.fields.to_dicts(), "waiting_deals": shown.deals.to_dicts()})
        return
    _print(shown)


def _print(shown: "Shown") -> None:
    import polars as pl

    one = shown.match
    names = [f"{one[which + '_system']} {one[which]}" for which in ("first", "second")]
    if names[0] == names[1]:
        names[1] += " "
    say(f"{one['entity']}: is {one['first_name']} the same as {one['second_name']}?", style="bold")
    table("Both records", shown.fields.rename(dict(zip(("first", "second"), names, strict=True))))
    table("Reasons", pl.DataFrame(one["why"]) if one["why"] else pl.DataFrame({"evidence": [one["evidence"]]}))
    if one["p"] is not None:
        say(f"p {one['p']:.4f} by model {one['model']}")
    table("Won deals that wait for the answer", shown.deals.drop("a_id", "won", "waits", strict=False))
    say(f"Answer: `crmerp review decide {one['id'][:8]} same`, or `different`, with --why.")


def _export(used: "Platform", entity: str | None, target: Path, *, personal: bool) -> None:
    from crmerp_assets.reports.export import csv, one_sheet
    from crmerp_assets.sync.matches import exported, open_matches

    if target.suffix.lower() not in (".xlsx", ".csv"):
        raise typer.BadParameter("name the file .xlsx or .csv")
    frame = exported(used, open_matches(used, entity), personal=personal)
    target.write_bytes(one_sheet("matches", frame) if target.suffix.lower() == ".xlsx" else csv(frame))
    hidden = "" if personal else " Personal values are masked; --personal writes them."
    say(f"{frame.height} pairs written to {target}.{hidden}")
    say(f"Fill in the column decision (same or different), then `crmerp review matches --import {target}`.")


def _import(used: "Platform", source: Path, who: str, why: str | None, *, as_json: bool) -> None:
    from crmerp_assets.reports.decisions_file import read
    from crmerp_assets.sync.match_decisions import Given, decide_many

    given = [Given(row, id_, word, reason or None) for row, id_, word, reason in read(source)]
    _told(decide_many(used, given, who, why, store=True), as_json=as_json)


def _bulk(
    used: "Platform",
    entity: str | None,
    word: str,
    within: tuple[float | None, float | None],
    who: str,
    why: str | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    from crmerp_assets.sync.match_decisions import WORDS, between, decide_many
    from crmerp_assets.sync.matches import open_matches

    if word not in WORDS:
        raise typer.BadParameter(f"decide {' or '.join(WORDS)}, not {word}")
    found = open_matches(used, entity)
    given: list[Given] = between(found, word, *within)
    outcome = decide_many(used, given, who, why, store=yes)
    if yes or as_json:
        _told(outcome, as_json=as_json, stored=yes)
        return
    taken = outcome.filter("taken")["review"].to_list()
    table("Refused", _lines(outcome.filter(~outcome["taken"])).drop("row"))
    table(f"Would be decided: {word}", _short(found.filter(found["id"].is_in(taken))))
    say(f"{len(taken)} pairs. Nothing is decided yet: the same command with --yes does it.")


def _told(outcome: "pl.DataFrame", *, as_json: bool, stored: bool = True) -> None:
    """What was taken and what not, row by row; ends with code 1 where something was not."""
    refused = outcome.filter(~outcome["taken"])
    if as_json:
        emit({"decided": stored, "rows": outcome.to_dicts()})
    else:
        table("Decided", _lines(outcome.filter("taken")))
        table("Not decided", _lines(refused))
        say(f"{outcome.height - refused.height} decided, {refused.height} not. {_NEXT}")
    if refused.height and stored:
        raise typer.Exit(_ATTENTION)


def _lines(outcome: "pl.DataFrame") -> "pl.DataFrame":
    return outcome.with_columns(outcome["review"].str.slice(0, 8)).select("row", "review", "decision", "said")
