"""Conflicts for people: both values, when and by whom, and whose value counts from now on."""

import getpass
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmerp_assets.cli.output import emit, say, table
from crmerp_assets.settings import Settings

if TYPE_CHECKING:
    from crmerp_assets.sync.platform import Platform

CONFLICT = "conflict"
_VALUES = ("crm", "erp", "base")


def register(app: typer.Typer) -> None:
    """Add the commands to `crmerp review`."""
    app.command()(prefer)
    app.command()(preferences)


def prefer(
    entity: Annotated[str, typer.Argument(help="The entity, such as customer.")],
    field: Annotated[str, typer.Argument(help="A field that both sides may change.")],
    side: Annotated[str | None, typer.Argument(help="crm or erp: whose value counts in a conflict.")] = None,
    by: Annotated[str | None, typer.Option(help="Who decides; the login name unless given.")] = None,
    *,
    clear: Annotated[bool, typer.Option("--clear", help="Go back to the rule of the field.")] = False,
) -> None:
    """Always prefer one side for a field when both changed it, until it is cleared."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync import conflicts

    if clear == (side is not None):
        raise typer.BadParameter("give crm or erp, or --clear")
    with platform(Settings()) as used:
        say(conflicts.prefer(used, entity, field, side, by or getpass.getuser()))


def preferences(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also what was replaced or cleared.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Whose value counts in conflicts of which field, who decided that, and when."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync import conflicts

    with platform(Settings()) as used:
        found = conflicts.preferences(used, everything=everything)
    if as_json:
        emit(found.to_dicts())
        return
    table("Preferences", found)
    if found.is_empty():
        say("Every field follows its rule. `crmerp review prefer ENTITY FIELD crm|erp` changes that for one.")


def list_conflicts(settings: Settings, *, as_json: bool) -> None:
    """Open conflicts side by side, values of personal fields masked."""
    import polars as pl

    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync import conflicts, payloads

    with platform(settings) as used:
        found = payloads.masked(used, conflicts.open_conflicts(used), _VALUES)
    if as_json:
        emit(found.to_dicts())
        return
    columns = ("entity", "golden_id", "field", *_VALUES, "crm_modified", "erp_modified", "overtaken")
    table("Open conflicts", found.select(pl.col("id").str.slice(0, 8).alias("review"), *columns))
    say(
        "No conflict waits for a person."
        if found.is_empty()
        else "`crmerp review show REVIEW` shows all of one; `crmerp review decide REVIEW... crm|erp` decides."
    )


def show_review(used: "Platform", prefix: str, *, as_json: bool) -> bool:
    """Show an open review with all of its evidence, personal values too: whoever decides needs them. False for none."""
    from crmerp_assets.sync import conflicts, review

    with used.ledger.read() as tx:
        if not any(id_.startswith(prefix) for id_ in tx.reviews.list()["id"]):
            return False
    found = dict(review.find(used, prefix))
    kind = review.KINDS[found["kind"]]
    found["detail"] = json.loads(found["detail"])
    if as_json:
        emit(found)
        return True
    say(found["title"], style="bold")
    detail: dict[str, Any] = found["detail"]
    overtaken = detail.pop("overtaken", None)
    for name, value in detail.items():
        unknown = "(the system does not say)" if name.endswith("_by") else "(blank)"
        say(f"{name.replace('_', ' '):>18}  {unknown if value is None else value}")
    if overtaken is not None:
        say(f"{conflicts.overtaken_text(overtaken)}.", style="yellow")
    say(f"{kind.question} Answer {', or '.join(f'`{word}`' for word in kind.answers) or 'as the question asks'}.")
    return True
