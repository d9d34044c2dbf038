"""A believable company to fill the sandboxes with: its data, its people, its business day, and a loader for CSV files.

It speaks to the sandboxes over HTTP only: their administration to seed, the vendors' APIs for what people do.
"""
