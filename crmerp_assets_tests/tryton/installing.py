"""Tryton from PyPI in an environment of its own, and a database with a demo company, both kept between runs.

Tryton is GPL-3: it runs as a process of its own and is never imported into this package or its tests. They live in
.crmerp-bench/tryton, or in the folder that CRMERP_TEST_TRYTON names.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DATABASE = "demo"
ADMIN_PASSWORD = "demo-administrator"
INTEGRATION_PASSWORD = "demo-integration"
MODULES = (
    *("sale", "account_invoice", "account_invoice_history", "account_product"),
    *("account_credit_limit", "sale_credit_limit"),
)
_CONFIG = "[database]\nuri = sqlite://\npath = {path}\n[web]\nlisten = 127.0.0.1:{port}\n[session]\ntimeout = 300\n"


class Unavailable(RuntimeError):
    """Tryton could not be had; the message says why."""


@dataclass(frozen=True)
class Installation:
    """The interpreter of Tryton's environment, and the ready database."""

    python: Path
    database: Path


def required() -> bool:
    """Whether this run must have Tryton: a test that cannot get it fails instead of skipping."""
    return "tryton" in os.environ.get("CRMERP_TEST_REQUIRE", "").split()


def installation() -> Installation:
    """Install what is missing (about a minute the first time). Raises Unavailable, as where PyPI cannot be reached."""
    folder = Path(os.environ.get("CRMERP_TEST_TRYTON") or ROOT / ".crmerp-bench" / "tryton").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder / "lock"):
        python = _environment(folder)
        return Installation(python, _database(folder, python))


def config_text(path: Path, port: int) -> str:
    return _CONFIG.format(path=path, port=port)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Test processes that run side by side take turns."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _environment(folder: Path) -> Path:
    python, done = folder / "venv" / "bin" / "python", folder / "installed"
    packages = (HERE / "packages.txt").read_text()
    if not (python.exists() and done.exists() and done.read_text() == packages):
        if not python.exists():
            _run("make an environment", sys.executable, "-m", "venv", folder / "venv")
        pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
        _run("install Tryton from PyPI", *pip, "-r", HERE / "packages.txt")
        done.write_text(packages)
    return python


def _database(folder: Path, python: Path) -> Path:
    """One for these packages, this company and this year: its books are open from last year to the next."""
    made_of = f"{(HERE / 'packages.txt').read_text()}{(HERE / 'demo.py').read_text()}{MODULES}{date.today().year}"
    ready = folder / f"demo-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}.sqlite"
    if ready.exists():
        return ready
    work = folder / "making"
    work.mkdir(exist_ok=True)
    config, secret, file = work / "trytond.conf", work / "secret", work / f"{DATABASE}.sqlite"
    file.unlink(missing_ok=True)
    file.touch()
    config.write_text(config_text(work, 0))
    secret.write_text(ADMIN_PASSWORD)
    admin = (python, "-m", "trytond.cli.admin", "-c", config, "-d", DATABASE)
    variables = {"TRYTONPASSFILE": str(secret)}
    _run("make a database", *admin, "--email", "demo@example.com", "--all", **variables)
    _run("install the modules", *admin, "-u", *MODULES, "--activate-dependencies", **variables)
    _run("make the demo company", python, HERE / "demo.py", config, DATABASE, ADMIN_PASSWORD, INTEGRATION_PASSWORD)
    for old in folder.glob("demo-*.sqlite"):
        old.unlink()
    file.rename(ready)
    shutil.rmtree(work)
    return ready


def _run(what: str, *command: str | Path, **variables: str) -> None:
    environment = {**os.environ, **variables}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, env=environment, cwd="/", timeout=900
    )
    if done.returncode != 0:
        raise Unavailable(f"could not {what}: {done.stderr.strip()[-2000:]}")
