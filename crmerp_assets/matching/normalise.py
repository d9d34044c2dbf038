"""Records made ready for matching: SQL for all rows, Python libraries only on distinct values that need them."""

import re
from collections.abc import Callable, Mapping

import duckdb
import polars as pl

from crmerp_assets.canonical.iso import country_codes
from crmerp_assets.matching.fragments import quoted
from crmerp_assets.matching.spec import Spec
from crmerp_assets.standardise.company import FORMS_IN_OTHER_SCRIPTS
from crmerp_assets.standardise.countries import country
from crmerp_assets.standardise.matching_keys import domain_key
from crmerp_assets.standardise.shared_domains import shared_domains

LONGEST = 200
"""Characters of a value that are looked at: a text of a megabyte in a name field is not a longer name."""
_BEFORE_HOST = r"^(?:[a-z]+:/*|mailto:)?(?:[^/?#@]*@)?(?:www\.|\.)*"
_NAME = re.compile(r"\w+")
_HOST = r"^[^/?#:@\s]+"


def normalise(con: duckdb.DuckDBPyConnection, spec: Spec, source: str, target: str) -> None:
    """Make the temporary table `target` of records: rid, side, native_id and the spec's columns.

    The relation `source` has rid (the own number of a record), side, native_id and the canonical columns that
    `spec.inputs` names, as text; those it lacks count as missing.
    """
    columns = {row[0] for row in con.execute(f"DESCRIBE FROM {source}").fetchall()}
    rows = f"({_prepared(con, spec, source, columns)})"
    for level in _levels(spec.columns):
        rows = f"(SELECT *, {', '.join(f'{spec.columns[name]} AS {name}' for name in level)} FROM {rows})"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {target} AS SELECT rid, side, native_id, {', '.join(spec.kept)} FROM {rows}"
    )
    con.execute("DROP TABLE _cut")


def _levels(columns: Mapping[str, str]) -> list[list[str]]:
    """The columns in as few steps as their use of one another allows. What is an alias in its own step is computed
    again by each that uses it; and planning a step takes longer than carrying it out for a few records."""
    level: dict[str, int] = {}
    for name, sql in columns.items():
        level[name] = 1 + max((level[used] for used in _NAME.findall(sql) if used in level), default=-1)
    return [[name for name in columns if level[name] == step] for step in range(1 + max(level.values()))]


def _prepared(con: duckdb.DuckDBPyConnection, spec: Spec, source: str, columns: set[str]) -> str:
    """SQL for rid, side, native_id, `in_<input>` for each input, and where there is a country, its dial code `in_dial`
    and trunk prefix `in_trunk`; it reads the temporary table `_cut`, which is made here."""
    cut = {name: _cut(column, kind, columns) for name, (column, kind) in spec.inputs.items()}
    con.execute(
        "CREATE OR REPLACE TEMP TABLE _cut AS SELECT rid, side, native_id, "
        f"{', '.join(f'{sql} AS {name}' for name, sql in cut.items())} FROM {source}"
    )
    selected, joins = ["c.rid", "c.side", "c.native_id"], []
    for name, (_, kind) in spec.inputs.items():
        if kind == "raw":
            selected.append(f"c.{name} AS in_{name}")
            continue
        looked_up, value, function = _KINDS[kind]
        key = looked_up.format(f"c.{name}")
        _look_up(con, f"_{name}_found", f"SELECT DISTINCT {key} AS raw FROM _cut c", function)
        joins.append(f"LEFT JOIN _{name}_found f_{name} ON f_{name}.raw = {key}")
        selected.append(f"{value.format(f'c.{name}', f'f_{name}.found')} AS in_{name}")
    if "country" in spec.inputs:
        _dials(con, "_dials")
        joins.append("LEFT JOIN _dials d ON d.country = f_country.found")
        selected += ["d.dial AS in_dial", "d.trunk AS in_trunk"]
    return f"SELECT {', '.join(selected)} FROM _cut c {' '.join(joins)}"


def _cut(column: str, kind: str, columns: set[str]) -> str:
    """SQL for what of an input is looked at: its first characters, of a web or mail address its host."""
    if column not in columns:
        return "NULL::VARCHAR"
    text = f"nullif(trim(left(\"{column}\", {LONGEST})), '')"
    host = f"nullif(rtrim(regexp_extract(regexp_replace(lower({text}), '{_BEFORE_HOST}', ''), '{_HOST}'), '.'), '')"
    return host if kind == "host" else text


def _look_up(
    con: duckdb.DuckDBPyConnection, table: str, distinct: str, function: Callable[[pl.Series], pl.Series]
) -> None:
    raw = con.execute(f"SELECT raw FROM ({distinct}) WHERE raw IS NOT NULL").pl()["raw"]
    if raw.is_empty():
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} (raw VARCHAR, found VARCHAR)")
        return
    found = pl.DataFrame(
        {"raw": raw, "found": function(raw).cast(pl.String)}, schema={"raw": pl.String, "found": pl.String}
    )
    con.register("_found", found.to_arrow())
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM _found")
    con.unregister("_found")


def _plain(values: pl.Series) -> pl.Series:
    """In ASCII, without legal forms that are written in other scripts."""
    from anyascii import anyascii

    bare = values.str.replace_all(FORMS_IN_OTHER_SCRIPTS, " ").str.strip_chars()
    kept = pl.select(pl.when(bare == "").then(values).otherwise(bare)).to_series()
    letters = sorted(set("".join(kept.str.replace_all(r"[\x00-\x7f]+", "").unique())))
    return kept.str.replace_many(letters, [anyascii(letter) for letter in letters]) if letters else kept


def _registrable(parents: pl.Series) -> pl.Series:
    """What stands under a parent domain, `x.<parent>`, as far as it is registrable."""
    return ("x." + parents).to_frame("raw").select(domain_key(pl.col("raw")))["raw"]


def _country(values: pl.Series) -> pl.Series:
    """ISO codes; what is no country that anybody knows is no evidence."""
    found = values.to_frame("raw").select(country(pl.col("raw")))["raw"]
    return found.set(~found.is_in(sorted(country_codes())).fill_null(value=False), None)


def _dials(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Dial code and trunk prefix of each country that was found."""
    import phonenumbers

    rows = []
    for (code,) in con.execute("SELECT DISTINCT found FROM _country_found WHERE found IS NOT NULL").fetchall():
        found = phonenumbers.PhoneMetadata.metadata_for_region(code, None)
        if found is not None:
            rows.append((code, str(found.country_code), found.national_prefix or ""))
    frame = pl.DataFrame(rows, schema={"country": pl.String, "dial": pl.String, "trunk": pl.String}, orient="row")
    con.register("_found", frame.to_arrow())
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM _found")
    con.unregister("_found")


# By kind: SQL of what is looked up for a value `{0}` or null where SQL will do, SQL of the prepared value with what was
# found as `{1}`, and the looking up. A host of two labels is registrable as it is. Of a longer one its parent is looked
# up: a hundred thousand firms have their domains under the same few, such as co.uk. What many share is no evidence.
_PARENT = "substr({0}, strpos({0}, '.') + 1)"
_DOMAIN = f"CASE WHEN {{0}} NOT LIKE '%.%.%' OR {{1}} = 'x.' || {_PARENT} THEN {{0}} ELSE {{1}} END"
_KINDS: dict[str, tuple[str, str, Callable[[pl.Series], pl.Series]]] = {
    "text": (
        "CASE WHEN NOT regexp_full_match({0}, '[\\x00-\\x7f]*') THEN {0} END",
        "lower(coalesce({1}, {0}))",
        _plain,
    ),
    "host": (
        f"CASE WHEN {{0}} LIKE '%.%.%' THEN {_PARENT} END",
        f"CASE WHEN contains({{0}}, '.') AND {_DOMAIN} NOT IN ("
        + ", ".join(quoted(domain) for domain in sorted(shared_domains()))
        + f") THEN {_DOMAIN} END",
        _registrable,
    ),
    "country": ("{0}", "{1}", _country),
}
