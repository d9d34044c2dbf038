"""What a new Odoo database holds, by name, and records put into it: the same for Odoo as the CRM and as the ERP."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.erp.odoo_person import Odoo
from crmerp_assets.sandbox.company.model import Fields, Record
from crmerp_assets.sandbox.company.systems import Ids

STAMP = "%Y-%m-%d %H:%M:%S"
_UNITS = {"Each": "Units", "Hour": "Hours", "Day": "Days"}


@dataclass(frozen=True, slots=True)
class Lists:
    """Names of what a new database holds, and of the units that the company sells in -> ids."""

    countries: Mapping[str, int]
    states: Mapping[tuple[int, str], int]
    currencies: Mapping[str, int]
    pricelists: Mapping[str, int]
    terms: Mapping[str, int]
    units: Mapping[str, int]

    def unit(self, name: str) -> int:
        """The unit that the company calls so."""
        return self.units[_unit(name)]

    def pricelist(self, currency: str) -> int:
        """The pricelist in a currency."""
        return self.pricelists[f"Default {currency}"]

    def address(self, country: str, state: str | None, **values: Any) -> dict[str, Any]:
        """A partner's address in a country, by its ISO code; a state that is not in the list is left out."""
        id_ = self.countries[country]
        return values | {"country_id": id_, "state_id": self.states.get((id_, state or ""))}


def lists(admin: Administration, person: Odoo, units: Iterable[str]) -> Lists:
    """The lists of a database; the units that it lacks are made."""
    missing = {_unit(unit) for unit in units} - person.named("uom.uom").keys()
    admin.seed("uom.uom", [{"name": name} for name in sorted(missing)])
    states = person.rows("res.country.state", [], "country_id", "code", "name")
    return Lists(
        countries=person.named("res.country", "code"),
        states={(row["country_id"][0], row[by]): row["id"] for row in states for by in ("code", "name")},
        currencies=person.named("res.currency"),
        pricelists=person.named("product.pricelist"),
        terms=person.named("account.payment.term"),
        units=person.named("uom.uom"),
    )


def put(
    admin: Administration,
    model: str,
    records: Sequence[Record],
    words: Callable[[Fields], dict[str, Any]],
    ids: Ids,
    **references: str,
) -> None:
    """Seed records as they were touched; `references` say which field is for what they refer to."""
    rows = [
        words(record.fields)
        | {"create_date": record.made.strftime(STAMP), "write_date": record.changed.strftime(STAMP)}
        | {references[name]: int(ids[key]) for name, key in record.refs.items() if name in references}
        for record in records
    ]
    ids.update(zip((record.key for record in records), admin.seed(model, rows), strict=True))


def _unit(name: str) -> str:
    return _UNITS.get(name, name)
