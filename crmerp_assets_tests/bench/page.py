"""docs/benchmarks.md: what was measured, for a reader who runs the product."""

import os
import platform as machine
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from . import burst as quarter
from .burst import Burst
from .calls import Thrift
from .measure import CHANGES, Measured, Stage
from .reaction import Reaction

_LIMIT = (
    (
        "pull",
        "a bare httpx client fetches the same pages",
        "reads exact JSON, checks every page, stores and compares rows",
    ),
    ("conform", "DuckDB: `CREATE TABLE AS SELECT` of raw columns and a hash", "standardises and validates every field"),
    (
        "link",
        "DuckDB: a join of both sides on their match columns",
        "writes every identity to the ledger and mirrors it",
    ),
    (
        "merge",
        "DuckDB: a full join that coalesces every column",
        "compares with the base; keeps both sides and sources",
    ),
    (
        "plan",
        "DuckDB: a comparison of every column of both sides",
        "writes intents to the ledger, with gates and reasons",
    ),
    (
        "push",
        "full calls only: 200 rows (Salesforce), 100 (NetSuite)",
        "checks versions, polls jobs, reads records back",
    ),
)
_LOADED = (
    "The load includes the benchmark and its sandboxes. What else ran then slows the seconds, and not always a stage "
    "and its limit alike; counts of calls do not suffer."
)
_BEST = (
    "Counted by the sandboxes. The best case of a pull is the fewest pages that hold its rows, object by object: "
    "2,000 rows a call in Salesforce, 1,000 in NetSuite and one more for their lines, and one call for an object "
    "without rows. That of a push is 200 rows a call in Salesforce and 25 to 35 calls per 1,000 customers in "
    "NetSuite, polls and confirmations included, of which the lower end counts. A push also reads each record's "
    "version before it writes and the record back after it; in Salesforce it stays below the best case all the same, "
    "as up to five collections of 200 rows travel in one composite call, which counts once."
)


def page(sizes: Sequence[Measured], load: Sequence[str], minutes: float) -> str:
    """The whole page."""
    parts = [
        "# Benchmarks",
        "`make bench` measures this on your machine and rewrites the page. Both systems are the sandboxes, each in a "
        "process of its own on the same machine, so they share its cores with what is measured.",
        _machine(load, minutes),
        "## Stages\n\nEvery stage is called directly, entity by entity, and its seconds are added up. Its limit is "
        "measured right after it, on the same rows in the same run. Rows of link are records newly linked and open "
        "questions; of merge and plan, records considered; of push, writes applied.",
        _limits(),
    ]
    for size in sizes:
        parts.append(f"### First load: {size.accounts:,} accounts, {size.rows:,} rows of all objects")
        parts.append(_stages(size.first))
        parts.append(f"### {CHANGES} phones changed among {size.accounts:,} accounts")
        parts.append(_stages(size.changes))
    parts += [_growth(sizes[0], sizes[-1]), _thrift([one for size in sizes for one in size.thrift])]
    parts += [_reaction(size.reaction, size.accounts) for size in sizes if size.reaction]
    return "\n\n".join(parts) + "\n"


BURST = "## A hundred deals close within a minute"


def with_burst(text: str, found: Burst, load: str) -> str:
    """The page with the burst as its last part, in place of an earlier one."""
    said = (
        f"{quarter.DEALS} deals of {quarter.LINES} lines in {len(quarter.CURRENCIES)} currencies, of "
        f"{quarter.ACCOUNTS} accounts and {quarter.LINES} products that the ERP does not know yet, are won by "
        f"{quarter.SELLERS} sellers in the demo's company, while the daemon runs with the demo's settings. Its sensors "
        "alone order them. The seconds are those at which the ERP held the orders; it holds exactly what was sold."
    )
    kept = found.ordered <= quarter.PROMISED_SECONDS
    rows = [
        ("Date, load (1 minute) before", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {load}"),
        ("First deal closed to the last", f"{found.closing:.1f} s"),
        ("First deal closed to the first order", f"{found.first:.1f} s"),
        ("**Last deal closed to the last order**", f"**{found.ordered:.1f} s**"),
        (f"Promised: {quarter.PROMISED_SECONDS} s", "kept" if kept else "NOT KEPT"),
    ]
    before = text.partition(BURST)[0].rstrip("\n")
    return f"{before}\n\n{BURST}\n\n{said}\n\n{_table(('What', 'Value'), rows)}\n"


def _machine(load: Sequence[str], minutes: float) -> str:
    names = ("dagster", "duckdb", "polars", "httpx", "sqlalchemy")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    rows = [
        ("Date", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {minutes:.0f} minutes"),
        ("Machine", f"{os.cpu_count()} cores, {_processor()}, {machine.system()} {machine.release()}"),
        ("Load (1 minute) before each size, and at the end", ", ".join(load)),
        ("Python", machine.python_version()),
        ("Libraries", versions),
    ]
    return f"{_table(('What', 'Value'), rows)}\n\n{_LOADED}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else machine.machine()


def _limits() -> str:
    return _table(("Stage", "Its limit", "What the stage does besides"), _LIMIT)


def _stages(found: dict[str, Stage]) -> str:
    rows = [_stage(name, stage) for name, stage in found.items()]
    return _table(("Stage", "Rows", "Seconds", "Rows per second", "Limit", "Times the limit"), rows)


def _stage(name: str, stage: Stage) -> tuple[str, ...]:
    per_second = f"{stage.rows / stage.seconds:,.0f}" if stage.rows else "-"
    limit = f"{stage.limit:.0f} calls, took {stage.calls}" if stage.calls else f"{stage.limit:.2f} s"
    return name, f"{stage.rows:,}", f"{stage.seconds:.2f}", per_second, limit, f"{stage.ratio:.1f}"


def _growth(small: Measured, large: Measured) -> str:
    rows = [
        (name, f"{one.seconds:.2f}", f"{large.changes[name].seconds:.2f}", f"{_times(one, large.changes[name]):.2f}")
        for name, one in small.changes.items()
    ]
    ratio = large.changes_seconds / small.changes_seconds
    growth = {name: _times(one, large.changes[name]) for name, one in small.changes.items()}
    worst = max(growth, key=lambda name: growth[name])
    rows.append(("**all**", f"{small.changes_seconds:.2f}", f"{large.changes_seconds:.2f}", f"**{ratio:.2f}**"))
    head = ("Stage", f"At {small.accounts:,} (s)", f"At {large.accounts:,} (s)", "Ratio")
    said = (
        f"{CHANGES} changes cost {ratio:.2f} times as much among {large.accounts:,} accounts as among "
        f"{small.accounts:,}. A cost that follows the changes alone would give 1, one that follows the data "
        f"{large.accounts // small.accounts}. The stage that grows most is {worst}, {growth[worst]:.2f} times."
    )
    return f"## Does the cost follow what changed?\n\n{said}\n\n{_table(head, rows)}"


def _times(small: Stage, large: Stage) -> float:
    return large.seconds / small.seconds


def _thrift(found: Sequence[Thrift]) -> str:
    rows = [
        (
            one.system,
            one.what,
            f"{one.rows:,}",
            str(one.total),
            one.best_shown,
            f"{one.ratio:.2f}",
        )
        for one in found
    ]
    head = ("System", "What", "Records", "Calls", "Best case", "Times the best case")
    details = "\n".join(f"- {one.system}, {one.rows:,} {one.what}: {_kinds(one)}" for one in found)
    return f"## API calls\n\n{_BEST}\n\n{_table(head, rows)}\n\n{details}"


def _kinds(one: Thrift) -> str:
    return ", ".join(f"{count} x `{call}`" for call, count in sorted(one.calls.items(), key=lambda kind: -kind[1]))


def _reaction(found: Reaction, accounts: int) -> str:
    rows = [
        ("won_deals", f"{found.median:.2f}", f"{min(found.runs):.2f} to {max(found.runs):.2f}"),
        ("empty run", f"{found.median_empty:.2f}", f"{min(found.empty):.2f} to {max(found.empty):.2f}"),
    ]
    ratio = found.median / found.median_empty
    said = (
        f"The job `won_deals` ({found.assets} assets) in a warm process, among {accounts:,} accounts; each run made "
        "one sales order. The empty run has the same assets, dependencies and pools, and its assets do nothing. The job "  # noqa: E501
        f"takes {ratio:.1f} times as long. On top of it comes the wait for the sensor's next look "
        "(`sensors.won_seconds` in policy.yaml)."
    )
    table = _table(("Run", f"Median of {len(found.runs)} (s)", "Range (s)"), rows)
    return f"## From a won deal to its sales order\n\n{said}\n\n{table}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
