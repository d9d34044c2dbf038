"""Refusals of a query, which point at the word they are about."""

import re

from crmerp_assets.sandbox.salesforce.errors import SalesforceError

_HINT = (
    " If you are attempting to use a custom {what}, be sure to append the '{suffix}' after the custom {what} name. "
    "Please reference your WSDL or the describe call for the appropriate names."
)


def malformed(message: str = "unexpected token") -> SalesforceError:
    return SalesforceError("MALFORMED_QUERY", message)


def no_column(soql: str, path: str, entity: str) -> SalesforceError:
    name = path.rpartition(".")[2]
    message = f"No such column '{name}' on entity '{entity}'." + _HINT.format(what="field", suffix="__c")
    return SalesforceError("INVALID_FIELD", _pointing(soql, path, message))


def no_relationship(soql: str, path: str, relationship: str) -> SalesforceError:
    message = f"Didn't understand relationship '{relationship}' in field path."
    message += _HINT.format(what="relationship", suffix="__r")
    return SalesforceError("INVALID_FIELD", _pointing(soql, path, message))


def no_child_list(soql: str, name: str) -> SalesforceError:
    message = f"Didn't understand relationship '{name}' in FROM part of query call."
    message += _HINT.format(what="relationship", suffix="__r")
    return SalesforceError("INVALID_TYPE", _pointing(soql, name, message))


def wrong_literal(soql: str, field: str, kind: str, quoted: bool) -> SalesforceError:
    quotes = "should" if quoted else "should not"
    message = f"value of filter criterion for field '{field}' must be of type {kind} and {quotes} be enclosed in quotes"
    return SalesforceError("INVALID_FIELD", _pointing(soql, field, message))


def _pointing(soql: str, word: str, message: str) -> str:
    found = re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", soql, re.IGNORECASE)
    column = found.start() if found else 0
    return f"\n{soql}\n{' ' * column}^\nERROR at Row:1:Column:{column + 1}\n{message}"
