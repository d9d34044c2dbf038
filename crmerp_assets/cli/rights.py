"""check --rights: least privilege, connection by connection."""

from typing import TYPE_CHECKING

import typer
from rich.text import Text

from crmerp_assets.cli.lanes import each_lane
from crmerp_assets.cli.output import console, emit, say, table
from crmerp_assets.settings import Settings

if TYPE_CHECKING:
    from crmerp_assets.sync.rights import Privileges

_MARKS = {"granted": ("ok ", "green"), "missing": ("NO ", "red"), "more than needed": ("!! ", "yellow")}
_UNKNOWN = ("?  ", "cyan")


def show_rights(*, json: bool) -> None:
    """What each connection reads and writes, what for, and which rights that takes; code 1 where one is missing."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync import rights

    found = []
    for lane in each_lane(Settings()):
        with platform(lane) as used:
            found += [one for one in rights.privileges(used) if one not in found]
    if json:
        emit(rights.document(found))
    else:
        for one in found:
            _show(one)
    if any(right.needed and right.granted is False for one in found for right in one.rights):
        raise typer.Exit(1)
    if any(one.problem and one.problem != rights.UNTOLD for one in found):
        raise typer.Exit(1)


def _show(one: "Privileges") -> None:
    from crmerp_assets.sync import rights

    table(f"{one.connection}: fields", rights.needs_table([one]).drop("connection"))
    say(f"{one.connection}: rights")
    if one.problem:
        say(f"  {one.problem}")
    for right, state, reason, where in rights.rights_table([one]).drop("connection").iter_rows():
        shown = f"{right} ({reason})" if reason else right
        console.print(Text.assemble("  ", _MARKS.get(state, _UNKNOWN), shown))
        if state != "granted":
            say(f"       → {rights.ADVICE[state].format(where)}")
