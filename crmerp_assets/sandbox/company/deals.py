"""Opportunities of every stage with their line items, in the currency of the account's country."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from crmerp_assets.sandbox.company.accounts import account_key
from crmerp_assets.sandbox.company.catalogue import BOTH, CRM_ONLY, Good, entry_key, price
from crmerp_assets.sandbox.company.firms import Firm
from crmerp_assets.sandbox.company.model import Fields, Record
from crmerp_assets.sandbox.company.moments import at_office, past_moment, salesforce_stamps
from crmerp_assets.sandbox.company.places import CURRENCY

WON, LOST = "Closed Won", "Closed Lost"
_OPEN_STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation")
_CENT = Decimal("0.01")


@dataclass(slots=True)
class Deal:
    """A deal as the sellers made it: the opportunity, its lines, and whose it is."""

    firm: Firm
    close_date: date
    opportunity: Record
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
    key = f"opportunity-{number}"
    chosen = list(dict.fromkeys(rng.choices(goods, k=rng.randint(1, 6))))
    lines = [_line(rng, key, position, good, currency) for position, good in enumerate(chosen, 1)]
    for line in lines:
        line.fields |= salesforce_stamps(moment, 30)
    fields: Fields = {
        "Name": f"{firm.core} - {chosen[0].family}"[:120],
        "StageName": stage,
        "CloseDate": close_date.isoformat(),
        "CurrencyIsoCode": currency,
        "Type": rng.choice(("New Business", "Existing Business")),
        "Amount": float(sum(net_amount(line.fields) for line in lines)),
    }
    opportunity = Record(key, fields | salesforce_stamps(moment, 30), {"AccountId": account_key(firm)})
    return Deal(firm, close_date, opportunity, lines)


def _line(rng: Random, opportunity: str, position: int, good: Good, currency: str) -> Record:
    fields: Fields = {
        "Quantity": rng.choice((1, 1, 2, 3, 5, 10, 12, 24)),
        "UnitPrice": float(price(good, currency)),
        "SortOrder": position,
    }
    if rng.random() < 0.12:
        fields["Discount"] = rng.choice((5, 10, 20))
    refs = {"OpportunityId": opportunity, "PricebookEntryId": entry_key(good.sku, currency)}
    return Record(f"{opportunity}-{position}", fields, refs)


def net_amount(line: Fields) -> Decimal:
    """What a line comes to after its discount, to the cent."""
    factor = 1 - Decimal(line.get("Discount", 0)) / 100
    amount = Decimal(str(line["UnitPrice"])) * int(line["Quantity"]) * factor
    return amount.quantize(_CENT, ROUND_HALF_UP)
