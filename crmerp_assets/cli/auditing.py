"""`crmerp audit`: how good the data are, system by system, what is wrong most, and where the work lists are."""

from typing import Annotated

import polars as pl
import typer

from crmerp_assets.cli.output import console, say, table
from crmerp_assets.reports.quality.kinds import KINDS
from crmerp_assets.settings import Settings

SHOWN = 15


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(audit)


def audit(*, json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False) -> None:
    """Score the data of both systems, as they were last read: doubles, gaps, orphans, values nobody understands.

    Exit code 1 when a score is below `audit.warn_below`.
    """
    from crmerp_assets.cli.runs import run_job

    settings = Settings()
    run_job(settings, "audit")
    if not show_audit(settings, as_json=json):
        raise typer.Exit(1)


def show_audit(settings: Settings, *, as_json: bool = False) -> bool:
    """The last published audit; returns whether no score is low."""
    from crmerp_assets.sync.audit_files import NAME, files, published

    scores, points = published(settings.reports)
    low = scores.filter(pl.col("score") < pl.col("warn_below"))
    if as_json:
        typer.echo((settings.reports / f"{NAME}.json").read_text(encoding="utf-8"), nl=False)
        return low.is_empty()
    _show_scores(scores)
    _show_points(points)
    for row in low.iter_rows(named=True):
        say(f"{row['system']} {row['entity']} has {row['score']:.1f}, less than {row['warn_below']:g}.", style="red")
    for file in files(settings.reports):
        console.print(f"Wrote {file}", soft_wrap=True, markup=False)
    return low.is_empty()


def _show_scores(scores: pl.DataFrame) -> None:
    """Scores with their change since the run day before."""
    trend = pl.when(pl.col("change").is_not_null()).then(
        pl.format(
            "{}{} since {}",
            pl.when(pl.col("change") > 0).then(pl.lit("+")).otherwise(pl.lit("")),
            "change",
            "before_day",
        )
    )
    shown = scores.select(
        "system",
        "entity",
        pl.col("score").map_elements(lambda value: f"{value:.1f}", return_dtype=pl.String).fill_null("no records"),
        trend.fill_null("").alias("trend"),
        "records",
        "faultless",
        pl.col("not_assessed").fill_null("").alias("not assessed"),
    )
    table("Data quality, 0 to 100", shown, right=["score"])


def _show_points(points: pl.DataFrame) -> None:
    titles = {name: kind.title for name, kind in KINDS.items()}
    shown = points.head(SHOWN).select(
        pl.col("kind").replace_strict(titles, default=None, return_dtype=pl.String).alias("finding"),
        "system",
        "entity",
        "records",
        pl.format("{}", pl.col("points")).alias("points"),
    )
    table("What takes the points, the most first", shown, right=["points"])
    if points.is_empty():
        say("Nothing was found.")
    if points.height > SHOWN:
        say(f"... and {points.height - SHOWN} more; the page and `crmerp audit --json` list all.")
