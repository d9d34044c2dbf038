"""The Dagster home inside the working state, with the project's dagster.yaml in it."""

from pathlib import Path

from crmerp_assets.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]


def dagster_home(settings: Settings) -> Path:
    """Make the Dagster home ready and return it."""
    home = (settings.state / "dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    source, target = PROJECT / "dagster.yaml", home / "dagster.yaml"
    text = source.read_text(encoding="utf-8") if source.exists() else "telemetry:\n  enabled: false\n"
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")
    return home
