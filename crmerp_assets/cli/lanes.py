"""Lanes on the command line: `--lane` for every command, all lanes where none is named, and what they come to."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

import click
import typer

from crmerp_assets.cli.output import say, table
from crmerp_assets.reports.lanes import Routing
from crmerp_assets.settings import Settings, ends, lane_names, load_configuration, use_lane
from crmerp_assets.sync.platform import Platform

Found = TypeVar("Found", bound=Hashable)
WITHOUT = ("demo", "dev", "sandbox")
SHOWN = 10


def with_option(command: click.Command) -> click.Command:
    """The command with `--lane` for everything in it that looks at a ledger."""
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            if name not in WITHOUT:
                with_option(inner)
        return command
    said = "Only this lane, where there are several (or CRMERP_LANE)."
    command.params.append(click.Option(["--lane"], metavar="NAME", help=said, expose_value=False, callback=_chosen))
    return command


def _chosen(context: click.Context, _parameter: click.Parameter, name: str | None) -> None:
    if name is not None:
        before = use_lane(name)
        context.call_on_close(lambda: use_lane(before))


def each_lane(settings: Settings) -> list[Settings]:
    """The lanes to work in: the one that was named, else all of them."""
    names = [] if settings.lane else lane_names(settings.config)
    return [settings.within(name) for name in names] or [settings]


def heading(settings: Settings, lanes: list[Settings]) -> None:
    """Say which of several lanes the next lines are about."""
    if len(lanes) > 1:
        say(f"\nLane {settings.lane}", style="bold cyan")


def over_lanes(settings: Settings, work: Callable[[Platform], Iterable[Found]]) -> list[Found]:
    """What comes of every lane, each thing once: lanes that share a system say the same of it."""
    from crmerp_assets.cli.showing import platform

    found: list[Found] = []
    for lane in each_lane(settings):
        with platform(lane) as used:
            found += work(used)
    return list(dict.fromkeys(found))


def together(settings: Settings) -> Routing:
    """What the lanes come to together, as they have told last."""
    from crmerp_assets.sync.routing import of_all

    return of_all(ends(settings, load_configuration(settings)))


def show_together(settings: Settings) -> bool:
    """Print it; returns whether every deal has a lane and no record has two ERPs."""
    found = together(settings)
    say("\nAll lanes", style="bold cyan")
    table("Deals of all lanes, in the company's currency", found.money)
    table("Who has which records", found.carried)
    for frame, what in (
        (found.nobody, "records belong to no lane: correct them, or widen a `route` in connections.yaml"),
        (found.twice, "records are in two lanes with different ERPs: tell their routes apart, then correct one ERP"),
    ):
        if frame.height:
            say(f"{frame.height} {what}", style="red")
            table("The first of them" if frame.height > SHOWN else "All of them", frame.head(SHOWN))
    return clean(found)


def clean(found: Routing) -> bool:
    """Whether every deal has a lane and no record has two ERPs."""
    return found.twice.is_empty() and "order" not in found.nobody["entity"]


def lane_command(app: typer.Typer) -> click.Command:
    """The whole command line, with `--lane`."""
    return with_option(typer.main.get_command(app))
