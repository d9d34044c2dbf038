"""Both sandboxes up, with a configuration that connects to them: the stage for demo, dev and trying things out."""

import shutil
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.request import urlopen

import typer

from crmerp_assets.cli.home import PROJECT, dagster_home
from crmerp_assets.cli.processes import Process, StageError, python
from crmerp_assets.settings import Settings

if TYPE_CHECKING:
    from crmerp_assets.sandbox.company.people import Accountant, Seller

PORTS = {"salesforce": 8711, "netsuite": 8712}
POLICY = """\
# Made for the sandboxes. Deals won from this day on become sales orders.
go_live: {go_live}
# The first load is as large as the company: until the day after, plan sizes are not checked.
breaker: {{first_load: {first_load}}}
sensors: {{won_seconds: 1, invoice_seconds: 3, retry_seconds: 15}}
"""


class Stage:
    """Starts both sandboxes on entering and stops them on leaving; their data stay in the working state."""

    def __init__(self, settings: Settings, ports: dict[str, int] = PORTS, go_live: date | None = None) -> None:
        self.settings = settings
        self._ports, self._go_live = ports, go_live
        self._processes = ExitStack()
        self.urls = {system: f"http://127.0.0.1:{port}" for system, port in ports.items()}

    def __enter__(self) -> Self:
        try:
            for system, port in self._ports.items():
                self._processes.enter_context(self._sandbox(system, port))
            self._configure()
        except BaseException:
            self._processes.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._processes.close()

    @property
    def variables(self) -> dict[str, str]:
        """The environment in which `crmerp` and Dagster work with these sandboxes."""
        state = self.settings.state.resolve()
        return {
            "CRMERP_STATE": str(state),
            "CRMERP_CONFIG": str(state / "config"),
            "CRMERP_ENV_FILE": str(state / "sandbox.env"),
            "DAGSTER_HOME": str(dagster_home(self.settings)),
        }

    def _sandbox(self, system: str, port: int) -> Process:
        folder = self.settings.state / "sandbox" / system
        if _answers(self.urls[system]):
            raise StageError(f"Port {port} is taken already. Stop what runs there, or `make dev` in another terminal.")
        command = python("-m", f"crmerp_assets.sandbox.{system}", "--directory", str(folder), "--port", str(port))
        process = Process(f"the {system} sandbox", command, self.settings.state / "logs" / f"{system}.log", {})
        with ExitStack() as guard:
            guard.enter_context(process)
            process.wait_until(lambda: _answers(self.urls[system]), 30)
            guard.pop_all()
        return _Entered(process)

    def _configure(self) -> None:
        state, config = self.settings.state, self.settings.state / "config"
        config.mkdir(parents=True, exist_ok=True)
        lines = [(state / "sandbox" / system / "credentials.env").read_text(encoding="utf-8") for system in self._ports]
        secrets = state / "sandbox.env"
        secrets.write_text("".join(lines), encoding="utf-8")
        secrets.chmod(0o600)
        if not (config / "connections.yaml").exists():
            shutil.copy(PROJECT / "config" / "connections.yaml", config / "connections.yaml")
        if not (config / "policy.yaml").exists():
            go_live = self._go_live or date.today()  # noqa: DTZ011, TID251
            policy = POLICY.format(go_live=go_live, first_load=go_live + timedelta(days=1))
            (config / "policy.yaml").write_text(policy, encoding="utf-8")
        exports = [f"export {name}={value}\n" for name, value in self.variables.items()]
        exports.append(f"export PATH={PROJECT / '.venv' / 'bin'}:$PATH\n")
        (state / "activate").write_text("".join(exports), encoding="utf-8")


class _Entered(Process):
    """A process that runs already; the stack only has to end it."""

    def __init__(self, process: Process) -> None:
        self.__dict__.update(process.__dict__)

    def __enter__(self) -> Self:
        return self


def running(settings: Settings) -> tuple[str, str]:
    """The addresses of the running sandboxes of this working state; BadParameter where they do not answer."""
    path = settings.env_file
    values = dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines()) if path.exists() else {}
    urls = [values.get(f"{system.upper()}_URL", f"http://127.0.0.1:{port}") for system, port in PORTS.items()]
    for url in urls:
        if not _answers(url):
            raise typer.BadParameter(
                f"No sandbox answers at {url}. Start them with `make dev` or `crmerp sandbox start`, "
                "and run `source .crmerp/dev/activate` in this terminal."
            )
    return urls[0], urls[1]


def seller(settings: Settings) -> "Seller":
    """A sales rep in the running CRM sandbox."""
    from crmerp_assets.sandbox.company.people import Seller

    return Seller(running(settings)[0])


def accountant(settings: Settings) -> "Accountant":
    """An accountant in the running ERP sandbox."""
    from crmerp_assets.sandbox.company.people import Accountant

    return Accountant(running(settings)[1])


def seed_company(salesforce: str, netsuite: str) -> dict[str, int] | None:
    """Fill both sandboxes with a company; None, and nothing done, where they hold data already."""
    from crmerp_assets.sandbox.company.generate import generate
    from crmerp_assets.sandbox.company.seed import AlreadySeeded, seed

    today = date.today()  # noqa: DTZ011, TID251
    try:
        return seed(generate(today), salesforce, netsuite, today).counts
    except AlreadySeeded:
        return None


def transaction(found: list[dict[str, Any]], number: str) -> dict[str, Any]:
    """The order or invoice with this number."""
    for one in found:
        if str(one["tranid"]).upper() == number.upper():
            return one
    raise typer.BadParameter(f"There is no {number} in the ERP sandbox.")


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/_sandbox/health", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def fresh(folder: Path) -> None:
    """Remove a working state made by an earlier demo."""
    if folder.exists():
        shutil.rmtree(folder)
