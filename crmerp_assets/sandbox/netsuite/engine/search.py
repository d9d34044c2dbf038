"""The `q` parameter of a collection: `companyName START_WITH "Ac" AND creditLimit GREATER 10`, body fields only."""

import re
from collections.abc import Callable
from datetime import datetime

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.errors import NetSuiteError, invalid_parameter
from crmerp_assets.sandbox.netsuite.schema import Field, RecordType

_TOKEN = re.compile(r'\s*(\(|\)|"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^\s()]+)')
_DATE_FORMATS = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y")
_TEXT = {
    "IS": ("{c} = ?", "{}"),
    "CONTAIN": ("{c} LIKE ?", "%{}%"),
    "START_WITH": ("{c} LIKE ?", "{}%"),
    "END_WITH": ("{c} LIKE ?", "%{}"),
}
_NUMBERS = {
    "EQUAL": "=",
    "GREATER": ">",
    "GREATER_OR_EQUAL": ">=",
    "LESS": "<",
    "LESS_OR_EQUAL": "<=",
    "AFTER": ">",
    "BEFORE": "<",
    "ON": "=",
    "ON_OR_AFTER": ">=",
    "ON_OR_BEFORE": "<=",
}
Clause = tuple[str, list[object]]


def where(account: Account, record: RecordType, query: str) -> Clause:
    """A SQL condition and its values. Raises NetSuiteError for what is not a condition on this record's fields."""
    return _Parser(account, record, query).parse()


class _Parser:
    """Recursive descent; AND binds tighter than OR."""

    def __init__(self, account: Account, record: RecordType, query: str) -> None:
        self.account = account
        self.record = record
        self.tokens = _TOKEN.findall(query)

    def parse(self) -> Clause:
        clause = self._chain("OR", lambda: self._chain("AND", self._factor))
        if self.tokens:
            raise _refused(f"Unexpected '{self.tokens[0]}'.")
        return clause

    def _chain(self, word: str, part: Callable[[], Clause]) -> Clause:
        sql, values = part()
        while self.tokens and self.tokens[0].upper() == word:
            self.tokens.pop(0)
            more, extra = part()
            sql, values = f"({sql} {word} {more})", values + extra
        return sql, values

    def _factor(self) -> Clause:
        if self._next() != "(":
            return self._condition()
        self.tokens.pop(0)
        clause = self._chain("OR", lambda: self._chain("AND", self._factor))
        if self._next() != ")":
            raise _refused("A parenthesis is not closed.")
        self.tokens.pop(0)
        return clause

    def _next(self) -> str:
        if not self.tokens:
            raise _refused("The condition is not complete.")
        return str(self.tokens[0])

    def _take(self) -> str:
        token = self._next()
        self.tokens.pop(0)
        return token

    def _condition(self) -> Clause:
        field = self._field(self._take())
        operator = self._take().upper()
        column = "id" if field is None else f'"{field.column}"'
        negated = operator.endswith("_NOT")
        operator = operator.removesuffix("_NOT")
        sql, values = self._compare(column, operator, field)
        return (f"NOT COALESCE({sql}, 0)" if negated else sql), values

    def _field(self, name: str) -> Field | None:
        field = self.record.fields.get(name)
        if field is None and name != "id":
            raise _refused(f"Unknown field '{name}'.")
        return field

    def _compare(self, column: str, operator: str, field: Field | None) -> Clause:
        if operator == "EMPTY":
            return f"{column} IS NULL", []
        if operator in _TEXT:
            sql, pattern = _TEXT[operator]
            return sql.format(c=column), [pattern.format(self._value(field))]
        if operator in _NUMBERS:
            sql = f"substr({column}, 1, 10)" if operator == "ON" else column
            return f"{sql} {_NUMBERS[operator]} ?", [self._value(field)]
        if operator == "BETWEEN":
            return f"{column} BETWEEN ? AND ?", _listed(self._take())
        if operator == "ANY_OF":
            values = _listed(self._take())
            return f"{column} IN ({', '.join('?' * len(values))})", values
        raise _refused(f"Unknown operator '{operator}'.")

    def _value(self, field: Field | None) -> object:
        token = self._take()
        text = token[1:-1].replace('\\"', '"') if token.startswith('"') else token
        if field is None or field.kind not in ("date", "datetime", "boolean"):
            return text
        if field.kind == "boolean":
            return "T" if text.lower() in ("true", "t") else "F"
        return _moment(self.account, field, text)


def _moment(account: Account, field: Field, text: str) -> str:
    """Dates come as the user's preference writes them, in the account's time zone."""
    for form in _DATE_FORMATS:
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=account.zone)
        except ValueError:
            continue
        return account.stored_time(moment) if field.kind == "datetime" else moment.date().isoformat()
    raise _refused(f"'{text}' is not a date of the form MM/DD/YYYY hh:mm:ss AM.")


def _listed(token: str) -> list[object]:
    return [part.strip().strip('"') for part in token.strip("[]").split(",")]


def _refused(detail: str) -> NetSuiteError:
    return invalid_parameter("q", f"Invalid search query. {detail}")
