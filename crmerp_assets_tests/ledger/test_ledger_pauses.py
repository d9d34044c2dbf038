"""A connection that rests gives no work out, and nobody else's queue is touched.

To see that the tests bite, protections were removed one at a time. What was removed, and what failed:

- `resting` in `Delivery.claim`: `test_a_paused_connection_gives_no_work_out_until_its_time_and_others_go_on`
- the class in `_goes_on`: `test_a_pause_that_fails_again_goes_on_and_counts`
"""

from datetime import timedelta

from crmerp_assets.ledger import Ledger
from crmerp_assets_tests.ledger.plans import Clock, intent, plan

QUARTER = timedelta(minutes=15)


def test_a_paused_connection_gives_no_work_out_until_its_time_and_others_go_on(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1")))
        tx.intents.replace("crm", "customer", [], plan(intent("g1", id="c1", connection="crm")))
        tx.pauses.put("erp", "QuotaSpent", "spent", clock() + timedelta(hours=1), QUARTER)
        assert tx.intents.claim("erp", "customer", "w", 10, 60).is_empty()
        assert tx.intents.claim("crm", "customer", "w", 10, 60).height == 1
        assert tx.pauses.list().select("connection", "error_class", "times").rows() == [("erp", "QuotaSpent", 1)]
        clock.forward(3600)
        assert tx.pauses.list().is_empty()
        assert tx.intents.claim("erp", "customer", "w", 10, 60).height == 1


def test_a_pause_that_fails_again_goes_on_and_counts(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        began = clock()
        for _ in range(3):
            tx.pauses.put("erp", "AuthFailed", "no", clock() + QUARTER, QUARTER)
            clock.forward(16 * 60)
        tx.pauses.put("erp", "AuthFailed", "no", clock() + QUARTER, QUARTER)
        assert tx.pauses.list().select("paused_at", "times").rows() == [(began, 4)]
        tx.pauses.put("erp", "ConfigError", "no field", clock() + QUARTER, QUARTER)
        assert tx.pauses.list().select("paused_at", "times").rows() == [(clock(), 1)]
        clock.forward(3600 * 5)
        tx.pauses.put("erp", "ConfigError", "no field", clock() + QUARTER, QUARTER)
        assert tx.pauses.list()["times"].to_list() == [1]


def test_a_pause_is_lifted_by_its_class_or_whatever_it_is(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        tx.pauses.put("erp", "QuotaSpent", "spent", clock() + QUARTER, QUARTER)
        assert not tx.pauses.lift("erp", ["AuthFailed", "ConfigError"])
        assert tx.pauses.list().height == 1
        assert tx.pauses.lift("erp")
        assert not tx.pauses.lift("erp")
        assert tx.pauses.list().is_empty()


def test_the_newest_preference_of_a_field_counts_and_none_is_lost(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.preferences.put("customer", "phone", "crm", "ann")
        tx.preferences.put("customer", "name", "erp", "ann")
        tx.preferences.put("customer", "phone", "erp", "ben")
        tx.preferences.put("customer", "name", None, "ben")
        assert tx.preferences.current().select("entity", "field", "choice", "by").rows() == [
            ("customer", "phone", "erp", "ben")
        ]
        assert tx.preferences.history().select("field", "choice").rows() == [
            ("phone", "crm"),
            ("name", "erp"),
            ("phone", "erp"),
            ("name", None),
        ]
