"""The demo's business day: what people did, what the platform should have made of it, and what it did make."""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, Self

import polars as pl

from crmerp_assets.cli.output import say, table
from crmerp_assets.cli.showing import platform, show_conflicts
from crmerp_assets.cli.stage import Stage
from crmerp_assets.ledger import Transaction
from crmerp_assets.sandbox.company.afternoon import afternoon
from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.day import Event
from crmerp_assets.sandbox.company.morning import morning
from crmerp_assets.sandbox.company.roles import Accountant, Seller
from crmerp_assets.settings import Settings
from crmerp_assets.sync.review import resolved_conflicts

UNKNOWN = "unknown_product_deal_won"
MEDIAN_LIMIT_SECONDS = 10
INVOICE_STATUS = {
    "invoice_paid": "Paid",
    "invoice_part_paid": "Partially Paid",
    "invoice_credited": "Credited",
    "invoice_overdue": "Overdue",
    "invoices_issued": "Open",
}


class Day:
    """A day on a stage. `morning_missing` and `afternoon_missing` say what has not arrived yet."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        state = stage.settings.state.resolve()
        self._settings = Settings(state=state, config=state / "config", env_file=state / "sandbox.env")
        place = stage.place
        self._seller: Seller = place.crm.worker(place.crm_url)
        self._accountant: Accountant = place.erp.worker(place.erp_url)
        self._today = date.today()  # noqa: DTZ011, TID251
        self._morning: list[Event] = []
        self._afternoon: list[Event] = []
        self._calls: list[tuple[str, str, int]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._seller.close()
        self._accountant.close()

    @property
    def an_order(self) -> str:
        """The number of one of the day's orders, to look at."""
        made = {order for _, order, _ in self._orders() if order}
        return next((order.number for order in self._accountant.orders() if order.id in made), "ORDER")

    def sensors_tick(self) -> bool:
        """Whether the daemon's sensors have begun to ask both systems."""
        return all(self._integration_calls(url) > 0 for url in self._stage.urls.values())

    def _integration_calls(self, url: str) -> int:
        with Administration(url) as admin:
            return admin.calls().get("integration", 0)

    def count_calls(self, part: str) -> None:
        """Note the API calls that the integration made, as the sandboxes counted them, and count anew."""
        for system, url in self._stage.urls.items():
            with Administration(url) as admin:
                self._calls.append((part, system, admin.calls().get("integration", 0)))
                admin.reset_calls()

    def morning(self) -> None:
        """Let the morning happen."""
        self._morning = self._told(morning(self._seller, self._accountant, self._today))

    def afternoon(self) -> None:
        """Let the afternoon happen, to the orders of the morning."""
        orders = {deal: erp_id for deal, erp_id, _ in self._orders() if erp_id}
        self._afternoon = self._told(afternoon(self._seller, self._accountant, self._today, orders))

    def morning_missing(self) -> list[str]:
        """What the morning's events should have led to and have not yet."""
        waiting = [f"order for {deal}" for deal, erp_id, _ in self._orders() if erp_id is None]
        return waiting + list(self._unmet())

    def afternoon_missing(self) -> list[str]:
        """Deals that do not show their invoice yet."""
        wanted = {str(event.crm_id): INVOICE_STATUS[event.kind] for event in self._afternoon}
        shown = self._seller.invoice_statuses(wanted)
        return [
            f"{deal} shows {shown.get(deal)}, not {status}"
            for deal, status in wanted.items()
            if shown.get(deal) != status
        ]

    def show(self) -> list[str]:
        """Print the outcome; returns what is not as it should be."""
        seconds = [(what, (at - won).total_seconds()) for what, won, at in self._delays()]
        frame = pl.DataFrame(seconds, schema={"won deal": pl.String, "seconds to its order": pl.Float64}, orient="row")
        table("From won deal to sales order", frame.with_columns(pl.col("seconds to its order").round(1)))
        median = float(frame["seconds to its order"].median() or 0)  # type: ignore[arg-type]
        say(f"Median: {median:.1f} s")
        schema = {"part": pl.String, "system": pl.String, "API calls": pl.Int64}
        calls = pl.DataFrame(self._calls, schema=schema, orient="row")
        table("API calls of the integration, counted by the systems", calls)
        show_conflicts(self._settings)
        slow = f"won deals took {median:.1f} s at the median, more than {MEDIAN_LIMIT_SECONDS} s"
        return self.problems() + ([slow] if median > MEDIAN_LIMIT_SECONDS else [])

    def problems(self) -> list[str]:
        """What is not as it should be after the day's last sync, however long it took."""
        return [*self.morning_missing(), *self.afternoon_missing(), *self._wrong()]

    def _told(self, events: list[Event]) -> list[Event]:
        for event in events:
            say(f"   {event.at:%H:%M:%S}  {event.what}")
        return events

    def _won(self) -> list[Event]:
        return [event for event in self._morning if event.won]

    def _orders(self) -> Iterator[tuple[str, str | None, datetime | None]]:
        """(deal, native id of its order, when it was applied) for every won deal with a known product."""
        with platform(self._settings) as used, used.ledger.read() as tx:
            for event in self._won():
                if event.kind == UNKNOWN:
                    continue
                yield str(event.crm_id), *_created(tx, used.side("crm").name, str(event.crm_id))

    def _delays(self) -> Iterator[tuple[str, datetime, datetime]]:
        won = {event.crm_id: event for event in self._won()}
        for deal, _, at in self._orders():
            if at is not None:
                yield won[deal].what, won[deal].at, at

    def _unmet(self) -> Iterator[str]:
        """Changed master data that has not reached the other side."""
        for event in self._morning:
            match event.kind:
                case "address_changed_in_erp":
                    yield from _unlike("street", event.detail["account"], self._seller.street, event.detail["street"])
                case "phone_changed_in_crm":
                    yield from _unlike("phone", event.detail["customer"], self._accountant.phone, event.detail["phone"])
                case "phone_changed_in_both" if event.erp_id:
                    yield from _unlike("phone", event.detail["account"], self._seller.phone, event.detail["phone"])

    def _wrong(self) -> Iterator[str]:
        """What the summary must not show."""
        with platform(self._settings) as used:
            if "phone" not in resolved_conflicts(used)["field"].to_list():
                yield "the phone that both sides changed was not noticed as a conflict"
        report = json.loads((self._settings.reports / "reconciliation.json").read_text(encoding="utf-8"))
        if not report["explained"]:
            yield "the reconciliation has money that is not explained"
        gates = [gap["gate"] for gap in report["gaps"]]
        expected = self._stage.pair.crm.text_deals
        if gates != [expected]:
            yield f"the reconciliation should show the deal in mere words alone, as {expected}, but shows {gates}"
        with platform(self._settings) as used, used.ledger.read() as tx:
            stuck: list[dict[str, Any]] = tx.intents.open(states=["rejected", "unknown", "sent", "claimed"]).to_dicts()
        for intent in stuck:
            what = f"{intent['entity']} {intent['golden_id']} in {intent['connection']}"
            yield f"{what} is {intent['state']}: {intent['error']}"


def _created(tx: Transaction, crm: str, deal: str) -> tuple[str | None, datetime | None]:
    """The native id of a deal's order and when it was applied, as far as it has come."""
    links = tx.links.by_native("order", crm, [deal])
    if links.is_empty():
        return None, None
    intents = tx.intents.of("order", links["golden_id"][0])
    done = intents.filter((pl.col("operation") == "create") & pl.col("applied_at").is_not_null()).to_dicts()
    return (done[0]["native_id"], done[0]["applied_at"]) if done else (None, None)


def _unlike(what: str, record: str, shown: Callable[[str], str], wanted: str) -> Iterator[str]:
    if _bare(wanted) not in _bare(shown(record)):
        yield f"the {what} of {record} is not yet the one of the other side"


def _bare(text: str) -> str:
    """Letters and digits alone: both systems format in their own way."""
    return "".join(character for character in text.lower() if character.isalnum())
