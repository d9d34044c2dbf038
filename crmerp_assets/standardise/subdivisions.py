"""States and provinces as ISO 3166-2, read within the row's country."""

from functools import cache

import polars as pl

from crmerp_assets.canonical.distinct import distinct
from crmerp_assets.canonical.iso import subdivision_codes
from crmerp_assets.standardise.context import Context, region
from crmerp_assets.standardise.names import lookup_key
from crmerp_assets.standardise.text import text

# Where the code is what people write; elsewhere the name is ("Bayern", not "BY").
CODED = frozenset({"US", "CA", "AU", "BR", "IT"})

ALIASES = {
    "US-AL": "Ala", "US-AZ": "Ariz", "US-AR": "Ark", "US-CA": "Calif|Cali", "US-CO": "Colo", "US-CT": "Conn",
    "US-DE": "Del", "US-FL": "Fla", "US-IL": "Ill", "US-IN": "Ind", "US-KS": "Kans", "US-KY": "Kent",
    "US-MA": "Mass", "US-MI": "Mich", "US-MN": "Minn", "US-MS": "Miss", "US-MT": "Mont", "US-NE": "Nebr|Neb",
    "US-NV": "Nev", "US-NM": "N Mex", "US-NC": "N Carolina", "US-ND": "N Dak|N Dakota", "US-OK": "Okla",
    "US-OR": "Ore|Oreg", "US-PA": "Penn|Penna", "US-SC": "S Carolina", "US-SD": "S Dak|S Dakota", "US-TN": "Tenn",
    "US-TX": "Tex", "US-WA": "Wash|Washington State", "US-WV": "W Virginia|W Va", "US-WI": "Wis|Wisc", "US-WY": "Wyo",
    "US-DC": "Washington DC|DC|D C", "US-NY": "New York State|N Y", "US-VA": "Virg",
    "CA-QC": "Quebec|PQ|Que", "CA-ON": "Ont", "CA-BC": "B C|Brit Columbia", "CA-AB": "Alta", "CA-SK": "Sask",
    "CA-MB": "Man", "CA-NL": "Newfoundland|NF|Nfld|Labrador", "CA-NB": "N B", "CA-NS": "N S", "CA-PE": "PEI|P E I",
    "CA-YT": "Yukon Territory", "CA-NT": "N W T",
    "AU-NSW": "N S W", "AU-VIC": "Vic", "AU-QLD": "Qld", "AU-TAS": "Tas",
    "DE-BY": "Bavaria", "DE-NW": "North Rhine Westphalia|NRW", "DE-RP": "Rhineland Palatinate|Rhineland Pfalz",
    "DE-NI": "Lower Saxony", "DE-SN": "Saxony", "DE-ST": "Saxony Anhalt", "DE-TH": "Thuringia", "DE-HE": "Hesse",
    "DE-MV": "Mecklenburg Western Pomerania|Mecklenburg West Pomerania",
    "DE-BW": "Baden Wurttemberg|Baden Wuerttemberg",
    "AT-2": "Carinthia", "AT-3": "Lower Austria", "AT-4": "Upper Austria", "AT-6": "Styria", "AT-7": "Tyrol",
    "AT-9": "Vienna",
    "CH-ZH": "Zurich", "CH-GE": "Geneva", "CH-BE": "Berne", "CH-BS": "Basel|Basle", "CH-LU": "Lucerne",
    "ES-AN": "Andalusia", "ES-CT": "Catalonia", "ES-MD": "Madrid", "ES-PV": "Basque Country", "ES-CN": "Canary Islands",
    "ES-IB": "Balearic Islands", "ES-AR": "Aragon", "ES-VC": "Valencia", "ES-NC": "Navarre",
    "IT-21": "Piedmont", "IT-25": "Lombardy", "IT-52": "Tuscany", "IT-62": "Latium", "IT-75": "Apulia",
    "IT-82": "Sicily", "IT-88": "Sardinia",
    "FR-BRE": "Brittany", "FR-NOR": "Normandy", "FR-20R": "Corsica", "FR-BFC": "Burgundy Franche Comte",
    "FR-IDF": "Ile de France|Paris Region", "FR-PAC": "PACA|Provence",
    "NL-NH": "North Holland", "NL-ZH": "South Holland", "NL-NB": "North Brabant", "NL-FR": "Friesland",
    "BE-VLG": "Flanders", "BE-WAL": "Wallonia", "BE-BRU": "Brussels|Bruxelles|Brussel",
    "MX-CMX": "CDMX|Mexico City|Distrito Federal|DF", "MX-MEX": "Edomex|State of Mexico",
    "BR-SP": "Sao Paulo State", "IN-DL": "New Delhi|NCT of Delhi", "IN-OD": "Orissa", "IN-UT": "Uttaranchal",
    "JP-13": "Tokyo To", "JP-27": "Osaka Fu", "JP-26": "Kyoto Fu",
    "GB-LND": "London|City of London", "GB-ENG": "England", "GB-SCT": "Scotland", "GB-WLS": "Wales",
    "GB-NIR": "Northern Ireland", "PL-14": "Masovia|Mazovia", "PL-24": "Silesia", "CZ-10": "Prague",
    "SE-AB": "Stockholm", "SE-M": "Scania", "DK-84": "Copenhagen|Capital Region",
}  # fmt: skip

SHAPE = r"^([A-Z]{2})-[A-Z0-9]{1,3}$"
"""Of a code, with its country."""


def subdivision(value: pl.Expr, context: Context) -> pl.Expr:
    """ISO 3166-2; an ISO code passes, a name or short code needs the row's country; the unknown stays as it is."""
    tidy = text(value)
    return pl.coalesce([distinct(_code, tidy, region(context)), tidy])


def subdivision_out(value: pl.Expr, context: Context) -> pl.Expr:
    """What people write in that country: the short code or the name; the full code where that could be misread."""
    return pl.coalesce([distinct(_shown, value, region(context)), value])


def subdivision_code_out(value: pl.Expr, context: Context) -> pl.Expr:
    """The part behind the country of a code of the row's own country; what is none stays as it is."""
    own = value.str.extract(SHAPE, 1) == region(context)
    return pl.when(own).then(value.str.slice(3)).otherwise(value)


def _code(value: str, country: str | None) -> str | None:
    upper = value.upper()
    if upper in subdivision_codes():
        return upper
    return _table().get((country, lookup_key(value))) if country else None


def _shown(code: str, country: str | None) -> str | None:
    if country is None or not code.startswith(f"{country}-"):
        return None
    shown = code.split("-", 1)[1] if country in CODED else _names().get(code)
    return shown if shown and _code(shown, country) == code else None


@cache
def _names() -> dict[str, str]:
    import pycountry

    return {entry.code: entry.name for entry in pycountry.subdivisions}


@cache
def _table() -> dict[tuple[str, str], str]:
    """(country, key) -> ISO code: short codes first, then aliases, then names; a name shared by two is no key."""
    table: dict[tuple[str, str], str] = {}
    for code in sorted(subdivision_codes()):
        country, short = code.split("-", 1)
        table[(country, lookup_key(short))] = code
    for code, names in ALIASES.items():
        table.update({(code[:2], lookup_key(name)): code for name in names.split("|")})
    return _names_by_key() | table


def _names_by_key() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], set[str]] = {}
    for code, name in _names().items():
        plain = name.split("(")[0].split("[")[0]
        for key in {lookup_key(name), lookup_key(plain)} - {""}:
            found.setdefault((code[:2], key), set()).add(code)
    return {key: next(iter(codes)) for key, codes in found.items() if len(codes) == 1}
