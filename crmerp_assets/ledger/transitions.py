"""The states of an intent and the only moves between them.

The code checks every move against TRANSITIONS, the tests walk it, and docs/operating.md shows it: states_page.py
renders both tables there, and a test holds the page equal to this module.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crmerp_assets.ledger.errors import IllegalTransition

TRANSITIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "planned": frozenset({"waiting", "claimed", "superseded", "cancelled"}),
        "waiting": frozenset({"planned", "approved", "superseded", "cancelled"}),
        "approved": frozenset({"planned", "waiting", "claimed", "superseded", "cancelled"}),
        "claimed": frozenset({"planned", "approved", "sent", "settled", "rejected", "superseded"}),
        "sent": frozenset({"planned", "approved", "applied", "settled", "rejected", "unknown", "superseded"}),
        "unknown": frozenset({"planned", "approved", "applied", "settled", "rejected", "superseded"}),
        "rejected": frozenset({"planned", "approved", "waiting", "superseded", "cancelled"}),
        "superseded": frozenset({"planned", "waiting"}),
        "applied": frozenset(),
        "settled": frozenset(),
        "cancelled": frozenset(),
    }
)


@dataclass(frozen=True, slots=True)
class State:
    """What a state means, what the platform does about it by itself, and what a person can do."""

    meaning: str
    platform: str
    person: str = ""


STATES: Mapping[str, State] = MappingProxyType(
    {
        "planned": State(
            "ready to be sent, once its waiting time is over",
            "sends it with the next run that pushes to the system",
            "nothing, or `crmerp apply`",
        ),
        "waiting": State(
            "a gate holds it; the reason says why",
            "plans it again in every plan of its entity; goes on when the gate opens",
            "removes the cause, see [Gates](#gates)",
        ),
        "approved": State(
            "released from its gate by a person",
            "sends it like a planned one",
            "sets it with `crmerp review edit` or by releasing a breaker",
        ),
        "claimed": State(
            "taken by one pusher until its lease ends; nothing sent yet",
            "renews the lease while the pusher lives; gives the intent back when the lease is over",
            "nothing",
        ),
        "sent": State(
            "handed to the system, no answer yet",
            "records the answer; when the lease is over, settles it before anything is sent again",
            "nothing",
        ),
        "unknown": State(
            "sent, and the answer never came",
            "settles it at the start of the next push: reads back by key, sends again only if absent; waits while its "
            "job is still [queued](#a-job-is-still-queued-in-netsuite)",
            "nothing, or `crmerp apply`",
        ),
        "rejected": State(
            "the system refused it, or the retries are used up",
            "leaves it until the record changes, then plans it anew",
            "corrects the record; or `crmerp retry`, see [parked work](#parked-work)",
        ),
        "superseded": State(
            "a newer plan took its place before it took effect, or the record had changed",
            "nothing more; the same plan may come back",
        ),
        "applied": State("the system confirmed it", "nothing more", "`crmerp undo`"),
        "settled": State("found in the system by reading back", "counts it as applied", "`crmerp undo`"),
        "cancelled": State(
            "withdrawn by a person", "keeps the very same plan withdrawn", "sets it with `crmerp review skip`"
        ),
    }
)
OPEN = ("planned", "waiting", "approved", "claimed", "sent", "unknown", "rejected")
READY = ("planned", "approved")
IN_FLIGHT = ("claimed", "sent", "unknown")
EFFECTIVE = ("applied", "settled")
AT_REST = ("planned", "waiting", "approved", "rejected")


def check(states: Mapping[str, str], target: str, sources: Collection[str] = tuple(TRANSITIONS)) -> None:
    """Raise IllegalTransition unless every intent (id -> present state) may move to `target`.

    `sources` are the states that the one who moves it may move it from: a person never touches one in flight.
    """
    illegal = {i: state for i, state in states.items() if state not in sources or target not in TRANSITIONS[state]}
    if not illegal:
        return
    intent, state = next(iter(illegal.items()))
    more = f" (and {len(illegal) - 1} more)" if len(illegal) > 1 else ""
    legal = [source for source in sources if target in TRANSITIONS[source]]
    raise IllegalTransition(
        f"Intent {intent}{more} is {state} and cannot become {target} now; one that is {_listed(legal)} can. "
        "Another process or person was faster: read the intent again, then decide."
    )


def _listed(states: Collection[str]) -> str:
    *others, last = sorted(states)
    return f"{', '.join(others)} or {last}" if others else last
