"""Matching at a million records a side, next to Splink: `make bench-matching` writes docs/matching.md."""
