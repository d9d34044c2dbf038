"""A CRM and an ERP up, with a configuration that connects to them: the stage for demo, dev and trying things out."""

import re
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.request import urlopen

import typer

from crmerp_assets.cli.home import PROJECT, dagster_home
from crmerp_assets.cli.output import say
from crmerp_assets.cli.pair import AnySystem, Pair, chosen, configured
from crmerp_assets.cli.processes import Process, StageError, python
from crmerp_assets.settings import Settings, roles

if TYPE_CHECKING:
    from crmerp_assets.sandbox.company.roles import Accountant, Document, Seller
    from crmerp_assets.sandbox.company.seed import Place

POLICY = """\
# Made for the sandboxes. Deals won from this day on become sales orders.
go_live: {go_live}
# The first load is as large as the company: until the day after, plan sizes are not checked.
breaker: {{first_load: {first_load}}}
sensors: {{won_seconds: 1, invoice_seconds: 3, retry_seconds: 15}}
"""


class Stage:
    """Starts the servers of a pair on entering and stops them on leaving; their data stay in the working state."""

    def __init__(
        self,
        settings: Settings,
        ports: Mapping[str, int] | None = None,
        go_live: date | None = None,
        pair: Pair | None = None,
    ) -> None:
        self.settings, self.pair = settings, pair or chosen()
        self._ports, self._go_live = self.pair.servers | dict(ports or {}), go_live
        self._processes = ExitStack()
        self.urls = {system.name: _address(self._ports[system.name]) for system in (self.pair.crm, self.pair.erp)}

    def __enter__(self) -> Self:
        try:
            _same_pair(self.settings, self.pair)
            for system in (self.pair.erp, self.pair.crm):
                self._processes.enter_context(self._sandbox(system, self._ports[system.name]))
            self.configure()
        except BaseException:
            self._processes.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._processes.close()

    @property
    def place(self) -> "Place":
        """The pair and its addresses."""
        return self.pair.place(self.urls)

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

    def _sandbox(self, system: AnySystem, port: int) -> Process:
        folder = self._folder(system)
        if _answers(_address(port)):
            raise StageError(f"Port {port} is taken already. Stop what runs there, or `make dev` in another terminal.")
        module = f"crmerp_assets.sandbox.{system.server}"
        command = python("-m", module, "--directory", str(folder), "--port", str(port))
        log = self.settings.state / "logs" / f"{system.name}.log"
        process = Process(f"the {system.name} sandbox", command, log, {})
        if system.first_start and not folder.exists():
            say(f"   {system.first_start}")
        with ExitStack() as guard:
            guard.enter_context(process)
            process.wait_until(lambda: _answers(_address(port)), system.start_seconds)
            guard.pop_all()
        return _Entered(process)

    def configure(self) -> None:
        """Write the configuration that leads to the servers, which have left their credentials in their folders."""
        state, config = self.settings.state, self.settings.state / "config"
        config.mkdir(parents=True, exist_ok=True)
        lines = [_credentials(system, self._folder(system)) for system in (self.pair.erp, self.pair.crm)]
        secrets = state / "sandbox.env"
        secrets.write_text("".join(lines), encoding="utf-8")
        secrets.chmod(0o600)
        if not (config / "connections.yaml").exists():
            (config / "connections.yaml").write_text(connections(self.pair), encoding="utf-8")
        if not (config / "policy.yaml").exists():
            (config / "policy.yaml").write_text(policy(self.pair, self._go_live or _today()), encoding="utf-8")
        exports = [f"export {name}={value}\n" for name, value in self.variables.items()]
        exports.append(f"export PATH={PROJECT / '.venv' / 'bin'}:$PATH\n")
        (state / "activate").write_text("".join(exports), encoding="utf-8")

    def _folder(self, system: AnySystem) -> Path:
        return self.settings.state / "sandbox" / system.name


def _credentials(system: AnySystem, folder: Path) -> str:
    """What the server left in its folder, under the names that its connection has: two may be of one program."""
    left = (folder / "credentials.env").read_text(encoding="utf-8")
    return re.sub(rf"^{system.server.upper()}_", f"{system.name.upper()}_", left, flags=re.MULTILINE)


def connections(pair: Pair) -> str:
    """connections.yaml for a pair, made of the examples of both systems."""
    examples = [
        (PROJECT / "config" / "connections" / f"{name}.yaml").read_text(encoding="utf-8") for name in pair.names
    ]
    return "connections:\n" + "\n".join(examples)


def policy(pair: Pair, go_live: date) -> str:
    """policy.yaml for a pair from a day on."""
    text = POLICY.format(go_live=go_live, first_load=go_live + timedelta(days=1))
    return text + pair.crm.policy + pair.erp.policy


class _Entered(Process):
    """A process that runs already; the stack only has to end it."""

    def __init__(self, process: Process) -> None:
        self.__dict__.update(process.__dict__)

    def __enter__(self) -> Self:
        return self


def running(settings: Settings) -> "Place":
    """The configured pair with its addresses; BadParameter where a server does not answer."""
    path = settings.env_file
    values = dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines()) if path.exists() else {}
    pair = configured(settings)
    urls = {
        system.name: values.get(f"{system.name.upper()}_URL", _address(system.port)) for system in (pair.crm, pair.erp)
    }
    for url in urls.values():
        if not _answers(url):
            raise typer.BadParameter(
                f"No sandbox answers at {url}. Start them with `make dev` or `crmerp sandbox start`, "
                f"and run `source {pair.folder('dev')}/activate` in this terminal."
            )
    return pair.place(urls)


def seller(settings: Settings) -> "Seller":
    """A sales rep in the running CRM sandbox."""
    place = running(settings)
    return place.crm.worker(place.crm_url)


def accountant(settings: Settings) -> "Accountant":
    """An accountant in the running ERP sandbox."""
    place = running(settings)
    return place.erp.worker(place.erp_url)


def seed_company(place: "Place") -> dict[str, int] | None:
    """Fill both sandboxes with a company; None, and nothing done, where they hold data already."""
    from crmerp_assets.sandbox.company.generate import generate
    from crmerp_assets.sandbox.company.seed import AlreadySeeded, seed

    try:
        return seed(generate(_today()), place, _today()).counts
    except AlreadySeeded:
        return None


def document(found: "list[Document]", number: str) -> "Document":
    """The order, invoice or settlement with this number."""
    for one in found:
        if one.number.upper() == number.upper():
            return one
    raise typer.BadParameter(f"There is no {number} in the ERP sandbox.")


def _same_pair(settings: Settings, pair: Pair) -> None:
    """A working state belongs to one pair: ids of one system mean nothing in another."""
    found = roles(settings.state / "config")
    if found and set(found) != set(pair.names):
        raise StageError(
            f"{settings.state} is the working state of {' and '.join(sorted(found))}, not of {pair.title}. "
            "Give another folder, or remove that one."
        )


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _today() -> date:
    return date.today()  # noqa: DTZ011, TID251


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
