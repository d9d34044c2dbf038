"""Countries by their ISO 3166 alpha-2 code, as the address form lists them."""

from functools import cache
from typing import Any

import pycountry


@cache
def country_names() -> dict[Any, str]:
    return {country.alpha_2: country.name for country in pycountry.countries}
