"""Calls at the same time: in order, in the asker's context, and nothing begun after an error.

Protection removed once, and the test that failed: `copy_context` (the second); cancelling what waits (the third).
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from threading import Barrier, Event, Timer

import pytest

from crmerp_assets.connectors.together import together

KIND = ContextVar("kind", default="none")


def test_results_come_in_the_order_of_the_items_and_lanes_run_at_the_same_time() -> None:
    everybody = Barrier(3, timeout=10)

    def work(item: int) -> int:
        everybody.wait()
        time.sleep((3 - item) * 0.01)
        return item

    assert list(together(work, range(3), 3)) == [0, 1, 2]


@pytest.mark.parametrize("lanes", [1, 4])
def test_a_lane_works_in_the_context_of_who_asked(lanes: int) -> None:
    token = KIND.set("orders")
    seen = list(together(lambda _item: KIND.get(), range(10), lanes))
    KIND.reset(token)
    assert seen == ["orders"] * 10


@pytest.mark.parametrize("lanes", [1, 2])
def test_an_error_comes_at_its_turn_and_what_was_not_begun_is_not_done(lanes: int) -> None:
    begun: list[int] = []
    given: list[int] = []
    later = Event()

    def work(item: int) -> int:
        begun.append(item)
        if item == 2:
            Timer(0.3, later.set).start()
            raise ValueError(item)
        if item > 2:
            later.wait(10)
        return item

    with pytest.raises(ValueError, match="2"):
        given.extend(together(work, range(50), lanes))
    assert given == [0, 1]
    assert len(begun) <= 3 + lanes
