"""Linking said slowly: every rule tries every pair, in plain Python."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

Record = dict[str, str | None]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Said:
    """A rule as a person would say it: method, whether two records fulfil it, and whether it may only ask."""

    method: str
    same: Callable[[Record, Record], bool]
    question: bool = False


def equal(*names: str, case: bool = True) -> Callable[[Record, Record], bool]:
    """Both records have the same value, and have one, in every named field; `left=right` names two fields."""

    def same(a: Record, b: Record) -> bool:
        for name in names:
            left, right = a[name.split("=")[0]], b[name.split("=")[-1]]
            if left is None or right is None:
                return False
            if (left, right) if case else (left.lower(), right.lower()) != (right, left):
                if (left if case else left.lower()) != (right if case else right.lower()):
                    return False
        return True

    return same
