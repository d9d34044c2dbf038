"""The pages of the systems say what the code has: least privilege of the packaged mapping, and settings.

Changed once, and the test that failed: a right taken from the table of NetSuite (the first); a setting taken from its
page, and a default that is not the code's (the third); the link to it taken from the README (the fourth).
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from crmerp_assets.connectors.hubspot import rights as hubspot
from crmerp_assets.connectors.netsuite import rights as netsuite
from crmerp_assets.connectors.odoo import rights as odoo
from crmerp_assets.connectors.protocol import Needs, Right
from crmerp_assets.connectors.salesforce import rights as salesforce
from crmerp_assets.connectors.tryton import rights as tryton
from crmerp_assets.mapping import load_governance, load_matrix
from crmerp_assets.mapping.needs import Role
from crmerp_assets.merge.policy import Mirror, Policy
from crmerp_assets.sync.rights import by_object, needed
from crmerp_assets.sync.rights_page import between_markers, rights_page
from crmerp_assets.systems import ConnectionConfig, find
from crmerp_assets.systems.kit import BUILT_IN

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SYSTEMS = sorted(point.name for point in BUILT_IN)
EVERY_ONE = frozenset(ConnectionConfig.model_fields)
SETTING = re.compile(r"^\| `(\w+)`[^|]*\|([^|]*)\|[^|]*\|$", re.MULTILINE)
"""A row of a table of settings: the name, the default, what it means."""
Asked = Callable[[Mapping[str, Needs]], list[Right]]
PAGES: dict[str, tuple[str, Role, Asked]] = {
    "hubspot": ("systems/hubspot.md", "crm", hubspot.asked),
    "netsuite": ("systems/netsuite.md", "erp", netsuite.asked),
    "odoo_crm": ("systems/odoo.md", "crm", odoo.asked),
    "odoo": ("systems/odoo.md", "erp", odoo.asked),
    "salesforce": ("systems/salesforce.md", "crm", lambda needs: salesforce.asked(needs, "Crmerp_Integration")),
    "tryton": ("systems/tryton.md", "erp", tryton.asked),
}
ALL = Policy(mirror=Mirror(orders=True, invoices=True))
"""The policy that asks for every object that a system can have."""


def page_of(system: str) -> str:
    _, role, asked = PAGES[system]
    fields = needed(load_matrix(), load_governance(), ALL, system, role)
    return rights_page(asked(by_object(fields)), fields)


@pytest.mark.parametrize("system", sorted(PAGES))
def test_a_page_shows_the_rights_that_its_system_is_asked_for(system: str) -> None:
    shown = (DOCS / PAGES[system][0]).read_text(encoding="utf-8")
    assert between_markers(shown, system) == page_of(system), page_of(system)


@pytest.mark.parametrize("system", sorted(PAGES))
def test_every_right_says_what_it_is_for_and_where_it_is_granted(system: str) -> None:
    _, role, asked = PAGES[system]
    fields = needed(load_matrix(), load_governance(), ALL, system, role)
    found = asked(by_object(fields))
    assert all(right.where and (right.why or right.object) for right in found)
    assert len({right.name for right in found}) == len(found)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_page_names_every_setting_of_its_connection_with_its_default(system: str) -> None:
    shown = page(system).read_text(encoding="utf-8")
    own = {name: field for name, field in find(system).settings.model_fields.items() if name not in EVERY_ONE}
    assert {name for name in own if not re.search(rf"\b{name}\b", shown)} == set()
    listed = {name: default.strip("` ") for name, default in SETTING.findall(shown)}
    defaults = {name: str(field.default) for name, field in own.items() if name in listed and not field.is_required()}
    assert {name: listed[name] or "None" for name in defaults} == defaults


def test_the_readme_leads_to_the_page_of_every_system() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [system for system in SYSTEMS if f"]({page(system).relative_to(ROOT)})" not in readme] == []


def page(system: str) -> Path:
    """Odoo in its two roles has one page."""
    return DOCS / "systems" / f"{system.removesuffix('_crm')}.md"
