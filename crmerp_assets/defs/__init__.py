"""The Dagster shell: assets, checks, sensors and schedules that gather, call a use case and report.

No module here postpones the evaluation of annotations: Dagster injects resources by reading them.
"""
