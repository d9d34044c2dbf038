"""Finding the records that are the same thing: by keys they hold, and by scored likeness."""

from crmerp_assets.matching.deterministic import COMPARED, RULES, Matches, link

__all__ = ["COMPARED", "RULES", "Matches", "link"]
