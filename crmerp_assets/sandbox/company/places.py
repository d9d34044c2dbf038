"""Cities, and what addresses and phones there look like.

Phone numbers are from ranges that regulators keep for fiction, so they are valid and nobody answers.
"""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Place:
    """`states`: the ways people write the state (the first is its short code); `phones`: national number prefix."""

    country: str
    city: str
    states: tuple[str, ...]
    postcode: str
    phones: str

    def random_postcode(self, rng: Random) -> str:
        """`#` is any digit, `@` any letter that Canadian and British codes use."""
        return _filled(self.postcode, rng)

    def random_phone(self, rng: Random) -> str:
        """The national significant number, digits only."""
        return _filled(self.phones, rng)


def _filled(pattern: str, rng: Random) -> str:
    if "@" in pattern:
        pattern = "".join(rng.choice("ABEHLNPRSTX") if char == "@" else char for char in pattern)
    wild = pattern.count("#")
    number = str(rng.randrange(10**wild)).zfill(wild)
    parts = pattern.split("#")
    return "".join(part + digit for part, digit in zip(parts, (*number, ""), strict=True))


_US = (
    ("New York", ("NY", "New York", "N.Y."), "100##", "212"),
    ("Los Angeles", ("CA", "California", "Calif."), "900##", "213"),
    ("San Francisco", ("CA", "California", "Calif."), "941##", "415"),
    ("Chicago", ("IL", "Illinois", "Ill."), "606##", "312"),
    ("Houston", ("TX", "Texas", "Tex."), "770##", "713"),
    ("Boston", ("MA", "Massachusetts", "Mass."), "021##", "617"),
    ("Seattle", ("WA", "Washington", "Wash."), "981##", "206"),
    ("Denver", ("CO", "Colorado", "Colo."), "802##", "303"),
    ("Miami", ("FL", "Florida", "Fla."), "331##", "305"),
    ("Phoenix", ("AZ", "Arizona", "Ariz."), "850##", "602"),
    ("Minneapolis", ("MN", "Minnesota", "Minn."), "554##", "612"),
    ("Philadelphia", ("PA", "Pennsylvania", "Penna."), "191##", "215"),
)
_CA = (
    ("Toronto", ("ON", "Ontario", "Ont."), "M5@ #@#", "416"),
    ("Vancouver", ("BC", "British Columbia", "B.C."), "V6@ #@#", "604"),
    ("Montreal", ("QC", "Quebec", "Québec"), "H3@ #@#", "514"),
    ("Calgary", ("AB", "Alberta", "Alta."), "T2@ #@#", "403"),
)
_GB = (
    ("London", (), "EC#A #@@", "2079460###"),
    ("Manchester", (), "M# #@@", "1614960###"),
    ("Leeds", (), "LS# #@@", "1134960###"),
    ("Edinburgh", (), "EH# #@@", "1314960###"),
    ("Bristol", (), "BS# #@@", "1174960###"),
    ("Birmingham", (), "B# #@@", "1214960###"),
)
_DE = (
    ("Berlin", ("Berlin",), "101##", "3023125###"),
    ("Frankfurt am Main", ("Hessen", "Hesse"), "603##", "6990009###"),
    ("Hamburg", ("Hamburg",), "204##", "4066969###"),
    ("Köln", ("Nordrhein-Westfalen", "North Rhine-Westphalia"), "506##", "2214710###"),
    ("München", ("Bayern", "Bavaria"), "803##", "8999998###"),
)
_FR = (
    ("Paris", (), "750##", "19900####"),
    ("Nantes", (), "440##", "26191####"),
    ("Strasbourg", (), "670##", "35301####"),
    ("Lyon", (), "690##", "46571####"),
    ("Toulouse", (), "310##", "53649####"),
)
PLACES: dict[str, tuple[Place, ...]] = {
    "US": tuple(Place("US", city, states, code, f"{area}55501##") for city, states, code, area in _US),
    "CA": tuple(Place("CA", city, states, code, f"{area}55501##") for city, states, code, area in _CA),
    "GB": tuple(Place("GB", *place) for place in _GB),
    "DE": tuple(Place("DE", *place) for place in _DE),
    "FR": tuple(Place("FR", *place) for place in _FR),
}
COUNTRY_NAMES = {
    "US": ("United States", "USA", "US", "U.S.A."),
    "CA": ("Canada", "CA", "CAN"),
    "GB": ("United Kingdom", "UK", "Great Britain", "GB"),
    "DE": ("Germany", "Deutschland", "DE"),
    "FR": ("France", "FR"),
}
DIAL = {"US": "1", "CA": "1", "GB": "44", "DE": "49", "FR": "33"}
CURRENCY = {"US": "USD", "CA": "USD", "GB": "GBP", "DE": "EUR", "FR": "EUR"}
TOP_LEVEL = {"US": "com", "CA": "ca", "GB": "co.uk", "DE": "de", "FR": "fr"}
