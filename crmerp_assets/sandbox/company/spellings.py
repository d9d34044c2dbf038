"""How different people type the same name, phone, website or state."""

from collections.abc import Callable
from random import Random

from crmerp_assets.sandbox.company.firms import Firm
from crmerp_assets.sandbox.company.places import COUNTRY_NAMES, DIAL

Spell = Callable[[str], str]

_NORTH_AMERICAN: tuple[Spell, ...] = (
    lambda n: f"({n[:3]}) {n[3:6]}-{n[6:]}",
    lambda n: f"{n[:3]}-{n[3:6]}-{n[6:]}",
    lambda n: f"{n[:3]}.{n[3:6]}.{n[6:]}",
    lambda n: f"+1 {n[:3]} {n[3:6]} {n[6:]}",
    lambda n: f"1-{n[:3]}-{n[3:6]}-{n[6:]}",
)


def phone(firm: Firm, rng: Random) -> str:
    """The firm's number, national or international."""
    number = firm.phone
    if DIAL[firm.country] == "1":
        return rng.choice(_NORTH_AMERICAN)(number)
    dial = DIAL[firm.country]
    return rng.choice((f"+{dial} {number[:2]} {number[2:]}", f"0{number}", f"00{dial} {number}", f"+{dial}{number}"))


def website(firm: Firm, rng: Random) -> str:
    """The firm's home page, with and without scheme, www and slash."""
    domain = firm.domain
    return rng.choice((f"https://www.{domain}", f"www.{domain}", f"http://{domain}/", domain, f"https://{domain}"))


def crm_name(firm: Firm, rng: Random) -> str:
    """As a seller types it: mostly right, the legal form often left out."""
    roll = rng.random()
    if roll < 0.25:
        return firm.core
    return f"{firm.core}, {firm.form}" if roll < 0.3 else firm.name


def erp_name(firm: Firm, rng: Random) -> str:
    """As the books have it: the same core name; case, punctuation and legal form differ."""
    form = rng.choice(firm.forms)
    return rng.choice(
        (
            f"{firm.core} {form}",
            f"{firm.core} {form}".upper(),
            f"{firm.core}, {form}",
            firm.name.upper(),
            f"{firm.core}  {firm.form}",
        )
    )


def loose_name(firm: Firm, rng: Random) -> str:
    """A name too free to link by: an article, a place or an ampersand comes in; only the tax number tells."""
    form = rng.choice(firm.forms)
    first, _, rest = firm.core.partition(" ")
    return rng.choice(
        (
            f"The {firm.core} {form}",
            f"{firm.core} {form} ({firm.place.city})",
            f"{first} & Co. {rest} {form}",
            f"THE {firm.core.upper()} COMPANY",
        )
    )


def state(firm: Firm, rng: Random) -> str | None:
    """The state as one of the ways it is written there, if the country's addresses have one."""
    states = firm.place.states
    return rng.choice(states) if states else None


def country(firm: Firm, rng: Random) -> str:
    """The country's name or a code people use for it."""
    return rng.choice(COUNTRY_NAMES[firm.country])
