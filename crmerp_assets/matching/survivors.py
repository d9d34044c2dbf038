"""Who takes over from whom after a merge: pure rules on links, so that they can be stated as laws.

A record that lost a merge (the loser) hands its place to the one it was merged into (the survivor, the living end of
a chain of merges). Each had a golden id; one lives on, the other becomes an alias of it:

| the other system holds               | golden id that lives on | what moves                                       |
|--------------------------------------|-------------------------|--------------------------------------------------|
| a record of the loser's only         | the loser's             | survivor and loser change places                 |
| a record of the survivor's, or none  | the survivor's          | nothing                                          |
| one of each                          | the survivor's          | nothing: the other system holds a double, we ask |
| (the survivor had no golden id)      | the loser's             | the survivor takes the loser's place             |

The loser stays linked to the alias, as a ghost that can be read and gives its place back when the merge is undone.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

Record = tuple[str, str]
"""A connection and a native id."""


@dataclass(frozen=True, slots=True)
class Takeover:
    """One merge, decided. `loser_golden` and `survivor_golden` are what both had before; `golden_id` lives on."""

    connection: str
    loser: str
    survivor: str
    loser_golden: str
    survivor_golden: str | None
    golden_id: str
    double: bool = False

    @property
    def moves(self) -> dict[Record, str | None]:
        """The links that change: record -> golden id, or None for the one that is left without."""
        if self.double or self.golden_id == self.survivor_golden:
            return {}
        return {
            (self.connection, self.survivor): self.loser_golden,
            (self.connection, self.loser): self.survivor_golden,
        }

    @property
    def before(self) -> dict[Record, str | None]:
        """The links that undoing it restores."""
        if not self.moves:
            return {}
        return {
            (self.connection, self.survivor): self.survivor_golden,
            (self.connection, self.loser): self.loser_golden,
        }

    @property
    def golden_ids(self) -> set[str]:
        """The golden ids that it concerns."""
        return {self.loser_golden, self.survivor_golden or self.loser_golden}


def heirs(merged: Mapping[Record, str], live: Collection[Record]) -> dict[Record, str]:
    """Each merged record's survivor: the living record at the end of its chain of merges.

    `merged` names the record each was merged into. Chains that end in a deleted or unknown record, or go in a circle,
    have no survivor; their losers are absent.
    """
    found: dict[Record, str] = {}
    for connection, loser in merged:
        at, passed = loser, set[str]()
        while (connection, at) in merged and at not in passed:
            passed.add(at)
            at = merged[connection, at]
        if (connection, at) in live:
            found[connection, loser] = at
    return found


def take_over(
    links: Mapping[Record, str],
    losers: Iterable[Record],
    survivors: Mapping[Record, str],
    live: Collection[Record],
) -> list[Takeover]:
    """Decide the merges of `losers`, one after the other, each on what the earlier ones left; a double is looked at
    again until it stays one, as another merge may settle it.

    `links` holds every record of the golden ids involved, `survivors` comes from `heirs`, `live` are the records that
    exist. A loser without link or survivor is left out.
    """
    now: dict[Record, str] = dict(links)
    places = {(golden_id, connection): native for (connection, native), golden_id in now.items()}
    decided: dict[Record, Takeover] = {}
    waiting = sorted(loser for loser in losers if loser in now and loser in survivors)
    while waiting:
        before = dict(decided)
        for loser in waiting:
            decided.pop(loser, None)
            decided[loser] = _decide(loser, now, places, survivors, live)
            _apply(decided[loser], now, places)
        if decided == before:
            break
        waiting = [loser for loser in waiting if decided[loser].double]
    return list(decided.values())


def _apply(takeover: Takeover, now: dict[Record, str], places: dict[tuple[str, str], str]) -> None:
    for record in takeover.moves:
        places.pop((now.pop(record, ""), record[0]), None)
    for record, golden_id in takeover.moves.items():
        if golden_id is not None:
            now[record] = golden_id
            places[golden_id, record[0]] = record[1]


def _decide(
    loser: Record,
    now: Mapping[Record, str],
    places: Mapping[tuple[str, str], str],
    survivors: Mapping[Record, str],
    live: Collection[Record],
) -> Takeover:
    connection, native = loser
    survivor = survivors[loser]
    old, own = now[loser], now.get((connection, survivor))
    if own is None:
        return Takeover(connection, native, survivor, old, None, old)
    others = {c for _, c in places} - {connection}
    theirs = {(c, places[old, c]) for c in others if (old, c) in places}
    ours = {(c, places[own, c]) for c in others if (own, c) in places}
    held, holding = _ends(theirs, survivors, live), _ends(ours, survivors, live)
    double = bool(held and holding and held != holding)
    stronger = any(r in live for r in theirs) and not any(r in live for r in ours)
    keeps_old = bool(held) and not double and (not holding or stronger)
    return Takeover(connection, native, survivor, old, own, old if keeps_old else own, double)


def _ends(records: Iterable[Record], survivors: Mapping[Record, str], live: Collection[Record]) -> set[Record]:
    """The living records that these are, or were merged into."""
    ends = set()
    for record in records:
        if record in live:
            ends.add(record)
        elif record in survivors:
            ends.add((record[0], survivors[record]))
    return ends


def resolved(edges: Mapping[str, str]) -> dict[str, str]:
    """Each alias with the golden id that lives on at the end of its chain; resolving twice is resolving once."""
    found = {}
    for alias in edges:
        at, passed = alias, {alias}
        while at in edges and edges[at] not in passed:
            at = edges[at]
            passed.add(at)
        if at != alias:
            found[alias] = at
    return found
