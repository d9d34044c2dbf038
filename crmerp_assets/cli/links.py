"""`crmerp links`: which records are one thing, how that came about, and what people say of it."""

import getpass
from typing import Annotated

import typer

from crmerp_assets.cli.lanes import one_lane
from crmerp_assets.cli.output import emit, say, table
from crmerp_assets.settings import Settings

app = typer.Typer(
    help="Look at links between records, make and take them apart, and undo merges.", no_args_is_help=True
)
By = Annotated[str | None, typer.Option(help="Who decides; the login name unless given.")]
Why = Annotated[str, typer.Option(help="The reason; it is kept.")]
Entity = Annotated[str | None, typer.Option(help="customer, contact or product, where ids are ambiguous.")]
Record = Annotated[str, typer.Argument(help="A native id, or a golden id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command()
def history(
    identifier: Annotated[str, typer.Argument(help="A golden id, or a record's native id.")], *, json: Json = False
) -> None:
    """Every change of the links behind a golden id or a record, and the merges that it took part in."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync.linkage import history as past

    with platform(Settings()) as used:
        links, merges, said = past(used, identifier)
    if links.is_empty() and merges.is_empty() and said.is_empty():
        raise LookupError(f"No link was ever made for '{identifier}'. `crmerp trace` finds a record by its number.")
    if json:
        emit({"links": links.to_dicts(), "merges": merges.to_dicts(), "decisions": said.to_dicts()})
        return
    table("Links", links.select("at", "connection", "native_id", "golden_id", "previous_golden_id", "evidence", "by"))
    table("Merges", merges.select("made_at", "connection", "loser", "survivor", "golden_id", "state", "ended_by"))
    table("Decisions of people", said)


@app.command()
def merge(first: Record, second: Record, why: Why = "", entity: Entity = None, by: By = None) -> None:
    """Say that a record of the CRM and one of the ERP are one. The older golden id stays."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync import joins

    with platform(Settings()) as used:
        say(joins.merge(used, first, second, entity, _reason(why), by or getpass.getuser()))


@app.command()
def unlink(record: Record, why: Why = "", entity: Entity = None, by: By = None) -> None:
    """Take a wrong link apart: each record has a golden id of its own, and the two are never proposed again."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync import joins

    with platform(Settings()) as used:
        say(joins.unlink(used, record, entity, _reason(why), by or getpass.getuser()))


@app.command()
def never(first: Record, second: Record, why: Why = "", entity: Entity = None, by: By = None) -> None:
    """Say that two records, of two systems or of one, are two things: they are never proposed as one."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync import joins

    with platform(Settings()) as used:
        say(joins.never(used, first, second, entity, _reason(why), by or getpass.getuser()))


def _reason(why: str) -> str:
    if not why.strip():
        raise typer.BadParameter("say why, with --why TEXT: whoever looks at the link later will want to know")
    return why


@app.command()
def unmerge(
    golden_id: Annotated[str, typer.Argument(help="The golden id that the loser had, or the loser's native id.")],
    by: By = None,
) -> None:
    """Undo a merge in the links: the loser has its golden id and partner back. Nothing is sent before the next sync."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync.survivors import unmerge as undo

    with platform(Settings()) as used:
        done = undo(used, golden_id, by or getpass.getuser())
    say(
        f"{done.loser} and {done.survivor} are two again. Next: `crmerp sync`; then restore {done.loser} in "
        f"{done.connection} if it shall be used there."
    )


@app.command()
def compared(*, json: Json = False) -> None:
    """What the last comparison of all ids found: live, gone and missed records, object by object."""
    import polars as pl

    from crmerp_assets.sync.compared import SCHEMA, published

    found = published(one_lane(Settings()).reports)
    if json:
        emit(found)
        return
    for one in found:
        table(f"{one['connection']}, {one['at']}", pl.DataFrame(one["objects"], schema=SCHEMA))
    if not found:
        say("Nothing was compared yet; `crmerp sync --compare-ids` does it, and every night the job `nightly`.")
