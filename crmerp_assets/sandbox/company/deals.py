"""Deals of every stage with their line items, in the currency of the account's country."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from crmerp_assets.sandbox.company.accounts import account_key
from crmerp_assets.sandbox.company.catalogue import BOTH, CRM_ONLY, Good, price, price_key
from crmerp_assets.sandbox.company.firms import Firm
from crmerp_assets.sandbox.company.model import Fields, Record
from crmerp_assets.sandbox.company.moments import at_office, past_moment
from crmerp_assets.sandbox.company.places import CURRENCY

WON, LOST = "won", "lost"
_OPEN_STAGES = ("prospecting", "qualification", "proposal", "negotiation")
_STAMP_AGE = 30
_CENT = Decimal("0.01")


@dataclass(slots=True)
class Deal:
    """A deal as the sellers made it: its header, its lines, and whose it is."""

    firm: Firm
    close_date: date
    header: Record
    lines: list[Record]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many deals there are in all, and how many of them are won and lost."""

    total: int
    won: int
    lost: int


def deals(rng: Random, today: date, known: Sequence[Firm], prospects: Sequence[Firm], counts: Counts) -> list[Deal]:
    """Won deals are mostly of firms the ERP knows; the first of them sell only what the ERP sells too."""
    made = []
    for number in range(counts.total):
        stage = WON if number < counts.won else LOST if number < counts.won + counts.lost else rng.choice(_OPEN_STAGES)
        whose = known if known and (not prospects or rng.random() < 0.8) else prospects
        goods = BOTH if stage == WON else (*BOTH, *BOTH, *CRM_ONLY)
        made.append(_deal(rng, today, number, rng.choice(whose), stage, goods))
    return made


def _deal(rng: Random, today: date, number: int, firm: Firm, stage: str, goods: Sequence[Good]) -> Deal:
    closed = stage in (WON, LOST)
    close_date = today + timedelta(days=-rng.randint(22, rng.choice((75, 400))) if closed else rng.randint(5, 120))
    moment = at_office(rng, close_date) if closed else past_moment(rng, today, oldest=90)
    currency = CURRENCY[firm.country]
    key = f"deal-{number}"
    chosen = list(dict.fromkeys(rng.choices(goods, k=rng.randint(1, 6))))
    lines = [_line(rng, key, position, good, currency, moment) for position, good in enumerate(chosen, 1)]
    fields: Fields = {
        "name": f"{firm.core} - {chosen[0].family}"[:120],
        "stage": stage,
        "closes": close_date,
        "currency": currency,
        "kind": rng.choice(("New Business", "Existing Business")),
        "amount": sum(net_amount(line.fields) for line in lines),
    }
    header = Record(key, fields, moment, {"account": account_key(firm)}, _STAMP_AGE)
    return Deal(firm, close_date, header, lines)


def _line(rng: Random, deal: str, position: int, good: Good, currency: str, moment: datetime) -> Record:
    fields: Fields = {
        "sku": good.sku,
        "quantity": rng.choice((1, 1, 2, 3, 5, 10, 12, 24)),
        "price": price(good, currency),
        "position": position,
    }
    if rng.random() < 0.12:
        fields["discount"] = rng.choice((5, 10, 20))
    refs = {"deal": deal, "product": good.sku, "price": price_key(good.sku, currency)}
    return Record(f"{deal}-{position}", fields, moment, refs, _STAMP_AGE)


def net_amount(line: Fields) -> Decimal:
    """What a line comes to after its discount, to the cent."""
    factor = 1 - Decimal(line.get("discount", 0)) / 100
    amount: Decimal = line["price"] * line["quantity"] * factor
    return amount.quantize(_CENT, ROUND_HALF_UP)
