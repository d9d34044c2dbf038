"""A copy of the ledger as of one moment, while others go on working with it."""

import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from crmerp_assets.ledger.engine import database_url, place, schema_of
from crmerp_assets.ledger.errors import LedgerUnavailable
from crmerp_assets.ledger.failures import translated


def backup(url: str, target: Path, environment: Mapping[str, str]) -> str:
    """Copy the ledger into a new file, complete or not at all; returns in a sentence what was made.

    SQLite by its online backup, PostgreSQL by pg_dump, started with `environment`. Raises LedgerUnavailable where the
    file is there already, the ledger is not, or pg_dump is missing or fails.
    """
    source = database_url(url)
    if target.exists():
        raise LedgerUnavailable(f"{target} exists already and is not overwritten: name a new file.")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    try:
        if source.get_backend_name() == "sqlite":
            _copy(Path(str(source.database)), unfinished)
        else:
            _dump(source, unfinished, environment)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    size = target.stat().st_size
    return f"The ledger {place(source)} was copied to {target} ({size:,} bytes)."


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise LedgerUnavailable(f"There is no ledger at {source}: check CRMERP_STATE and CRMERP_LEDGER_URL.")
    with (
        translated(str(source)),
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
        found = new.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise LedgerUnavailable(f"The copy of {source} is damaged ({found}): restore an earlier backup of the ledger.")


def _dump(source: URL, target: Path, environment: Mapping[str, str]) -> None:
    """The password goes through the environment: a command line can be read by every user of the machine."""
    program = shutil.which("pg_dump", path=environment.get("PATH"))
    if program is None:
        raise LedgerUnavailable(
            f"pg_dump is not installed here. Install PostgreSQL's client programs, or run it where they are: "
            f"`pg_dump --format=custom --file={target.name.removesuffix('.unfinished')} {place(source)}`."
        )
    bare = source.set(drivername="postgresql", password=None).render_as_string()
    secret = {} if source.password is None else {"PGPASSWORD": source.password}
    schema = schema_of(source)
    only = [f"--schema={schema}"] if schema else []
    command = [program, "--format=custom", *only, f"--file={target}", f"--dbname={bare}"]
    done = subprocess.run(command, env={**environment, **secret}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        told = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise LedgerUnavailable(f"pg_dump could not copy the ledger {place(source)}: {told}")
