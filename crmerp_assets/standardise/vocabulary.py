"""Small closed vocabularies: yes and no, and units of measure."""

import polars as pl

from crmerp_assets.standardise.text import lower, text

_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "on"), "true"),
    **dict.fromkeys(("false", "f", "no", "n", "0", "off"), "false"),
}

_UNITS = {
    "Each": (
        "each",
        "ea",
        "ea.",
        "pc",
        "pcs",
        "pc.",
        "pcs.",
        "piece",
        "pieces",
        "unit",
        "units",
        "stück",
        "stk",
        "c62",
    ),
    "Hour": ("hour", "hours", "hr", "hrs", "hr.", "hrs.", "hur", "stunde", "stunden"),
    "Day": ("day", "days", "tag", "tage"),
    "Week": ("week", "weeks", "wk", "wks"),
    "Month": ("month", "months", "mo", "mon", "monat", "monate"),
    "Year": ("year", "years", "yr", "yrs", "ann", "jahr", "jahre"),
    "Box": ("box", "boxes", "bx", "karton"),
    "Pack": ("pack", "packs", "pk", "pkg", "package", "packages"),
    "Case": ("case", "cases", "cs"),
    "Pair": ("pair", "pairs", "pr"),
    "Dozen": ("dozen", "dozens", "doz", "dz", "dzn"),
    "Set": ("set", "sets"),
    "Kilogram": ("kilogram", "kilograms", "kg", "kgs", "kgm"),
    "Gram": ("gram", "grams", "g", "grm"),
    "Pound": ("pound", "pounds", "lb", "lbs", "lb.", "lbs.", "lbr"),
    "Litre": ("litre", "litres", "liter", "liters", "l", "ltr"),
    "Metre": ("metre", "metres", "meter", "meters", "m", "mtr"),
    "Kilometre": ("kilometre", "kilometres", "kilometer", "kilometers", "km", "kmt"),
    "Licence": ("licence", "licences", "license", "licenses", "seat", "seats"),
}
UNIT_OF = {alias: unit for unit, aliases in _UNITS.items() for alias in aliases}


def boolean(value: pl.Expr) -> pl.Expr:
    """true or false; what is neither stays as it is."""
    return pl.coalesce([lower(value).replace_strict(_BOOLEANS, default=None, return_dtype=pl.String), text(value)])


def unit(value: pl.Expr) -> pl.Expr:
    """The unit's English name in the singular; a unit nobody listed stays as it is."""
    tidy = text(value)
    return pl.coalesce([lower(value).replace_strict(UNIT_OF, default=None, return_dtype=pl.String), tidy])
