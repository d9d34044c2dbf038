"""Which customers the ERP shall know: conditions on canonical fields, and the sentence that says which one fails.

A company that keeps only some of its customers in the ERP (one subsidiary's countries, no internal accounts) says so
here. Values are canonical: countries by ISO 3166-1 alpha-2, currencies by ISO 4217, whatever the systems call them.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.canonical.iso import country_codes, currency_codes

CUSTOMER = ENTITIES["customer"]
USABLE = {field.name: field.kind for field in CUSTOMER.fields if field.kind in ("text", "bool") and not field.personal}
"""Fields that a scope may name. Personal ones are not among them: the reason shows the value."""
Values = Annotated[tuple[str, ...], Field(min_length=1)]


class CustomerScope(BaseModel):
    """`only`: each field named must have one of its values, so a blank is outside. `without`: none of these values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    only: Mapping[str, Values] = {}
    without: Mapping[str, Values] = {}

    @field_validator("only", "without", mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: _values(name, given) for name, given in value.items()}

    @property
    def fields(self) -> tuple[str, ...]:
        """The canonical fields that decide, each once."""
        return tuple(dict.fromkeys([*self.only, *self.without]))

    def outside(self, column: str = "{}") -> pl.Expr:
        """Why a customer is outside the scope, or null where it is inside; `column` says what a field's column is."""
        reasons = [*self._lacking(column), *self._excluded(column)]
        return pl.coalesce(*reasons) if reasons else pl.lit(None, dtype=pl.String)

    def _lacking(self, column: str) -> Iterator[pl.Expr]:
        for name, allowed in self.only.items():
            value = pl.col(column.format(name))
            said = pl.format(f"{name} is {{}}, and only {', '.join(allowed)} is in scope", value.fill_null("blank"))
            yield pl.when(~value.is_in(allowed).fill_null(value=False)).then(said)

    def _excluded(self, column: str) -> Iterator[pl.Expr]:
        for name, refused in self.without.items():
            value = pl.col(column.format(name))
            yield pl.when(value.is_in(refused)).then(pl.format(f"{name} is {{}}, which is out of scope", value))


class Scope(BaseModel):
    """The whole of `scope` in policy.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    customer: CustomerScope = CustomerScope()


def _values(name: str, given: Any) -> Any:
    if name not in USABLE:
        raise ValueError(f"a scope cannot ask for '{name}'; it can for {', '.join(USABLE)}")
    if not isinstance(given, list | tuple):
        return given
    if USABLE[name] == "bool":
        return tuple(str(value).lower() for value in given)
    for value in given:
        if not isinstance(value, str):
            raise ValueError(f"{name}: {value} is no text; put it in quotes")
        _check_code(name, value)
    return tuple(given)


def _check_code(name: str, value: str) -> None:
    codes = country_codes() if name.endswith("_country") else currency_codes() if name == "currency" else None
    if codes is not None and value not in codes:
        raise ValueError(f"{name}: '{value}' is no ISO code; write it as the golden record does, such as US or USD")
