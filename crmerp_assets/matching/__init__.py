"""Which records of two systems are the same thing. Frames and SQL in, links and questions out."""

from crmerp_assets.matching.deterministic import COMPARED, RULES, Matches, link

__all__ = ["COMPARED", "RULES", "Matches", "link"]
