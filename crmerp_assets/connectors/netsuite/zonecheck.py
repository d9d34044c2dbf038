"""Whether the configured time zone is the one SuiteQL tells time in.

A wrong zone is silent and dear: pulls would start hours late and miss changes. REST answers in UTC and SuiteQL in the
zone of the integration user, so one record read both ways shows the difference.
"""

from __future__ import annotations

from datetime import timedelta

from crmerp_assets.connectors.errors import ConnectorError
from crmerp_assets.connectors.http import HttpClient
from crmerp_assets.connectors.netsuite.answers import read_json
from crmerp_assets.connectors.netsuite.suiteql import SuiteQL
from crmerp_assets.connectors.netsuite.times import WallClock, parse_instant
from crmerp_assets.connectors.protocol import Finding

# The smallest distance between two time zones; anything less is a record that was saved between the two readings.
_ZONE_STEP = timedelta(minutes=15)
_NEWEST = (
    "SELECT t.id AS id, TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS modified FROM customer t "
    "WHERE t.id = (SELECT MAX(c.id) FROM customer c)"
)


def check_zone(http: HttpClient, suiteql: SuiteQL, wall: WallClock) -> Finding:
    """Compares both readings of the newest customer; an account without customers has nothing to compare yet."""
    try:
        apart = _apart(http, suiteql, wall)
    except (ConnectorError, ValueError, KeyError):
        apart = None
    if apart is None:
        return Finding(True, "The account's time zone could not be compared", "Check again when there are customers.")
    if abs(apart) < _ZONE_STEP:
        return Finding(True, "The account's time zone is as configured", "Nothing to do.")
    what = f"SuiteQL's times are {apart / timedelta(hours=1):+.2f} hours off"
    return Finding(False, what, "Set account_timezone to the time zone in the integration user's preferences.")


def _apart(http: HttpClient, suiteql: SuiteQL, wall: WallClock) -> timedelta | None:
    rows = suiteql.rows(_NEWEST)
    if not rows or not rows[0].get("modified"):
        return None
    path = f"/services/rest/record/v1/customer/{rows[0]['id']}"
    answer = read_json(http.request("GET", path, params={"fields": "lastModifiedDate"}))
    return parse_instant(wall.instant(rows[0]["modified"] or "")) - parse_instant(answer["lastModifiedDate"])
