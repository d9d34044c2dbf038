"""The server's clock, which tests may set ahead or behind: a vendor's clock is never quite ours."""

from datetime import UTC, datetime, timedelta


class Clock:
    """UTC now, plus an offset; or one moment that lasts, so that everything happens in the same second."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self._stopped: datetime | None = None

    def __call__(self) -> datetime:
        return (self._stopped or datetime.now(UTC)) + self.offset  # noqa: TID251

    def skew(self, seconds: float) -> None:
        """Run that many seconds ahead of real time, or behind it."""
        self.offset = timedelta(seconds=seconds)

    def stop(self, stopped: bool) -> None:
        """Stand still, or run on."""
        self._stopped = datetime.now(UTC) if stopped else None  # noqa: TID251
