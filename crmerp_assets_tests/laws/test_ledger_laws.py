"""What must hold for the ledger whatever happens to it, in whatever order."""

import json
from collections import Counter

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from crmerp_assets.ledger import TRANSITIONS, IllegalTransition
from crmerp_assets.ledger.transitions import IN_FLIGHT, OPEN
from crmerp_assets_tests.ledger.plans import Clock, intent, plan
from crmerp_assets_tests.ledger.stores import Store

LAWS = settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
GOLDEN = st.sampled_from(["g1", "g2", "g3"])


class Outbox(RuleBasedStateMachine):
    """Planners, pushers, settlers and people act in any order."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.clock = Clock()
        self._opened = store.fresh(self.clock)
        self.ledger = self._opened.__enter__()
        self.states: dict[str, str] = {}
        self.applied: dict[str, str] = {}

    def teardown(self) -> None:
        self._opened.__exit__(None, None, None)

    @rule(
        considered=st.sets(GOLDEN),
        rows=st.dictionaries(GOLDEN, st.tuples(st.sampled_from("12"), st.sampled_from([None, "gate"])), max_size=3),
    )
    def plan_again(self, considered: set[str], rows: dict[str, tuple[str, str | None]]) -> None:
        frame = plan(*(intent(golden_id, after, gate=gate) for golden_id, (after, gate) in rows.items()))
        with self.ledger.begin() as tx:
            before = tx.intents.open(states=list(IN_FLIGHT)).drop("replan")
            done = tx.intents.replace("erp", "customer", considered, frame)
            assert tx.intents.open(states=list(IN_FLIGHT)).drop("replan").equals(before)
        assert set(done.in_flight) == set(before["golden_id"]) & set(rows)

    @rule(worker=st.sampled_from(["a", "b"]), limit=st.integers(1, 3))
    def claim(self, worker: str, limit: int) -> None:
        with self.ledger.begin() as tx:
            claimed = tx.intents.claim("erp", "customer", worker, limit, 60)
        assert all(self.states[i] in ("planned", "approved") for i in claimed["id"])

    @rule(worker=st.sampled_from(["a", "b"]))
    def send(self, worker: str) -> None:
        with self.ledger.begin() as tx:
            held = tx.intents.open(states=["claimed"]).filter(pl.col("claimed_by") == worker)["id"].to_list()
            tx.intents.mark_sent(held, worker=worker)

    @rule(outcome=st.sampled_from(["applied", "settled", "rejected", "unknown", "superseded", "retry"]), data=st.data())
    def record(self, outcome: str, data: st.DataObject) -> None:
        if not self.states:
            return
        one = data.draw(st.sampled_from(sorted(self.states)))
        state = self.states[one]
        legal = state in IN_FLIGHT and (outcome == "retry" or outcome in TRANSITIONS[state])
        try:
            with self.ledger.begin() as tx:
                tx.intents.record([{"id": one, "outcome": outcome, "native_id": f"n-{one}"}])
        except IllegalTransition:
            assert not legal
        else:
            assert legal
            if outcome in ("applied", "settled"):
                self.applied[one] = outcome

    @rule(seconds=st.sampled_from([1, 61, 700]))
    def settle(self, seconds: int) -> None:
        self.clock.forward(seconds)
        with self.ledger.begin() as tx:
            orphans = tx.intents.orphans(self.clock())
            tx.intents.release(orphans["id"])
            lost = orphans.filter(pl.col("state") != "claimed")["id"]
            tx.intents.record([{"id": i, "outcome": "retry"} for i in lost])

    @rule(act=st.sampled_from(["approve", "cancel", "hold", "retry"]), golden_id=GOLDEN)
    def decide(self, act: str, golden_id: str) -> None:
        with self.ledger.begin() as tx:
            ids = tx.intents.open().filter(pl.col("golden_id") == golden_id)["id"].to_list()
        acts = {
            "approve": lambda tx: tx.intents.approve(ids, "ann"),
            "cancel": lambda tx: tx.intents.cancel(ids, "ann", "no"),
            "hold": lambda tx: tx.intents.hold(ids, "gate", "stop"),
            "retry": lambda tx: tx.intents.retry(ids),
        }
        in_flight = any(self.states[i] in IN_FLIGHT for i in ids)
        try:
            with self.ledger.begin() as tx:
                acts[act](tx)
        except IllegalTransition:
            assert ids
        else:
            assert not in_flight

    @invariant()
    def at_most_one_intent_is_open_per_record(self) -> None:
        with self.ledger.read() as tx:
            frames = tx.intents.open(states=list(TRANSITIONS))
        self.states = dict(frames.select("id", "state").iter_rows())
        opened = Counter(frames.filter(pl.col("state").is_in(OPEN))["golden_id"])
        assert max(opened.values(), default=0) <= 1

    @invariant()
    def what_was_applied_stays_applied(self) -> None:
        assert all(self.states[i] == outcome for i, outcome in self.applied.items())

    @invariant()
    def nothing_that_is_claimed_lacks_a_lease_and_nothing_else_of_it_lingers(self) -> None:
        with self.ledger.read() as tx:
            rows = tx.intents.open(states=list(TRANSITIONS))
        held = pl.col("state").is_in(["claimed", "sent"])
        assert rows.filter(held & (pl.col("lease_until").is_null() | pl.col("claimed_by").is_null())).is_empty()
        assert rows.filter(~held & pl.col("claimed_by").is_not_null()).is_empty()


def test_the_outbox_keeps_its_promises_in_any_order(store: Store) -> None:
    run_state_machine_as_test(
        lambda: Outbox(store), settings=settings(LAWS, max_examples=store.examples(10), stateful_step_count=20)
    )


VALUES = st.dictionaries(
    st.sampled_from(["name", "phone", "email"]),
    st.none() | st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"]), max_size=5),
)
PUTS = st.lists(st.lists(st.tuples(GOLDEN, VALUES), max_size=4), max_size=5)


@LAWS
@given(puts=PUTS)
def test_a_snapshot_is_the_last_value_of_each_field(
    store: Store, puts: list[list[tuple[str, dict[str, str | None]]]]
) -> None:
    expected: dict[str, dict[str, str | None]] = {}
    with store.fresh(Clock()) as ledger, ledger.begin() as tx:
        for rows in puts:
            texts = [(golden_id, json.dumps(values)) for golden_id, values in rows]
            tx.snapshots.put(
                "customer", pl.DataFrame(texts, schema={"golden_id": pl.String, "values": pl.String}, orient="row")
            )
            for golden_id, values in rows:
                expected[golden_id] = expected.get(golden_id, {}) | values
        found = {g: json.loads(v) for g, v in tx.snapshots.get("customer", ["g1", "g2", "g3"]).iter_rows()}
    assert found == expected


LINKS = st.lists(
    st.one_of(
        st.lists(st.tuples(st.sampled_from("abcd"), GOLDEN), min_size=1, max_size=4),
        st.sampled_from("abcd"),
    ),
    max_size=8,
)


@LAWS
@given(acts=LINKS)
def test_a_mirror_that_copies_changes_equals_the_links(store: Store, acts: list[list[tuple[str, str]] | str]) -> None:
    mirror: dict[str, dict[str, object]] = {}
    seen, changes = 0, 0
    with store.fresh(Clock()) as ledger, ledger.begin() as tx:
        for act in acts:
            if isinstance(act, str):
                changes += tx.links.remove("customer", "crm", act, "apart", "ann")
            else:
                done = tx.links.add([_link(native_id, golden_id) for native_id, golden_id in act], by="test")
                changes += done.added + done.moved
            fresh = tx.links.all("customer", since_version=seen)
            mirror |= {row["native_id"]: row for row in fresh.to_dicts()}
            assert fresh["version"].to_list() == sorted(set(fresh["version"]))
            assert fresh.is_empty() or fresh["version"][0] > seen
            seen = max([seen, *fresh["version"]])
        full = {row["native_id"]: row for row in tx.links.all("customer").to_dicts()}
        held = [row["golden_id"] for row in full.values() if row["golden_id"] is not None]
        past = pl.concat([tx.links.history("customer", native_id) for native_id in "abcd"])
    assert mirror == full
    assert len(held) == len(set(held))
    assert past.height == changes == past["version"].n_unique()
    latest = past.sort("version").group_by("native_id").agg(pl.col("golden_id").last())
    assert dict(latest.iter_rows()) == {native_id: row["golden_id"] for native_id, row in full.items()}


def _link(native_id: str, golden_id: str) -> dict[str, str]:
    row = {"entity": "customer", "connection": "crm", "native_id": native_id, "golden_id": golden_id}
    return row | {"method": "key", "evidence": "same key"}


@LAWS
@given(puts=st.lists(st.tuples(st.sampled_from(["Gold", " gold ", "GOLD\tX", "gold x"]), GOLDEN), max_size=6))
def test_an_alias_means_what_was_said_last(store: Store, puts: list[tuple[str, str]]) -> None:
    with store.fresh(Clock()) as ledger, ledger.begin() as tx:
        for text, golden_id in puts:
            tx.aliases.put("product", text, golden_id, "ann")
        found = dict(tx.aliases.all("product").select("text", "golden_id").iter_rows())
    assert found == {" ".join(text.lower().split()): golden_id for text, golden_id in puts}
