"""Lanes on the command line: `--lane` for every command, all lanes where none is named, and what they come to."""

from collections.abc import Callable, Hashable, Iterable
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from crmerp_assets.cli.output import say, table
from crmerp_assets.reports.lanes import Routing
from crmerp_assets.settings import Settings, ends, lane_names, load_configuration, use_lane
from crmerp_assets.sync.platform import Platform

Found = TypeVar("Found", bound=Hashable)
WITHOUT = ("demo", "dev", "sandbox")
SHOWN = 10


def lane_command(app: typer.Typer) -> Callable[[], Any]:
    """The whole command line, with `--lane` for every command that looks at a ledger."""
    command, pattern = typer.main.get_command(app), typer.Typer(add_completion=False)
    pattern.command()(_pattern)
    _add(command, typer.main.get_command(pattern).params[0])
    return command


def _add(command: object, option: Any) -> None:
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            if name not in WITHOUT:
                _add(inner, option)
    elif isinstance(command, TyperCommand):
        command.params.append(option)


def _chosen(context: typer.Context, name: str | None) -> None:
    if name is not None:
        before = use_lane(name)
        context.call_on_close(lambda: use_lane(before))


_SAID = "Only this lane, where there are several (or CRMERP_LANE)."


def _pattern(
    _lane: Annotated[
        str | None, typer.Option("--lane", metavar="NAME", help=_SAID, expose_value=False, callback=_chosen)
    ] = None,
) -> None:
    """The command that the option is taken from: typer makes options for commands only."""


def each_lane(settings: Settings) -> list[Settings]:
    """The lanes to work in: the one that was named, else all of them."""
    names = [] if settings.lane else lane_names(settings.config)
    return [settings.within(name) for name in names] or [settings]


def one_lane(settings: Settings) -> Settings:
    """The settings, where they leave no doubt about the lane. Raises NoLane."""
    from crmerp_assets.bootstrap import NoLane

    names = lane_names(settings.config)
    if (settings.lane is None and names) or (settings.lane is not None and settings.lane not in names):
        raise NoLane(settings.lane, tuple(names))
    return settings


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
