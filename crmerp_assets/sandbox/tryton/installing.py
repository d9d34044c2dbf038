"""Tryton from PyPI in an environment of its own, and a database with a demo company, both kept between runs.

`demo.py` makes the company; its chart, taxes, currencies and payment terms are what every database here begins with.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
DATABASE = "demo"
ADMIN_PASSWORD = "demo-administrator"  # noqa: S105 - of a company that nobody owns, on loopback
INTEGRATION_PASSWORD = "demo-integration"  # noqa: S105
MODULES = (
    *("sale", "account_invoice", "account_invoice_history", "account_product"),
    *("account_credit_limit", "sale_credit_limit"),
)
_CONFIG = "[database]\nuri = sqlite://\npath = {path}\n[web]\nlisten = 127.0.0.1:{port}\n[session]\ntimeout = 300\n"
Tell = Callable[[str], None]


class Unavailable(RuntimeError):
    """Tryton could not be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The interpreter of Tryton's environment, and the ready database."""

    python: Path
    database: Path


def installation(folder: Path, today: date, tell: Tell = lambda _: None) -> Installation:
    """Install what is missing into a folder (about a minute the first time); `tell` hears of what takes long.

    Raises Unavailable, as where PyPI cannot be reached.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder / "lock"):
        python = _environment(folder, tell)
        return Installation(python, _database(folder, python, today, tell))


def config_text(path: Path, port: int) -> str:
    """Tryton's configuration for a database in a folder."""
    return _CONFIG.format(path=path, port=port)


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Processes that run side by side take turns."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _environment(folder: Path, tell: Tell) -> Path:
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        run("make an environment", sys.executable, "-m", "venv", folder / "venv")
    install(python, HERE / "packages.txt", folder / "installed", tell)
    return python


def install(python: Path, packages: Path, done: Path, tell: Tell = lambda _: None) -> None:
    """Install exactly these packages; `done` holds what was installed."""
    wanted = packages.read_text()
    if not (done.exists() and done.read_text() == wanted):
        tell(f"Installing Tryton from PyPI into {done.parent} ...")
        pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
        run(f"install {packages.name} from PyPI", *pip, "-r", packages)
        done.write_text(wanted)


def _database(folder: Path, python: Path, today: date, tell: Tell) -> Path:
    """One for these packages, this company and this year: its books are open from last year to the next."""
    ready = folder / f"demo-{company(today)}.sqlite"
    if ready.exists():
        return ready
    tell("Making a Tryton database with a chart of accounts, taxes, currencies and payment terms ...")
    work = folder / "making"
    work.mkdir(exist_ok=True)
    config, file = work / "trytond.conf", work / f"{DATABASE}.sqlite"
    file.unlink(missing_ok=True)
    file.touch()
    config.write_text(config_text(work, 0))
    make_company(python, config, DATABASE)
    for old in folder.glob("demo-*.sqlite"):
        old.unlink()
    file.rename(ready)
    shutil.rmtree(work)
    return ready


def company(today: date) -> str:
    """What names the demo company of these packages and this year."""
    made_of = f"{(HERE / 'packages.txt').read_text()}{(HERE / 'demo.py').read_text()}{MODULES}{today.year}"
    return hashlib.sha256(made_of.encode()).hexdigest()[:12]


def make_company(python: Path, config: Path, database: str) -> None:
    """Fill an empty database with the demo company."""
    secret = config.with_name("secret")
    secret.write_text(ADMIN_PASSWORD)
    admin = ("env", f"TRYTONPASSFILE={secret}", python, "-m", "trytond.cli.admin", "-c", config, "-d", database)
    run("make a database", *admin, "--email", "demo@example.com", "--all")
    run("install the modules", *admin, "-u", *MODULES, "--activate-dependencies")
    run("make the demo company", python, HERE / "demo.py", config, database, ADMIN_PASSWORD, INTEGRATION_PASSWORD)


def run(what: str, *command: str | Path) -> None:
    """Without our own PYTHONPATH, which is no business of Tryton's interpreter. Raises Unavailable."""
    clean = ["env", "-u", "PYTHONPATH", *map(str, command)]
    done = subprocess.run(clean, capture_output=True, text=True, check=False, cwd="/", timeout=900)
    if done.returncode != 0:
        raise Unavailable(f"could not {what}: {done.stderr.strip()[-2000:]}")
