"""The query service: SuiteQL in, a page out."""

from starlette.responses import Response

from crmerp_assets.sandbox.netsuite.errors import invalid_content, invalid_header
from crmerp_assets.sandbox.netsuite.http.answers import json_response, page_links
from crmerp_assets.sandbox.netsuite.http.auth import INTEGRATION_USER
from crmerp_assets.sandbox.netsuite.http.call import Call
from crmerp_assets.sandbox.netsuite.http.services import Services

PATH = "/services/rest/query/v1/suiteql"


def suiteql(services: Services, call: Call) -> Response:
    call.allow("limit", "offset")
    if not call.prefers("transient"):
        raise invalid_header("Prefer", "The required request header 'Prefer' is missing or not set to 'transient'.")
    body = call.json()
    if not isinstance(body.get("q"), str) or not body["q"].strip():
        raise invalid_content("q", "Invalid content in the request body. Provide a query in the property 'q'.")
    params = body.get("params", [])
    if not isinstance(params, list):
        raise invalid_content("params", "Invalid content in the request body. Provide params as an array.")
    levels = services.account.levels if call.user == INTEGRATION_USER else {}
    hidden = frozenset(name.lower() for name, level in levels.items() if level == "none")
    page = services.queries.run(body["q"], params, call.number("limit", 1000), call.number("offset", 0), hidden)
    return json_response(
        {
            "links": page_links(call.root + PATH, page.limit, page.offset, page.total),
            "count": len(page.items),
            "hasMore": page.more,
            "items": services.pages.served(call, body["q"], page.items),
            "offset": page.offset,
            "totalResults": page.total,
        }
    )


ROUTES = [(PATH, ("POST",), suiteql)]
