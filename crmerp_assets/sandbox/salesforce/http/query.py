"""The query resources."""

import re

from crmerp_assets.sandbox.salesforce.errors import SalesforceError
from crmerp_assets.sandbox.salesforce.http.call import Answer, Call
from crmerp_assets.sandbox.salesforce.http.service import Service
from crmerp_assets.sandbox.salesforce.soql import PAGE, Ask

_BATCH = re.compile(r"batchSize=(\d+)")


def query(service: Service, call: Call) -> Answer:
    return Answer(200, service.queries.run(_ask(call, deleted_too=False)))


def query_all(service: Service, call: Call) -> Answer:
    """Deleted records too."""
    return Answer(200, service.queries.run(_ask(call, deleted_too=True)))


def more(service: Service, call: Call) -> Answer:
    ask = Ask("", call.actor, call.version, fault=call.fault)
    return Answer(200, service.queries.more(call.match["locator"], ask))


def _ask(call: Call, deleted_too: bool) -> Ask:
    if "q" not in call.query:
        raise SalesforceError("MALFORMED_QUERY", "A query string has to be specified")
    size = _BATCH.search(call.headers.get("sforce-query-options", ""))
    batch = min(PAGE, max(200, int(size[1]))) if size else PAGE
    return Ask(call.query["q"], call.actor, call.version, deleted_too, batch, call.fault)
