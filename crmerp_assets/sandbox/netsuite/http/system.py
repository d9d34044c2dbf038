"""The server's clock, its limits, and the token a client holds."""

from starlette.responses import Response

from crmerp_assets.sandbox.netsuite.http.answers import json_response
from crmerp_assets.sandbox.netsuite.http.call import Call
from crmerp_assets.sandbox.netsuite.http.services import Services


def server_time(services: Services, _: Call) -> Response:
    return json_response({"serverTime": services.account.now().replace(" ", "T") + "Z"})


def governance_limits(services: Services, _: Call) -> Response:
    limit = services.account.options.concurrency_limit
    return json_response(
        {
            "accountConcurrencyLimit": limit,
            "accountUnallocatedConcurrencyLimit": limit,
            "integrationLimitType": "accountLimit",
        }
    )


def token_info(_: Services, call: Call) -> Response:
    return json_response({"roleName": "Integration", "roleId": 3, "userName": call.user})


ROUTES = [
    ("/services/rest/system/v1/serverTime", ("GET",), server_time),
    ("/services/rest/system/v1/governanceLimits", ("GET",), governance_limits),
    ("/rest/tokeninfo", ("GET",), token_info),
]
