"""`crmerp review parked, show, edit, skip, assign`, and retry: work that stopped, and what a person does with it."""

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmerp_assets.cli.output import emit, errors, say, table
from crmerp_assets.settings import Settings

if TYPE_CHECKING:
    from crmerp_assets.sync.parked_work import Chosen
    from crmerp_assets.sync.platform import Platform

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID...", help="The first characters of the ids.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The id, or its first characters.")]
Entity = Annotated[str | None, typer.Option(help="Only this entity.")]
ConnectionName = Annotated[str | None, typer.Option("--connection", help="Only this connection.")]
ErrorClass = Annotated[str | None, typer.Option(help="Only this class of error, such as Rejected or Unusable.")]
By = Annotated[str | None, typer.Option(help="Who does it; the login name unless given.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
_LISTED = ["entity", "connection", "record", "error_class", "reason", "first_seen", "last_seen", "times"]


def register(app: typer.Typer) -> None:
    """Add the commands to `crmerp review`."""
    for command in (parked, show, edit, skip, assign):
        app.command()(command)


def parked(
    entity: Entity = None, connection: ConnectionName = None, error_class: ErrorClass = None, *, json: Json = False
) -> None:
    """Writes that a system refused and records that cannot be used, what fails most and longest first."""
    import polars as pl

    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync.parked_work import parked_work

    with platform(Settings()) as used:
        work = parked_work(used, _chosen((), entity, connection, error_class))
    if json:
        emit(work.to_dicts())
        return
    times = (pl.col(name).dt.strftime("%Y-%m-%d %H:%M") for name in ("first_seen", "last_seen"))
    shown = work.with_columns(pl.col("id").str.slice(0, 8), *times)
    table("Parked work", shown.select("id", "severity", *_LISTED, pl.col("assigned_to").alias("assignee"), "next_step"))
    say("Nothing is parked." if work.is_empty() else f"{work.height} parked. Look at one: `crmerp review show ID`")


def show(entry: Id, *, json: Json = False) -> None:
    """Everything about one parked write or record (personal values masked), or one review (with its values)."""
    from crmerp_assets.cli.conflicts import show_review
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync import payloads

    with platform(Settings()) as used:
        if show_review(used, entry, as_json=json):
            return
        found = payloads.show(used, entry)
    if json:
        emit({"entry": found.entry, "payload": found.payload.to_dicts(), "history": found.history.to_dicts()})
        return
    _facts(found.entry)
    table("Payload", found.payload)
    table("History", found.history.drop("intent_id", "detail", strict=False))


def edit(
    entry: Id,
    values: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", help="Fields of this write.")],
    by: By = None,
) -> None:
    """Let a planned write send another value, within the governance rules; it is ready again."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync import edits

    typed = dict(value.partition("=")[::2] for value in values if "=" in value)
    if len(typed) != len(values):
        raise typer.BadParameter("give each field once, as FIELD=VALUE")
    with platform(Settings()) as used:
        say(edits.edit(used, edits.find(used, entry), typed, by or getpass.getuser()).consequence)


def skip(
    ids: Ids = None,
    why: Annotated[str, typer.Option(help="The reason; it is kept.")] = "",
    entity: Entity = None,
    connection: ConnectionName = None,
    error_class: ErrorClass = None,
    by: By = None,
) -> None:
    """Leave parked work alone until its record changes, with a reason."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync import parked_work

    if not why.strip():
        raise typer.BadParameter("say why, with --why TEXT: whoever looks for the record later will want to know")
    chosen = _narrow(_chosen(ids or (), entity, connection, error_class))
    with platform(Settings()) as used:
        work = parked_work.skip(used, chosen, by or getpass.getuser(), why)
    say(f"{work.height} skipped. Each comes back when its record changes.")


def assign(
    ids: Ids = None,
    to: Annotated[str | None, typer.Option(help="Who looks after it; nobody unless given.")] = None,
    entity: Entity = None,
    connection: ConnectionName = None,
    error_class: ErrorClass = None,
    by: By = None,
) -> None:
    """Say who looks after parked work."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync import parked_work

    chosen = _narrow(_chosen(ids or (), entity, connection, error_class))
    with platform(Settings()) as used:
        work = parked_work.assign(used, chosen, to, by or getpass.getuser())
    say(f"{work.height} assigned to {to}." if to else f"{work.height} assigned to nobody.")


def retry_parked(
    settings: Settings, ids: tuple[str, ...], entity: str | None, connection: str | None, error_class: str | None
) -> None:
    """Make parked work ready again and say what happens to it."""
    import polars as pl

    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync import parked_work

    with platform(settings) as used:
        _known(used, connection)
        work = parked_work.retry(used, _chosen(ids, entity, connection, error_class), getpass.getuser())
    writes = work.filter(pl.col("what") == parked_work.WRITE).height
    say(f"{writes} intents are ready again. `crmerp apply` sends them now; the daemon does within its next tick.")
    if records := work.height - writes:
        say(f"{records} records are read again by the next `crmerp plan` or `crmerp sync`.")
    if connection is not None:
        say(f"{connection} is not paused.")


def show_pauses(settings: Settings) -> bool:
    """Say which connections rest, why, and what ends it; returns whether any does. Printed to stderr, for scripts."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync.pauses import pauses
    from crmerp_assets.sync.retries import CLASSES

    with platform(settings) as used:
        found = pauses(used)
    for row in found.iter_rows(named=True):
        errors.print(
            f"{row['connection']} is paused since {row['paused_at']:%Y-%m-%d %H:%M} UTC ({row['error_class']}, "
            f"{CLASSES[row['error_class']].meaning}): {row['error']}\n"
            f"      → It is tried again at {row['until']:%H:%M} UTC. Sooner: `crmerp check` once it is put right, or "
            f"`crmerp retry --connection {row['connection']}`.",
            style="yellow",
        )
    return not found.is_empty()


def _chosen(
    ids: "list[str] | tuple[str, ...]", entity: str | None, connection: str | None, error_class: str | None
) -> "Chosen":
    from crmerp_assets.sync.parked_work import Chosen

    return Chosen(tuple(ids), entity, connection, error_class)


def _narrow(chosen: "Chosen") -> "Chosen":
    if chosen.everything:
        raise typer.BadParameter("name ids, or give --entity, --connection or --error-class")
    return chosen


def _known(used: "Platform", connection: str | None) -> None:
    if connection is not None and connection not in used.connections:
        raise LookupError(f"There is no connection '{connection}'; there are {', '.join(used.connections)}.")


def _facts(entry: dict[str, Any]) -> None:
    """One line a fact, without what is unknown."""
    for name, value in entry.items():
        if value is not None:
            shown = f"{value:%Y-%m-%d %H:%M} UTC" if hasattr(value, "hour") else value
            say(f"{name.replace('_', ' '):>12}  {shown}")
