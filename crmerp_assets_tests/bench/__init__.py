"""The benchmark: every stage next to the limit of the same run, written to docs/benchmarks.md."""
