"""`crmerp sandbox`: servers that behave like the vendors, and the people who work in them."""

import signal
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from crmerp_assets.cli import books
from crmerp_assets.cli.output import console, say
from crmerp_assets.settings import Settings

app = typer.Typer(
    help="Run the Salesforce and NetSuite sandboxes and work in them as a person would.", no_args_is_help=True
)
app.add_typer(books.app)


@app.command()
def start(
    salesforce_port: Annotated[int, typer.Option(help="Port of the Salesforce sandbox.")] = 8711,
    netsuite_port: Annotated[int, typer.Option(help="Port of the NetSuite sandbox.")] = 8712,
) -> None:
    """Serve both sandboxes until Ctrl-C; their data stay in the working state."""
    from crmerp_assets.cli.stage import Stage

    with Stage(Settings(), {"salesforce": salesforce_port, "netsuite": netsuite_port}) as stage:
        for name, value in sorted(stage.variables.items()):
            say(f"export {name}={value}")
        console.print("Both sandboxes are up. Ctrl-C stops them.", style="green")
        signal.pause()


@app.command()
def seed() -> None:
    """Fill both running sandboxes with a believable company."""
    from crmerp_assets.cli.stage import running, seed_company

    counts = seed_company(*running(Settings()))
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

    counts = fill(population(companies, number), *running(Settings()))
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

    salesforce, _ = running(Settings())
    counts = load_folder(folder, load_mapping(mapping or CRM_SALES_OPPORTUNITIES), salesforce)
    say(", ".join(f"{count} {name}" for name, count in counts.items()))


@app.command()
def deals() -> None:
    """List open deals that could be won."""
    import polars as pl

    from crmerp_assets.cli.output import table
    from crmerp_assets.cli.stage import seller

    shown = ("Id", "Name", "StageName", "Amount", "CurrencyIsoCode")
    found = [{name: str(deal[name]) for name in shown} for deal in seller(Settings()).open_deals()]
    table("Open deals", pl.DataFrame(found).head(20))


@app.command()
def win(opportunity: Annotated[str, typer.Argument(help="Id of an opportunity, see `crmerp sandbox deals`.")]) -> None:
    """Win a deal, as a sales rep would, by setting its stage."""
    from crmerp_assets.cli.stage import seller

    seller(Settings()).win(opportunity, date.today())  # noqa: DTZ011, TID251
    say(f"Opportunity {opportunity} is closed won. `crmerp trace {opportunity}` shows what becomes of it.")
