"""`crmerp dev`: sandboxes, Dagster's webserver and daemon stay up until Ctrl-C."""

import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from crmerp_assets.cli.home import PROJECT
from crmerp_assets.cli.output import say
from crmerp_assets.cli.pair import CRM, ERP, CrmOption, ErpOption, chosen
from crmerp_assets.cli.processes import Process, python
from crmerp_assets.cli.stage import Stage
from crmerp_assets.settings import Settings, child_environment


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(dev)


def dev(
    crm: CrmOption = CRM,
    erp: ErpOption = ERP,
    port: Annotated[int, typer.Option(help="Port of Dagster's webserver.")] = 3000,
    state: Annotated[Path | None, typer.Option(help="Folder of the working state.", show_default=".crmerp/dev")] = None,
) -> None:
    """Sandboxes with a company in them, Dagster's webserver and daemon; Ctrl-C stops them, the data stay."""
    pair = chosen(crm, erp)
    state = state or Path(pair.folder("dev"))
    settings = Settings(state=state, config=state / "config", env_file=state / "sandbox.env")
    with ExitStack() as up:
        stage = up.enter_context(Stage(settings, pair=pair))
        prepare(stage)
        daemon = up.enter_context(dagster_daemon(stage))
        web = up.enter_context(webserver(stage, port))
        web.wait_until(lambda: _listens(port), 60)
        say(f"\nDagster: http://127.0.0.1:{port}", style="bold")
        say("   ".join(f"{system}: {url}" for system, url in stage.urls.items()))
        say(f"In another terminal: `source {state}/activate`, then `crmerp sandbox deals`")
        say("Ctrl-C stops everything; the data stay for the next time.")
        _until_interrupted(daemon, web)


def prepare(stage: Stage) -> None:
    """A company in the sandboxes, the custom fields, and the first sync; nothing where they are there already."""
    from crmerp_assets.cli.stage import seed_company

    counts = seed_company(stage.place)
    if counts is None:
        return
    say("   " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items()))
    crmerp(stage, "provision", "--yes")
    crmerp(stage, "sync")


def crmerp(stage: Stage, *arguments: str) -> None:
    """Run `crmerp` with the stage's environment; CalledProcessError where it fails."""
    command = python("-m", "crmerp_assets.cli", *arguments)
    subprocess.run(command, env=child_environment(stage.variables), check=True)


def dagster_daemon(stage: Stage) -> Process:
    """The daemon that evaluates sensors and schedules."""
    command = python("-m", "dagster._daemon", "run", "-w", str(PROJECT / "workspace.yaml"))
    return Process("dagster-daemon", command, stage.settings.state / "logs" / "dagster-daemon.log", stage.variables)


def webserver(stage: Stage, port: int) -> Process:
    """Dagster's UI."""
    command = python("-m", "dagster_webserver", "-w", str(PROJECT / "workspace.yaml"), "-p", str(port))
    return Process(
        "dagster-webserver", command, stage.settings.state / "logs" / "dagster-webserver.log", stage.variables
    )


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until_interrupted(*processes: Process) -> None:
    try:
        while True:
            signal.sigtimedwait([signal.SIGUSR1], 2)
            for process in processes:
                process.check()
    except KeyboardInterrupt:
        say("Stopping ...")
