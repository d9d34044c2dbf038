"""`crmerp review`: what only a person can decide."""

import getpass
from typing import Annotated

import typer

from crmerp_assets.cli import calibrate, matches, parked
from crmerp_assets.cli import conflicts as conflict_commands
from crmerp_assets.cli.output import emit, say, table
from crmerp_assets.settings import Settings

app = typer.Typer(help="List what waits for a person, and decide it.", no_args_is_help=True)
parked.register(app)
conflict_commands.register(app)
matches.register(app)
calibrate.register(app)


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Option(help="One kind only, for example conflict or deletion.")] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Open reviews, most valuable first. With `--kind conflict` both values, personal ones masked."""
    import polars as pl

    from crmerp_assets.cli.conflicts import CONFLICT, list_conflicts
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync.review import open_reviews

    if kind == CONFLICT:
        list_conflicts(Settings(), as_json=json)
        return
    with platform(Settings()) as used:
        found = open_reviews(used, kind)
    if json:
        emit(found.to_dicts())
        return
    shown = found.select(pl.col("id").str.slice(0, 8).alias("review"), "kind", "title", "value")
    table("Open reviews", shown)
    say("Nothing waits for a person." if found.is_empty() else "Decide one: `crmerp review decide REVIEW ANSWER`")


@app.command()
def conflicts(*, json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False) -> None:
    """Conflicts that a rule resolved without asking: both sides had changed a field, and they differed."""
    from crmerp_assets.cli.showing import show_conflicts

    show_conflicts(Settings(), as_json=json)


@app.command()
def decide(
    answer: Annotated[
        list[str], typer.Argument(help="Reviews, by the first characters of their ids, and last the answer.")
    ],
    everything: Annotated[bool, typer.Option("--all", help="Every open conflict of one field; needs --field.")] = False,
    field: Annotated[str | None, typer.Option(help="With --all: the field.")] = None,
    entity: Annotated[str | None, typer.Option(help="With --all: the entity.")] = None,
    by: Annotated[str | None, typer.Option(help="Who decides; the login name unless given.")] = None,
    why: Annotated[str | None, typer.Option(help="The reason; approvals need one.")] = None,
) -> None:
    """Decide reviews: `decide REVIEW... ANSWER`. same|different, crm|erp, approve|refuse, a product's name or SKU.

    The next sync acts on it.
    """
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync.review import decide as record
    from crmerp_assets.sync.review import decide_all

    *reviews, word = answer
    who = by or getpass.getuser()
    if everything != (field is not None) or everything == bool(reviews):
        raise typer.BadParameter("name reviews and last the answer, or give --all --field NAME and the answer")
    with platform(Settings()) as used:
        if field is not None:
            done = decide_all(used, entity, field, word, who)
        else:
            done = [record(used, review, word, who, why) for review in reviews]
    for consequence in dict.fromkeys(one.consequence for one in done):
        say(consequence)
    say(f"{len(done)} reviews decided.")
