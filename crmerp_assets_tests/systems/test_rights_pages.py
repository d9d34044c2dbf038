"""The tables of least privilege in the documentation are those of the packaged mapping."""

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
from crmerp_assets.merge.policy import Policy
from crmerp_assets.sync.rights import by_object, needed
from crmerp_assets.sync.rights_page import between_markers, rights_page

DOCS = Path(__file__).parents[2] / "docs"
Asked = Callable[[Mapping[str, Needs]], list[Right]]
PAGES: dict[str, tuple[str, Role, Asked]] = {
    "hubspot": ("systems/hubspot.md", "crm", hubspot.asked),
    "netsuite": ("quickstart.md", "erp", netsuite.asked),
    "odoo_crm": ("systems/odoo.md", "crm", odoo.asked),
    "odoo": ("systems/odoo.md", "erp", odoo.asked),
    "salesforce": ("quickstart.md", "crm", lambda needs: salesforce.asked(needs, "Crmerp_Integration")),
    "tryton": ("systems/tryton.md", "erp", tryton.asked),
}


def page_of(system: str) -> str:
    _, role, asked = PAGES[system]
    fields = needed(load_matrix(), load_governance(), Policy(), system, role)
    return rights_page(asked(by_object(fields)), fields)


@pytest.mark.parametrize("system", sorted(PAGES))
def test_a_page_shows_the_rights_that_its_system_is_asked_for(system: str) -> None:
    shown = (DOCS / PAGES[system][0]).read_text(encoding="utf-8")
    assert between_markers(shown, system) == page_of(system), page_of(system)


@pytest.mark.parametrize("system", sorted(PAGES))
def test_every_right_says_what_it_is_for_and_where_it_is_granted(system: str) -> None:
    _, role, asked = PAGES[system]
    fields = needed(load_matrix(), load_governance(), Policy(), system, role)
    found = asked(by_object(fields))
    assert all(right.where and (right.why or right.object) for right in found)
    assert len({right.name for right in found}) == len(found)
