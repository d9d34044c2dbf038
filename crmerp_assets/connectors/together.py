"""Calls that wait for a system, made at the same time.

Each runs in the context of who asked for it, or the budget would not know which kind of work its calls are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def together(work: Callable[[T], R], items: Iterable[T], lanes: int) -> Iterator[R]:
    """The results of `work` in the order of `items`, with at most `lanes` under way and as many more done ahead.

    An error comes where its item's turn is; what was not begun then is not done, and what was begun is waited for. So
    does a caller that takes no more results.
    """
    if lanes == 1:
        yield from map(work, items)
        return
    waiting = iter(items)
    with ThreadPoolExecutor(lanes, thread_name_prefix="lane") as pool:
        ahead = deque(pool.submit(copy_context().run, work, item) for item in islice(waiting, 2 * lanes))
        try:
            while ahead:
                result = ahead.popleft().result()
                ahead.extend(pool.submit(copy_context().run, work, item) for item in islice(waiting, 1))
                yield result
        finally:
            _cancel(ahead)


def _cancel(ahead: Iterable[Future[R]]) -> None:
    for one in ahead:
        one.cancel()
