"""The states of an intent and the only moves between them.

planned     ready to be sent, as soon as `next_attempt_at` has passed
waiting     held back by a gate; `reason` says why
approved    held back by a gate and released by a person: ready to be sent
claimed     taken by one pusher until its lease ends; nothing has been sent
sent        handed to the system; whether it was applied is not known yet
unknown     sent, and the answer never came: must be settled by reading back, never simply sent again
rejected    the system refused it; stays until the data change or a person retries it
applied     the system confirmed it
settled     found in the system by reading back, so it counts as applied
superseded  a newer plan took its place before it took effect; the same plan may come back later
cancelled   a person withdrew it; the very same plan stays withdrawn
"""

from collections.abc import Collection, Mapping
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
