"""The systems that the sandbox has an adapter for. One more is a module in `crm` or `erp`, and a line here.

`server` is the module under crmerp_assets.sandbox that runs the system; a CRM and an ERP may run the same one, each as
a process of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeAlias, TypeVar

from crmerp_assets.sandbox.company.model import Company
from crmerp_assets.sandbox.company.roles import Accountant, Seller

Ids: TypeAlias = dict[str, str]
"""The company's local keys -> native ids."""
Who = TypeVar("Who", Seller, Accountant)


@dataclass(frozen=True, slots=True)
class Filled:
    """What a system was filled with: native ids, and how many of what is made from others (invoices, payments)."""

    ids: Ids
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class System(Generic[Who]):
    """One CRM or ERP of the sandbox. `name` is the type that connections.yaml gives it.

    `worker(url)` is somebody at work there; `fill(url, company, today)` seeds it; `is_empty(url)` is asked before.
    `text_deals` is why a deal of this CRM waits that only says in words what is sold.
    `policy` are lines of policy.yaml that a pair with this system needs. `notes` are sentences about what the day
    does in another way here, or leaves out. `first_start` says why the first start takes up to `start_seconds`.
    """

    name: str
    title: str
    port: int
    worker: Callable[[str], Who]
    fill: Callable[[str, Company, date], Filled]
    is_empty: Callable[[str], bool]
    server: str
    text_deals: str = "unknown_product"
    policy: str = ""
    notes: tuple[str, ...] = ()
    start_seconds: float = 30.0
    first_start: str = ""


class UnknownSystem(ValueError):
    """No adapter of that name; the text says which there are."""


def crm(name: str) -> System[Seller]:
    """The CRM of that name. Raises UnknownSystem."""
    from crmerp_assets.sandbox.company.crm import ALL

    return _chosen("CRM", name, ALL)


def erp(name: str) -> System[Accountant]:
    """The ERP of that name. Raises UnknownSystem."""
    from crmerp_assets.sandbox.company.erp import ALL

    return _chosen("ERP", name, ALL)


def _chosen(role: str, name: str, there: tuple[System[Who], ...]) -> System[Who]:
    for system in there:
        if system.name == name:
            return system
    raise UnknownSystem(f"There is no {role} '{name}' in the sandbox; there are {', '.join(s.name for s in there)}.")
