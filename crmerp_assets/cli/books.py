"""`crmerp sandbox ...`: what an accountant does in the running ERP sandbox, documents named by their numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from crmerp_assets.cli.output import say
from crmerp_assets.cli.stage import accountant, document
from crmerp_assets.settings import Settings

if TYPE_CHECKING:
    from crmerp_assets.sandbox.company.roles import Accountant, Document

app = typer.Typer()

Order = Annotated[str, typer.Argument(help="Number of a sales order, such as SO1042.")]
Invoice = Annotated[str, typer.Argument(help="Number of an invoice, such as INV1042.")]
Credit = Annotated[str, typer.Argument(help="Number of a credit memo, payment or deposit: CM1001, PMT1001, DEP1001.")]
Amount = Annotated[str | None, typer.Argument(help="Amount; all that is open unless given.")]


@app.command()
def approve(order: Order) -> None:
    """Approve a sales order."""
    with _order(order) as (at_work, found):
        at_work.approve(found.id)
    say(f"{order} is approved.")


@app.command()
def fulfil(order: Order) -> None:
    """Ship what is left of a sales order."""
    with _order(order) as (at_work, found):
        at_work.fulfil(found.id)
    say(f"{order} is fulfilled.")


@app.command()
def bill(
    order: Order,
    line: Annotated[int | None, typer.Option(help="Bill this line of the order only.")] = None,
    quantity: Annotated[int, typer.Option(help="How much of that line.")] = 1,
) -> None:
    """Bill a sales order, or a part of it."""
    with _order(order) as (at_work, found):
        if line is None:
            at_work.bill(found.id, _today())
        else:
            at_work.bill_part(found.id, line, quantity)
    say(f"{order} is billed. `crmerp trace {order}` shows the invoice; the deal does within seconds.")


@app.command()
def pay(invoice: Invoice, amount: Amount = None) -> None:
    """Receive a payment for an invoice."""
    with _invoice(invoice) as (at_work, found):
        at_work.pay(found.id, _decimal(amount), _today())
    say(f"{amount or 'All that was open'} is paid on {invoice}.")


@app.command()
def credit(invoice: Invoice, amount: Amount = None) -> None:
    """Credit an invoice, in full or by an amount before tax."""
    with _invoice(invoice) as (at_work, found):
        at_work.credit(found.id, _decimal(amount), _today())
    say(f"{invoice} is credited.")


@app.command("write-off")
def write_off(invoice: Invoice, amount: Amount = None) -> None:
    """Give up what is left of an invoice."""
    with _invoice(invoice) as (at_work, found):
        at_work.write_off(found.id, _decimal(amount))
    say(f"{amount or 'All that was open'} is written off on {invoice}.")


@app.command()
def deposit(order: Order, amount: Annotated[str, typer.Argument(help="Amount.")]) -> None:
    """Take a deposit for a sales order; billing it applies the deposit."""
    with _order(order) as (at_work, found):
        at_work.deposit(found, Decimal(amount))
    say(f"A deposit of {amount} is taken for {order}.")


@app.command()
def refund(number: Credit, amount: Amount = None) -> None:
    """Give back what is left of a credit memo, a payment or a deposit."""
    with _credit(number) as (at_work, found):
        at_work.refund(found, _decimal(amount))
    say(f"{amount or 'All that was left'} of {number} is refunded.")


@app.command()
def void(number: Credit) -> None:
    """Void a credit memo, a payment or a deposit; what it paid is open again."""
    with _credit(number) as (at_work, found):
        at_work.void(found)
    say(f"{number} is void.")


AtWork = Iterator[tuple["Accountant", "Document"]]


@contextmanager
def _order(number: str) -> AtWork:
    with _at_work() as at_work:
        yield at_work, document(at_work.orders(), number)


@contextmanager
def _invoice(number: str) -> AtWork:
    with _at_work() as at_work:
        yield at_work, document(at_work.invoices(), number)


@contextmanager
def _credit(number: str) -> AtWork:
    with _at_work() as at_work:
        yield at_work, document(at_work.settlements(), number)


@contextmanager
def _at_work() -> Iterator["Accountant"]:
    """Somebody in the ERP; what it has no way for, or refuses, is told in a sentence."""
    from crmerp_assets.sandbox.company.client import Refused
    from crmerp_assets.sandbox.company.roles import Unable

    with accountant(Settings()) as at_work:
        try:
            yield at_work
        except (Unable, Refused) as no:
            raise typer.BadParameter(str(no)) from no


def _decimal(amount: str | None) -> Decimal | None:
    return None if amount is None else Decimal(amount)


def _today() -> date:
    return date.today()  # noqa: DTZ011, TID251
