"""What must hold for links however records are merged: in either system, in any order, learned of at any time.

Each protection was taken out once to see its law fail: chains not followed, a place not vacated, aliases resolved by
one step (partition); the loser's partner not looked at, doubles not noticed, doubles looked at once (each place has one
record); `before` without the loser (undoing).
"""

from collections.abc import Mapping
from itertools import combinations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from crmerp_assets.matching.survivors import Record, Takeover, heirs, resolved, take_over

COUNT = 5
IDS = [str(n) for n in range(COUNT)]
LAWS = settings(deadline=None, max_examples=150)
PAIR = st.tuples(st.sampled_from(IDS), st.sampled_from(IDS))
PARTNERS = st.sets(st.sampled_from(IDS))


class Book:
    """Links and merges as sync/survivors.py keeps them, in memory."""

    def __init__(self, partners: set[str]) -> None:
        self.links: dict[Record, str] = {("crm", n): f"g{n}" for n in IDS}
        self.links |= {("erp", n): f"g{n}" for n in partners}
        self.merged: dict[Record, str] = {}
        self.done: dict[Record, Takeover] = {}

    @property
    def live(self) -> set[Record]:
        known = {("crm", n) for n in IDS} | {record for record in self.links if record[0] == "erp"}
        return known - set(self.merged)

    def learn(self, merges: Mapping[Record, str]) -> list[Takeover]:
        self.merged |= merges
        losers = [r for r in self.merged if r in self.links and (self.open(r) or self.partnered(r))]
        decided = take_over(self.links, losers, heirs(self.merged, self.live), self.live)
        fresh = [t for t in decided if self.done.get((t.connection, t.loser)) != t]
        for one in fresh:
            self.move(one.moves)
            self.done[one.connection, one.loser] = one
        return fresh

    def open(self, record: Record) -> bool:
        return record not in self.done or self.done[record].double

    def partnered(self, record: Record) -> bool:
        golden_id = self.links[record]
        return any(g == golden_id and r[0] != record[0] and r in self.live for r, g in self.links.items())

    def move(self, moves: Mapping[Record, str | None]) -> None:
        for record, golden_id in moves.items():
            self.links.pop(record, None)
            if golden_id is not None:
                self.links[record] = golden_id

    def aliases(self) -> dict[str, str]:
        edges = {
            next(iter(t.golden_ids - {t.golden_id})): t.golden_id for t in self.done.values() if len(t.golden_ids) == 2
        }
        return resolved(edges)

    def lives(self, golden_id: str) -> str:
        return self.aliases().get(golden_id, golden_id)


def forest(pairs: list[tuple[str, str]], connection: str, existing: set[str]) -> dict[Record, str]:
    """The pairs that can be merged one after the other: both still exist and differ."""
    merged: dict[Record, str] = {}
    for loser, survivor in pairs:
        alive = existing - {native for _, native in merged}
        if loser != survivor and loser in alive and survivor in alive:
            merged[connection, loser] = survivor
    return merged


@LAWS
@given(PARTNERS, st.lists(PAIR, max_size=6), st.randoms())
def test_chains_of_merges_give_the_same_partition_in_whatever_order_they_are_learned_of(partners, pairs, moments):
    merged = forest(pairs, "crm", set(IDS))
    at_once, one_by_one = Book(partners), Book(partners)
    at_once.learn(merged)
    order = list(merged.items())
    moments.shuffle(order)
    for record, into in order:
        one_by_one.learn({record: into})
    root = heirs(merged, {("crm", n) for n in IDS} - set(merged))
    for a, b in combinations(IDS, 2):
        together = root.get(("crm", a), a) == root.get(("crm", b), b)
        for book in (at_once, one_by_one):
            assert (book.lives(f"g{a}") == book.lives(f"g{b}")) == together


@LAWS
@example({"0", "1", "2"}, [("0", "1"), ("2", "1")], [("1", "2")], [False, False, True])
@given(PARTNERS, st.lists(PAIR, max_size=5), st.lists(PAIR, max_size=4), st.lists(st.booleans(), max_size=9))
def test_whatever_is_merged_on_either_side_each_place_has_one_record_and_none_is_lost(partners, crm, erp, together):
    book = Book(partners)
    merges = [*forest(crm, "crm", set(IDS)).items(), *forest(erp, "erp", partners).items()]
    batch: dict[Record, str] = {}
    for (record, into), wait in zip(merges, [*together, *[False] * len(merges)], strict=False):
        batch[record] = into
        if not wait:
            book.learn(batch)
            batch = {}
    book.learn(batch)
    places = [(golden_id, connection) for (connection, _), golden_id in book.links.items()]
    assert len(places) == len(set(places))
    assert book.live <= set(book.links)
    doubles = {g for t in book.done.values() if t.double for g in t.golden_ids}
    for record in book.live:
        assert book.links[record] not in book.aliases() or book.links[record] in doubles, "a living record on an alias"
    assert book.learn({}) == [], "settled is settled"
    aliases = book.aliases()
    assert all(living not in aliases for living in aliases.values()), "resolving twice is resolving once"


@LAWS
@given(PARTNERS, st.lists(PAIR, min_size=1, max_size=6))
def test_undoing_a_merge_restores_the_links_that_it_found(partners, pairs):
    book = Book(partners)
    for record, into in forest(pairs, "crm", set(IDS)).items():
        before = dict(book.links)
        fresh = book.learn({record: into})
        mine = [t for t in fresh if (t.connection, t.loser) == record]
        after = dict(book.links)
        for one in reversed(fresh):
            book.move(one.before)
        assert book.links == before
        book.links = after
        assert mine


@LAWS
@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abcdef")))
def test_aliases_resolve_once_and_for_all_whatever_points_to_what(edges):
    found = resolved(edges)
    assert all(alias != living for alias, living in found.items())
    acyclic = all(living not in edges for living in found.values())
    assert not acyclic or all(found.get(living, living) == living for living in found.values())


def test_a_survivor_without_golden_id_takes_the_losers_place():
    takeovers = take_over({("crm", "L"): "g1"}, [("crm", "L")], {("crm", "L"): "S"}, {("crm", "S")})
    assert [one.moves for one in takeovers] == [{("crm", "S"): "g1", ("crm", "L"): None}]
    assert takeovers[0].before == {("crm", "S"): None, ("crm", "L"): "g1"}
