"""Use cases, one verb a module: pull, conform, link, merge, plan, push, settle, review.

Each takes the platform first."""
