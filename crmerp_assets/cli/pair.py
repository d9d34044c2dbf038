"""Which CRM and which ERP of the sandbox are meant: by name, or as the configuration says."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

import typer

from crmerp_assets.sandbox.company.roles import Accountant, Seller
from crmerp_assets.sandbox.company.seed import Place
from crmerp_assets.sandbox.company.systems import System, UnknownSystem, crm, erp
from crmerp_assets.settings import Settings, roles

CRM, ERP = "salesforce", "netsuite"
CrmOption = Annotated[str, typer.Option("--crm", help="The CRM: salesforce, hubspot or odoo_crm.")]
ErpOption = Annotated[str, typer.Option("--erp", help="The ERP: netsuite, odoo or tryton.")]

AnySystem: TypeAlias = System[Seller] | System[Accountant]


@dataclass(frozen=True, slots=True)
class Pair:
    """A CRM and an ERP of the sandbox."""

    crm: System[Seller]
    erp: System[Accountant]

    @property
    def names(self) -> tuple[str, str]:
        """What connections.yaml calls them."""
        return self.crm.name, self.erp.name

    @property
    def title(self) -> str:
        """Both as their vendors call them."""
        return f"{self.crm.title} and {self.erp.title}"

    @property
    def servers(self) -> dict[str, int]:
        """System -> the usual port of its server; two systems of one program are two servers."""
        return {system.name: system.port for system in (self.erp, self.crm)}

    def folder(self, what: str) -> str:
        """The working state of a demo or dev stage; every pair has its own."""
        usual = self.names == (CRM, ERP)
        return f".crmerp/{what}" if usual else f".crmerp/{what}-{self.crm.name}-{self.erp.name}"

    def place(self, urls: dict[str, str]) -> Place:
        """The pair at these addresses, which are by system."""
        return Place(self.crm, urls[self.crm.name], self.erp, urls[self.erp.name])


def chosen(crm_name: str = CRM, erp_name: str = ERP) -> Pair:
    """The pair of these names. Raises typer.BadParameter saying which there are."""
    try:
        return Pair(crm(crm_name), erp(erp_name))
    except UnknownSystem as unknown:
        raise typer.BadParameter(str(unknown)) from unknown


def configured(settings: Settings) -> Pair:
    """The pair that connections.yaml leads to. Raises typer.BadParameter where the sandbox has no such system."""
    found = {role: system for system, role in roles(settings.config).items()}
    return chosen(found.get("crm", CRM), found.get("erp", ERP))
