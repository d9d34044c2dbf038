"""Splink on the same records, keys and levels: trained by itself, and with our weights.

Runs in an environment of its own (`make bench-matching` makes it), which has Splink and none of this project.
"""

import json
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import duckdb
from splink import DuckDBAPI, Linker

from .gauge import Gauge

THREADS = 2
TRAINED_ON = ("l.name = r.name", "l.domain = r.domain")
"""Each pair of records for its EM agrees in one of these, so that it can learn the other features."""
SAMPLED_PAIRS = 1e7
_CERTAIN = ["l.tax = r.tax", "l.domain = r.domain and l.name = r.name"]


def trained(linker: Linker, gauge: Gauge) -> None:
    """As its documentation has it."""
    with gauge.stage("train: u"):
        linker.training.estimate_probability_two_random_records_match(_CERTAIN, recall=0.7)
        linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=1)
    with gauge.stage("train: EM"):
        for rule in TRAINED_ON:
            linker.training.estimate_parameters_using_expectation_maximisation(rule)


def exported(linker: Linker, gauge: Gauge) -> None:
    """Our weights: there is nothing to train."""


HOW: dict[str, Callable[[Linker, Gauge], None]] = {"trained": trained, "exported": exported}


def main() -> None:
    """`theirs trained|exported FOLDER`: writes `splink-<how>.json` and `splink-<how>.parquet` (rid_l, rid_r, p)."""
    how, folder = sys.argv[1], Path(sys.argv[2])
    gauge = Gauge()
    con = duckdb.connect()
    con.execute(f"SET threads = {THREADS}; SET enable_progress_bar = false")
    settings = json.loads((folder / "splink.json").read_text(encoding="utf-8"))
    with gauge.stage("load"):
        api = DuckDBAPI(con)
        sides = [_side(con, api, folder, side) for side in ("crm", "erp")]
        linker = Linker(sides, settings if how == "exported" else _without_weights(settings))
    HOW[how](linker, gauge)
    with gauge.stage("pairs, levels, score"):
        found = linker.inference.predict()
    con.execute(
        f"COPY (SELECT rid_l AS l, rid_r AS r, match_weight AS weight, match_probability AS p "
        f"FROM {found.physical_name}) TO '{folder / f'splink-{how}.parquet'}'"
    )
    (folder / f"splink-{how}.json").write_text(json.dumps(gauge.report()), encoding="utf-8")


def _side(con: duckdb.DuckDBPyConnection, api: DuckDBAPI, folder: Path, side: str) -> Any:
    con.execute(f"CREATE TABLE in_{side} AS FROM '{folder / f'splink-in-{side}.parquet'}'")
    return api.register(f"in_{side}", dataset_display_name=side)


def _without_weights(settings: dict[str, Any]) -> dict[str, Any]:
    bare = deepcopy(settings)
    for comparison in bare["comparisons"]:
        for level in comparison["comparison_levels"]:
            for name in ("m_probability", "u_probability", "fix_m_probability", "fix_u_probability"):
                level.pop(name, None)
    return bare


main()
