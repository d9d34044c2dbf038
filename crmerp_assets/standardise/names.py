"""Lookup keys for names of places and currencies, the same whatever case, accents and dots they are typed with."""

import re
import unicodedata


def lookup_key(name: str) -> str:
    """Case-folded, without accents and dots, other signs as single spaces."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(c for c in folded if not unicodedata.combining(c)).replace("&", " and ")
    return re.sub(r"[\W_]+", " ", re.sub(r"[.'’`]", "", bare)).strip()
