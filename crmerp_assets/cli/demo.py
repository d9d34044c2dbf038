"""`crmerp demo`: a business day of a company against the sandboxes, with Dagster's sensors reacting."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from crmerp_assets.cli.dev import crmerp, dagster_daemon, prepare
from crmerp_assets.cli.output import console, say
from crmerp_assets.cli.pair import CRM, ERP, CrmOption, ErpOption, Pair, chosen
from crmerp_assets.cli.processes import Process
from crmerp_assets.cli.stage import Stage, fresh
from crmerp_assets.settings import Settings

DAY_SECONDS = 90


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(demo)


def demo(
    crm: CrmOption = CRM,
    erp: ErpOption = ERP,
    state: Annotated[
        Path | None, typer.Option(help="Folder of the working state; it is emptied first.", show_default=".crmerp/demo")
    ] = None,
) -> None:
    """Play a business day: deals are won, addresses change, invoices are paid; see both systems follow."""
    from crmerp_assets.cli.outcome import Day

    started, pair = time.monotonic(), chosen(crm, erp)
    state = state or Path(pair.folder("demo"))
    fresh(state)
    settings = Settings(state=state, config=state / "config", env_file=state / "sandbox.env")
    with ExitStack() as up:
        _step(1, f"Starting {pair.title}")
        stage = up.enter_context(Stage(settings, go_live=date.today(), pair=pair))  # noqa: DTZ011, TID251
        _step(2, "A company moves in, custom fields are made, the first full sync runs")
        prepare(stage)
        for note in (*pair.crm.notes, *pair.erp.notes):
            say(f"   {note}")
        day = up.enter_context(Day(stage))
        day.count_calls("first sync")
        _step(3, "dagster-daemon starts; from here on only its sensors act")
        with dagster_daemon(stage) as daemon:
            daemon.wait_until(day.sensors_tick, 90)
            _step(4, "Morning: deals are won, an address and phones change")
            day.morning()
            late = _wait(day.morning_missing, daemon, "both systems to follow")
            _step(5, "Afternoon: orders are invoiced, paid, credited; one invoice falls overdue")
            day.afternoon()
            late += _wait(day.afternoon_missing, daemon, "every deal to show its invoice")
        day.count_calls("business day")
        _step(6, "What came of it")
        crmerp(stage, "sync")
        problems, order = [*late, *day.show()], day.an_order
    took = time.monotonic() - started
    say(f"\nThe demo took {took:.0f} s.")
    if problems:
        for problem in problems:
            console.print(f"NOT AS IT SHOULD BE: {problem}", style="bold red")
        raise typer.Exit(1)
    _next(state, pair, order)


def _step(number: int, what: str) -> None:
    say(f"\n{number}/6 {what}", style="bold cyan")


def _wait(missing: Callable[[], list[str]], daemon: Process, what: str) -> list[str]:
    """Wait until nothing is missing any more, showing what still is; says what the sensors did not bring in time."""
    until, shown = time.monotonic() + DAY_SECONDS, None
    while left := missing():
        daemon.check()
        if len(left) != shown:
            say(f"   waiting for {what}: {len(left)} to go")
            shown = len(left)
        if time.monotonic() > until:
            return [f"the sensors did not bring this within {DAY_SECONDS} s: {one}" for one in left]
        time.sleep(0.5)
    return []


def _next(state: Path, pair: Pair, order: str) -> None:
    say("\nWhere to look next:")
    say(f"   source {state}/activate && crmerp trace {order}     one order, with every step it took")
    say("   crmerp review list                                 what waits for a person")
    dev = f"make dev CRM={pair.crm.name} ERP={pair.erp.name}"
    say(f"   {dev:<50} the same with Dagster's UI, and deals that you win")
    say(f"   docs/quickstart.md                                 your own {pair.title}")
