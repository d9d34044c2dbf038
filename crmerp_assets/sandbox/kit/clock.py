"""The server's clock, which tests may set ahead or behind: a vendor's clock is never quite ours."""

from datetime import UTC, datetime, timedelta


class Clock:
    """UTC now, plus an offset."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset  # noqa: TID251

    def skew(self, seconds: float) -> None:
        """Run that many seconds ahead of real time, or behind it."""
        self.offset = timedelta(seconds=seconds)
