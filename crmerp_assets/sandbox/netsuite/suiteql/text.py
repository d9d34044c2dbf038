"""What is done to a query's text before parsing, without touching its string literals.

Placeholders get numbers, so that moving a clause does not change which value they mean, and the vendor's functions
get names the parser leaves alone: it would translate some of their formats, and lose others.
"""

import re
from itertools import count

_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\?|\bBUILTIN\s*\.\s*(\w+)\s*\(|\b(TO_CHAR|TO_DATE|TO_TIMESTAMP|TRUNC)\s*\(", re.IGNORECASE
)


def prepared(query: str) -> str:
    numbers = count(1)

    def replace(match: re.Match[str]) -> str:
        if match[0] == "?":
            return f":p{next(numbers)}"
        if match[1]:
            return f"ns_builtin_{match[1].lower()}("
        return f"ns_{match[2].lower()}(" if match[2] else match[0]

    return _TOKEN.sub(replace, query.strip().rstrip(";"))
