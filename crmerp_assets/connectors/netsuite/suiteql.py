"""SuiteQL over HTTP, with every page checked for being whole.

A page can come back cut short, or be the page before once more. Both are noticed from the count, the total and the
order of the keys, and the page is read again; nothing is stored from a page that does not add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import Transient
from crmerp_assets.connectors.http import HttpClient
from crmerp_assets.connectors.netsuite.fields import SYSTEM

PATH = "/services/rest/query/v1/suiteql"
PAGE = 1000
"""The largest page, and the longest IN list. Always used: a small limit with ORDER BY is known to come back empty."""
READS = 3

Raw = dict[str, str | None]
Key = tuple[int | str, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RawPage:
    """`total` counts the rows that match, this page's included."""

    items: list[Raw]
    total: int

    @property
    def last(self) -> bool:
        return self.total <= len(self.items)


class SuiteQL:
    """Runs queries of at most one page; the caller moves on by key, never by offset."""

    def __init__(self, http: HttpClient, name: str) -> None:
        self._http = http
        self._name = name

    def page(
        self,
        query: str,
        params: Sequence[str] = (),
        key: Callable[[Raw], Key] | None = None,
        after: Key | None = None,
        asked: Callable[[Raw], bool] = lambda _row: True,
    ) -> RawPage:
        """One whole page of rows that were `asked` for, with strictly rising keys beyond `after`; Transient where it
        stays broken."""
        for _ in range(READS):
            page = self._read(query, params)
            if page is None or not all(map(asked, page.items)):
                continue
            if key is None or _rising([key(item) for item in page.items], after):
                return page
        message = f"{self._name} keeps sending a page that is short, repeated or broken off; it is read again later."
        raise Transient(message, system=SYSTEM)

    def rows(self, query: str, params: Sequence[str] = ()) -> list[Raw]:
        """All rows of a query that is known to match no more than one page."""
        return self.page(query, params).items

    def _read(self, query: str, params: Sequence[str]) -> RawPage | None:
        """None where the page holds fewer rows than it must, or breaks off."""
        body: dict[str, object] = {"q": query, **({"params": list(params)} if params else {})}
        response = self._http.request(
            "POST",
            PATH,
            params={"limit": str(PAGE), "offset": "0"},
            content=exactjson.dumps(body),
            headers={"Prefer": "transient", "Content-Type": "application/json"},
            idempotent=True,
        )
        try:
            answer = exactjson.loads(response.content)
        except ValueError:
            return None
        items = [_texts(item) for item in answer.get("items", [])]
        total = int(answer.get("totalResults", len(items)))
        promised = {int(answer.get("count", len(items))), min(PAGE, total)}
        more = answer.get("hasMore") is True and total <= len(items)
        return None if promised != {len(items)} or more else RawPage(items, total)


def chunks(values: Sequence[T], size: int = PAGE) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def number_list(ids: Sequence[str]) -> str:
    """Internal ids as the inside of an IN list; what is not a number cannot be an id and is left out."""
    return ", ".join([one for one in ids if is_id(one)] or ["-1"])


def is_id(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit()


def _texts(item: dict[str, object]) -> Raw:
    return {name.lower(): exactjson.scalar(value) for name, value in item.items() if name != "links"}


def _rising(keys: list[Key], after: Key | None) -> bool:
    known = keys if after is None else [after, *keys]
    return all(one < other for one, other in pairwise(known))
