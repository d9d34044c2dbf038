"""Finding the records that are the same thing: by keys that they hold, and by scored likeness."""

from crmerp_assets.matching.contacts import CONTACTS
from crmerp_assets.matching.customers import CUSTOMERS
from crmerp_assets.matching.deterministic import COMPARED, RULES, Matches, link
from crmerp_assets.matching.products import PRODUCTS
from crmerp_assets.matching.spec import Spec

SPECS: dict[str, Spec] = {spec.entity: spec for spec in (CUSTOMERS, CONTACTS, PRODUCTS)}
"""How records are matched, by entity; orders are matched by keys alone."""

__all__ = ["COMPARED", "RULES", "SPECS", "Matches", "Spec", "link"]
