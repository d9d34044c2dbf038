"""`crmerp review`: what only a person can decide."""

import getpass
from typing import Annotated

import typer

from crmerp_assets.cli.output import emit, say, table
from crmerp_assets.settings import Settings

app = typer.Typer(help="List what waits for a person, and decide it.", no_args_is_help=True)


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Option(help="ambiguous_link, unknown_product, conflict or breaker.")] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Open reviews, most valuable first."""
    import polars as pl

    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync.review import open_reviews

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
    review: Annotated[str, typer.Argument(help="The review's id, or its first characters.")],
    answer: Annotated[str, typer.Argument(help="same|different, crm|erp, release|keep, or the product's name or SKU.")],
    by: Annotated[str | None, typer.Option(help="Who decides; the login name unless given.")] = None,
) -> None:
    """Decide one review. The next sync acts on it."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync.review import decide as record

    with platform(Settings()) as used:
        done = record(used, review, answer, by or getpass.getuser())
    say(done.consequence)
