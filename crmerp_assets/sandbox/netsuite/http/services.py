"""What the handlers need."""

from dataclasses import dataclass, field

from crmerp_assets.sandbox.netsuite.engine import Account, Records
from crmerp_assets.sandbox.netsuite.http.call import Call
from crmerp_assets.sandbox.netsuite.http.pages import Pages
from crmerp_assets.sandbox.netsuite.jobs import Jobs
from crmerp_assets.sandbox.netsuite.suiteql import Queries


@dataclass(frozen=True, slots=True)
class Services:
    records: Records
    queries: Queries
    jobs: Jobs
    pages: Pages = field(default_factory=Pages)

    @property
    def account(self) -> Account:
        return self.records.account

    def user_id(self, call: Call) -> int:
        with self.account.reading():
            row = self.account.row("SELECT id FROM employee WHERE entityid = ?", call.user)
        return int(row["id"]) if row else 3
