"""`crmerp reconcile`: the money per currency and month, what breaks the chain and who acts, and what has moved."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from rich.padding import Padding
from rich.text import Text

from crmerp_assets.canonical.money import minor_units
from crmerp_assets.cli.lanes import clean, each_lane, heading, show_together, together
from crmerp_assets.cli.output import console, say, table
from crmerp_assets.reports import Reconciliation
from crmerp_assets.settings import Settings

SHOWN = 10
_MONTH = r"\d{4}-(0[1-9]|1[0-2])"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(reconcile)


def _month(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(_MONTH, value):
        raise typer.BadParameter(f"'{value}' is no month; write it like 2026-11.")
    return value


def reconcile(
    *,
    period: Annotated[str | None, typer.Option(help="Only deals won in this month: 2026-11.", callback=_month)] = None,
    since: Annotated[str | None, typer.Option(help="Only deals won in this month or later.", callback=_month)] = None,
    csv: Annotated[Path | None, typer.Option(help="Also write a CSV file for each table into this folder.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Also write a workbook with a sheet for each table.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Compare won deals with orders, invoices and payments, and name every deal that breaks the chain, and who acts.

    Exit code 1 when some money is not explained.
    """
    from crmerp_assets.cli.runs import run_job

    if period and since:
        raise typer.BadParameter("say --period or --since, not both.")
    settings = Settings()
    lanes = each_lane(settings)
    for lane in lanes:
        run_job(lane, "reconcile")
    if len(lanes) == 1:
        fine = show_reconciliation(lanes[0], as_json=json, period=period, since=since, csv=csv, xlsx=xlsx)
    elif json:
        fine = _all_as_json(settings, lanes, period, since)
    else:
        shown = [_of_several(lane, lanes, period, since, csv, xlsx) for lane in lanes]
        fine = show_together(settings) and all(shown)
    if not fine:
        raise typer.Exit(1)


def _of_several(
    lane: Settings,
    lanes: list[Settings],
    period: str | None,
    since: str | None,
    csv: Path | None,
    xlsx: Path | None,
) -> bool:
    """One lane of several, its files called by its name."""
    heading(lane, lanes)
    name = str(lane.lane)
    folder, file = csv / name if csv else None, xlsx.with_stem(f"{xlsx.stem}-{name}") if xlsx else None
    return show_reconciliation(lane, period=period, since=since, csv=folder, xlsx=file)


def _all_as_json(settings: Settings, lanes: list[Settings], period: str | None, since: str | None) -> bool:
    from crmerp_assets.sync import routing
    from crmerp_assets.sync.published import document, published

    found = {str(lane.lane): whole.selected(period, since) for lane in lanes if (whole := published(lane.reports))}
    parts = ",\n".join(f'"{name}": {document(result)}' for name, result in found.items())
    every = together(settings)
    typer.echo(f'{{"lanes": {{\n{parts}}},\n"all": {routing.document(every)}}}')
    return all(result.explained for result in found.values()) and clean(every)


def show_reconciliation(
    settings: Settings,
    *,
    as_json: bool = False,
    period: str | None = None,
    since: str | None = None,
    csv: Path | None = None,
    xlsx: Path | None = None,
) -> bool:
    """The last published reconciliation, or a part of it; returns whether every break is explained."""
    from crmerp_assets.sync.published import document, published, write_csv, write_workbook

    whole = published(settings.reports)
    if whole is None:
        say("Nothing was reconciled yet; `crmerp sync` does it at its end.")
        return True
    result = whole.selected(period, since)
    files = write_csv(result, csv) if csv else []
    files += [write_workbook(result, xlsx)] if xlsx else []
    if as_json:
        typer.echo(document(result))
        return result.explained
    _show(result, f"won in {period}" if period else f"won since {since}" if since else "won")
    for file in files:
        console.print(f"Wrote {file}", soft_wrap=True, markup=False)
    return result.explained


def _show(result: Reconciliation, what: str) -> None:
    _show_money(result, what)
    _show_company(result)
    _show_breaks(result)
    if result.counts.height:
        table("Records on each side", result.counts)
    _show_drift(result)
    if result.deals.is_empty():
        say("No deal was won since the go-live date (`go_live` in policy.yaml).")
    say("Every gap is explained." if result.explained else "[red]Some money is not explained, see above.[/red]")


def _show_money(result: Reconciliation, what: str) -> None:
    """Months below their currency, with a line for all of them."""
    several = result.periods.group_by("currency").len().filter(pl.col("len") > 1)
    total = result.money.join(several, on="currency", how="semi", nulls_equal=True)
    total = total.with_columns(pl.lit("all").alias("period"))
    months = result.periods.with_columns(pl.col("period").fill_null("no date"))
    rows = pl.concat([months, total], how="diagonal").sort("currency", pl.col("period"), nulls_last=True)
    shown = rows.select(
        pl.col("currency").fill_null("none").alias("in"),
        "period",
        pl.col("won_deals").alias("deals"),
        pl.col("won_amount").alias("won"),
        pl.col("ordered_amount").alias("ordered"),
        (pl.col("won_amount") - pl.col("ordered_amount")).alias("not ordered"),
        (pl.col("invoiced") - pl.col("invoiced_tax")).alias("invoiced"),
        pl.col("not_invoiced").alias("not invoiced"),
        pl.col("invoiced_tax").alias("tax"),
        (pl.col("invoiced") - pl.col("open_balance")).alias("settled"),
        pl.col("open_balance").alias("open"),
    )
    _wide(f"Deals {what}, from won to paid", _with_digits(shown, "in"), keys=2)


def _wide(title: str, frame: pl.DataFrame, keys: int) -> None:
    """A table, or several below one another where it is wider than the terminal: no amount is ever broken."""
    widths = {name: max(map(len, [name, *frame[name].fill_null("")])) + 3 for name in frame.columns}
    names = frame.columns
    room = console.width - sum(widths[name] for name in names[:keys]) + 1
    parts: list[list[str]] = [[]]
    for name in names[keys:]:
        if parts[-1] and sum(widths[one] for one in [*parts[-1], name]) > room:
            parts.append([])
        parts[-1].append(name)
    for number, part in enumerate(parts):
        table(title if number == 0 else "... and", frame.select(*names[:keys], *part), right=part)


def _with_digits(frame: pl.DataFrame, currency: str) -> pl.DataFrame:
    """Amounts as text, each with the decimals of the row's currency; numbers as text."""
    shown = [
        pl.Series(name, [_decimals(value, code) for value, code in zip(frame[name], frame[currency], strict=True)])
        if isinstance(kind, pl.Decimal)
        else frame[name].cast(pl.String)
        for name, kind in frame.schema.items()
    ]
    return pl.DataFrame(shown)


def _decimals(value: Decimal | None, currency: str | None) -> str:
    return "" if value is None else f"{value:,.{minor_units(currency or '')}f}"


def _show_company(result: Reconciliation) -> None:
    """In the company's currency where there is more than that one, and what could not be converted."""
    lacking = result.rates.filter(pl.col("rate_note").is_not_null())
    foreign = result.deals.filter(pl.col("currency") != pl.col("company_currency"))
    if foreign.height:
        shown = result.company.select(
            pl.col("period").fill_null("no date"),
            "company_currency",
            pl.col("company_amount").alias("won"),
            pl.col("company_ordered").alias("ordered"),
            pl.col("company_invoiced").alias("invoiced"),
            pl.col("company_open_balance").alias("open"),
            pl.col("without_rate").alias("no rate"),
        )
        company = foreign["company_currency"][0]
        texts = _with_digits(shown, "company_currency").drop("company_currency")
        _wide(f"All currencies in {company}, each deal at the rate of the day it was won", texts, keys=1)
        used = result.rates.filter(pl.col("rate").is_not_null() & (pl.col("currency") != pl.col("company_currency")))
        table("Rates" if used.height <= SHOWN else f"The first {SHOWN} of {used.height} rates", _rates_shown(used))
    for row in lacking.group_by("rate_note").agg(pl.col("deals").sum()).sort("rate_note").head(3).iter_rows(named=True):
        deals = "1 deal is" if row["deals"] == 1 else f"{row['deals']:,} deals are"
        say(f"{deals} not converted: {row['rate_note']}.")


def _rates_shown(used: pl.DataFrame) -> pl.DataFrame:
    rate = pl.col("rate").cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")
    columns = (
        pl.col("company_currency").alias("to"),
        rate.alias("rate"),
        "rate_date",
        pl.col("rate_source").alias("source"),
    )
    return used.head(SHOWN).select(
        pl.col("currency").alias("from"), *columns, "deals", pl.col("company_amount").alias("comes to")
    )


def _show_breaks(result: Reconciliation) -> None:
    """Sums by reason and who acts, then the first records one by one."""
    keys = ["owner", "reason", "next_step", "currency", "explained"]
    sums = result.breaks.group_by(keys).agg(pl.len().alias("records"), pl.col("amount").sum())
    order = sums.sort("explained", "amount", "owner", "reason", descending=[False, True, False, False], nulls_last=True)
    if order.height:
        _line("What breaks the chain, by reason", 0, "italic")
    for row in order.head(2 * SHOWN).iter_rows(named=True):
        mark = "" if row["explained"] else "NOT EXPLAINED: "
        records = "1 record" if row["records"] == 1 else f"{row['records']:,} records"
        _line(f"{_amount(row)} in {records}", 2, "bold")
        _line(f"{mark}{row['reason']}", 4, "red" if mark else "")
        _line(f"{row['owner']}: {row['next_step']}", 4)
    if order.height > 2 * SHOWN:
        say(f"  ... and {order.height - 2 * SHOWN} more reasons; `crmerp reconcile --json` lists all")
    _show_records(result.breaks)


def _show_records(breaks: pl.DataFrame) -> None:
    if breaks.is_empty():
        return
    say("")
    _line("The first of them" if breaks.height > SHOWN else "All of them", 0, "italic")
    for row in breaks.head(SHOWN).iter_rows(named=True):
        name = "  ".join(str(row[key]) for key in ("record", "number", "name") if row[key])
        _line(f"{row['period'] or 'no date'}  {_amount(row)}  {name}", 2)
        if row["lines"] and row["place"] != "lines_differ":
            _line(row["lines"], 4)
    if breaks.height > SHOWN:
        say(f"  ... and {breaks.height - SHOWN:,} more; `--json`, `--csv DIR` and `--xlsx FILE` name each")
    say("")


def _amount(row: dict[str, Any]) -> str:
    return f"{row['currency'] or 'no currency'} {_decimals(Decimal(row['amount'] or 0), row['currency'])}"


def _line(text: str, indent: int, style: str = "") -> None:
    """A line of which also the part that does not fit stays indented; names are shown as they are."""
    console.print(Padding(Text(text, style=style), (0, 0, 0, indent)))


def _show_drift(result: Reconciliation) -> None:
    if result.compared_with is None:
        say("\nThis was the first run: there is nothing to compare it with.")
        return
    at = f"{result.compared_with:%Y-%m-%d %H:%M} UTC"
    if result.drift.is_empty() and result.drift_totals.is_empty():
        say(f"\nNothing has moved since {at}.")
        return
    counted = result.drift.group_by("change", maintain_order=True).agg(pl.len().alias("n"))
    say("")
    _line(f"Since {at}: " + ", ".join(f"{n:,} {change}" for change, n in counted.iter_rows()), 0)
    for row in result.drift.head(SHOWN).iter_rows(named=True):
        moved = f"{row['before'] or 'not there'} -> {row['after'] or 'not there'}"
        _line(f"{row['change']}: {row['record']} {row['name'] or ''} ({moved})", 2)
    sums = result.drift_totals.group_by("currency", "measure").agg(pl.col("before", "after", "difference").sum())
    named = sums.with_columns(pl.col("measure").str.replace("_amount", "").str.replace("_balance", ""))
    table("Totals that moved", named.sort("currency", "measure", nulls_last=True))
