"""Records made ready for matching: SQL for all rows, Python libraries only on distinct values that need them."""

import re
from collections.abc import Callable

import duckdb
import polars as pl

from crmerp_assets.canonical.iso import country_codes
from crmerp_assets.matching.spec import Spec
from crmerp_assets.standardise.company import FORMS_IN_OTHER_SCRIPTS
from crmerp_assets.standardise.countries import country
from crmerp_assets.standardise.matching_keys import domain_key

LONGEST = 200
"""Characters of a value that are looked at: a text of a megabyte in a name field is not a longer name."""
_HOST = r"^(?:[a-z]+:/*|mailto:)?(?:[^/?#@]*@)?(?:www\.)?([^/?#:@\s]+)"
_FORMS = re.compile(FORMS_IN_OTHER_SCRIPTS)


def normalise(con: duckdb.DuckDBPyConnection, spec: Spec, source: str, target: str) -> None:
    """Make the table `target` of the records in the relation `source`: rid, side, native_id and the spec's columns.

    `source` has rid (a whole number that is the record's own), side, native_id and the canonical columns that
    `spec.inputs` names, as text; those it lacks count as missing.
    """
    columns = {row[0] for row in con.execute(f"DESCRIBE FROM {source}").fetchall()}
    _prepare(con, spec, source, columns)
    rows = "_prepared"
    for name, sql in spec.columns.items():  # one by one: an alias used again would be computed again
        rows = f"(SELECT *, {sql} AS {name} FROM {rows})"
    con.execute(
        f"CREATE OR REPLACE TABLE {target} AS SELECT rid, side, native_id, {', '.join(spec.columns)} FROM {rows}"
    )
    con.execute("DROP TABLE _prepared")


def _prepare(con: duckdb.DuckDBPyConnection, spec: Spec, source: str, columns: set[str]) -> None:
    """Make `_prepared`: rid, side, native_id, `in_<input>` for each input, and where there is a country, its dial
    code `in_dial` and trunk prefix `in_trunk`."""
    selected, joins = ["r.rid", "r.side", "r.native_id"], []
    for name, (column, kind) in spec.inputs.items():
        raw = f'left(r."{column}", {LONGEST})' if column in columns else "NULL::VARCHAR"
        if kind == "raw" or column not in columns:
            selected.append(f"nullif(trim({raw}), '') AS in_{name}")
            continue
        value, lookup, function = _kinds(raw, kind)
        _look_up(con, f"_{name}_found", f"SELECT DISTINCT {lookup} AS raw FROM {source} r", function)
        joins.append(f"LEFT JOIN _{name}_found {name} ON {name}.raw = {lookup}")
        selected.append(f"{value.format(found=f'{name}.found')} AS in_{name}")
    if "country" in spec.inputs:
        known = spec.inputs["country"][0] in columns
        _dials(con, "_dials", "SELECT DISTINCT found FROM _country_found" if known else None)
        joins.append("LEFT JOIN _dials d ON d.country = " + ("country.found" if known else "NULL"))
        selected += ["d.dial AS in_dial", "d.trunk AS in_trunk"]
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE _prepared AS SELECT {', '.join(selected)} FROM {source} r {' '.join(joins)}"
    )


def _kinds(raw: str, kind: str) -> tuple[str, str, Callable[[pl.Series], pl.Series]]:
    """(SQL of the prepared value with `{found}`, SQL of what is looked up or null, the looking up)."""
    if kind == "text":
        foreign = f"CASE WHEN NOT regexp_full_match({raw}, '[\\x00-\\x7f]*') THEN {raw} END"
        return f"nullif(trim(lower(coalesce({{found}}, {raw}))), '')", foreign, _plain
    if kind == "host":
        return "{found}", f"nullif(regexp_extract(lower({raw}), '{_HOST}', 1), '')", _registrable
    return "{found}", f"nullif(trim({raw}), '')", _country


def _look_up(
    con: duckdb.DuckDBPyConnection, table: str, distinct: str, function: Callable[[pl.Series], pl.Series]
) -> None:
    raw = con.execute(f"SELECT raw FROM ({distinct}) WHERE raw IS NOT NULL").pl()["raw"]
    found = pl.DataFrame(
        {"raw": raw, "found": function(raw).cast(pl.String)}, schema={"raw": pl.String, "found": pl.String}
    )
    con.register("_found", found.to_arrow())
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM _found")
    con.unregister("_found")


def _plain(values: pl.Series) -> pl.Series:
    """In ASCII, without legal forms that are written in other scripts."""
    from anyascii import anyascii

    return pl.Series("found", [anyascii(_FORMS.sub(" ", value).strip() or value) for value in values], pl.String)


def _registrable(values: pl.Series) -> pl.Series:
    return values.to_frame("raw").select(domain_key(pl.col("raw")))["raw"]


def _country(values: pl.Series) -> pl.Series:
    """ISO codes; what is no country that anybody knows is no evidence."""
    found = values.to_frame("raw").select(country(pl.col("raw")))["raw"]
    return found.set(~found.is_in(sorted(country_codes())).fill_null(value=False), None)


def _dials(con: duckdb.DuckDBPyConnection, table: str, countries: str | None) -> None:
    """Dial code and trunk prefix of each country."""
    import phonenumbers

    known = [row[0] for row in con.execute(countries).fetchall()] if countries else []
    rows = []
    for code in known:
        found = phonenumbers.PhoneMetadata.metadata_for_region(code, None) if code else None
        if found is not None:
            rows.append((code, str(found.country_code), found.national_prefix or ""))
    frame = pl.DataFrame(rows, schema={"country": pl.String, "dial": pl.String, "trunk": pl.String}, orient="row")
    con.register("_found", frame.to_arrow())
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM _found")
    con.unregister("_found")
