"""`crmerp sandbox`: servers that behave like the vendors, and the people who work in them."""

import signal
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crmerp_assets.cli import books
from crmerp_assets.cli.output import console, say
from crmerp_assets.cli.pair import CRM, ERP, CrmOption, ErpOption, chosen
from crmerp_assets.settings import Settings

if TYPE_CHECKING:
    from crmerp_assets.sandbox.company.seed import Place

app = typer.Typer(
    help="Run the sandboxes of a CRM and an ERP and work in them as a person would.", no_args_is_help=True
)
app.add_typer(books.app)


@app.command()
def start(
    crm: CrmOption = CRM,
    erp: ErpOption = ERP,
    crm_port: Annotated[int | None, typer.Option(help="Port of the CRM; each system has one of its own.")] = None,
    erp_port: Annotated[int | None, typer.Option(help="Port of the ERP; each system has one of its own.")] = None,
) -> None:
    """Serve both sandboxes until Ctrl-C; their data stay in the working state."""
    from crmerp_assets.cli.stage import Stage

    pair = chosen(crm, erp)
    given = {pair.erp.name: erp_port, pair.crm.name: crm_port}
    ports = {system: port for system, port in given.items() if port is not None}
    with Stage(Settings(), ports, pair=pair) as stage:
        for name, value in sorted(stage.variables.items()):
            say(f"export {name}={value}")
        console.print(f"{pair.title} are up. Ctrl-C stops them.", style="green")
        signal.pause()


@app.command()
def seed() -> None:
    """Fill both running sandboxes with a believable company."""
    from crmerp_assets.cli.stage import running, seed_company

    counts = seed_company(running(Settings()))
    if counts is None:
        say("The sandboxes hold data already; remove their folder in the working state to start again.")
        raise typer.Exit(1)
    say(", ".join(f"{count} {name}" for name, count in counts.items()))


@app.command()
def populate(
    companies: Annotated[int, typer.Argument(help="Companies in each system.", min=1)],
    number: Annotated[int, typer.Option("--seed", help="Another seed gives other companies.")] = 1,
) -> None:
    """Add generated companies to both running sandboxes: doubles, groups, chains, slips, five scripts."""
    from crmerp_assets.cli.stage import running
    from crmerp_assets.sandbox.population import population
    from crmerp_assets.sandbox.population.fill import fill

    place = running(Settings())
    _made_for(place, "salesforce", "netsuite")
    counts = fill(population(companies, number), place.crm_url, place.erp_url)
    say(", ".join(f"{count:,} {name}" for name, count in counts.items()))
    say("`crmerp sync` links them; `crmerp audit` and `crmerp review matches` show what a person should look at.")


@app.command()
def load(
    folder: Annotated[Path, typer.Argument(help="Folder of CSV files: accounts, products, opportunities, lines.")],
    mapping: Annotated[Path | None, typer.Option(help="YAML file that says which column is which field.")] = None,
) -> None:
    """Load a folder of CSV files into the running CRM sandbox."""
    from crmerp_assets.cli.stage import running
    from crmerp_assets.sandbox.company.load import CRM_SALES_OPPORTUNITIES, load_folder, load_mapping

    place = running(Settings())
    _made_for(place, "salesforce")
    counts = load_folder(folder, load_mapping(mapping or CRM_SALES_OPPORTUNITIES), place.crm_url)
    say(", ".join(f"{count} {name}" for name, count in counts.items()))


@app.command()
def deals() -> None:
    """List open deals that could be won."""
    import polars as pl

    from crmerp_assets.cli.output import table
    from crmerp_assets.cli.stage import seller

    shown = ("id", "name", "stage", "amount", "currency")
    with seller(Settings()) as at_work:
        found = [{name: str(getattr(deal, name)) for name in shown} for deal in at_work.open_deals()]
    table("Open deals", pl.DataFrame(found, schema=dict.fromkeys(shown, pl.String)).head(20))


@app.command()
def win(deal: Annotated[str, typer.Argument(help="Id of a deal, see `crmerp sandbox deals`.")]) -> None:
    """Win a deal, as a sales rep would, by setting its stage."""
    from crmerp_assets.cli.stage import seller

    with seller(Settings()) as at_work:
        at_work.win(deal, date.today())  # noqa: DTZ011, TID251
    say(f"Deal {deal} is closed won. `crmerp trace {deal}` shows what becomes of it.")


def _made_for(place: "Place", *names: str) -> None:
    """What these commands add is written in the words of some systems only."""
    lacking = set(names) - {place.crm.name, place.erp.name}
    if lacking:
        there = f"{place.crm.title} and {place.erp.title}"
        raise typer.BadParameter(f"This command is for {' and '.join(names)}; the sandboxes are {there}.")
