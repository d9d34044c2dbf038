"""Processes that demo and dev start, and stop again: sandboxes, Dagster's daemon and webserver."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from crmerp_assets.settings import child_environment


class StageError(RuntimeError):
    """A process or a port that demo and dev need is not as it should be; the message says what to do."""


class Process:
    """One child process with a log file. Leaving the `with` block ends it, by force after ten seconds."""

    def __init__(self, name: str, command: list[str], log: Path, variables: Mapping[str, str]) -> None:
        self.name, self._command, self._log, self._variables = name, command, log, variables
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=subprocess.STDOUT, env=child_environment(self._variables)
            )
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        """The operating system's number of the process."""
        assert self._process is not None
        return self._process.pid

    def check(self) -> None:
        """Raise StageError if the process has ended."""
        assert self._process is not None
        if self._process.poll() is not None:
            end = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise StageError(f"{self.name} ended with code {self._process.returncode}. The end of {self._log}:\n{end}")

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait for the process to be ready. Raises StageError."""
        until = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > until:
                raise StageError(f"{self.name} was not ready after {seconds:g} s; see {self._log}")
            time.sleep(0.1)


def python(*arguments: str) -> list[str]:
    """A command line for this interpreter."""
    return [sys.executable, *arguments]
