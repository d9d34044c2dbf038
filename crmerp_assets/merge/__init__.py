"""Merging: ownership, three-way compare, conflicts, smallest writes, gates, and the policy they follow."""
