"""The NetSuite sandbox: the account, its API and its administration as one server."""

import re
import sqlite3
from pathlib import Path
from typing import Any, ClassVar

from starlette.responses import Response
from starlette.routing import BaseRoute

from crmerp_assets.sandbox.kit import Sandbox
from crmerp_assets.sandbox.netsuite.admin import Administration
from crmerp_assets.sandbox.netsuite.engine import Account, Options, Records
from crmerp_assets.sandbox.netsuite.errors import invalid_login, too_many_requests, unexpected
from crmerp_assets.sandbox.netsuite.gauge import Gauge, Time
from crmerp_assets.sandbox.netsuite.http import Api
from crmerp_assets.sandbox.netsuite.http.answers import error_response
from crmerp_assets.sandbox.netsuite.http.auth import Authentication
from crmerp_assets.sandbox.netsuite.http.oauth1 import TokenSecrets
from crmerp_assets.sandbox.netsuite.jobs import Jobs
from crmerp_assets.sandbox.netsuite.keys import ACCOUNT, load_or_make
from crmerp_assets.sandbox.netsuite.suiteql.functions import register

_RECORD_ID = re.compile(r"/(?:\d+|eid:[^/]+)(?=/|$)")
_PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;"


class NetSuiteSandbox(Sandbox):
    """A server that behaves like a NetSuite account. `options` are those of `engine.Options`.

    `requests` and `jobs.gauge` tell how full its places were, by `time` where a test gives its own.
    """

    system: ClassVar[str] = "netsuite"

    def __init__(
        self, directory: Path, port: int = 0, tls: bool = False, time: Time | None = None, **options: Any
    ) -> None:
        super().__init__(directory, port, tls)
        self._time = time
        self.options = Options(**options)
        self._keys, key_file, self._public_key = load_or_make(directory)
        self.credentials |= {
            "NETSUITE_ACCOUNT": ACCOUNT,
            "NETSUITE_CLIENT_ID": self._keys.client_id,
            "NETSUITE_CERTIFICATE_ID": self._keys.certificate_id,
            "NETSUITE_PRIVATE_KEY_FILE": str(key_file),
            "NETSUITE_CONSUMER_SECRET": self._keys.consumer_secret,
            "NETSUITE_TOKEN_ID": self._keys.token_id,
            "NETSUITE_TOKEN_SECRET": self._keys.token_secret,
        }
        self._open()

    def _open(self) -> None:
        keys = self._keys
        self._db: sqlite3.Connection | None = sqlite3.connect(
            self.directory / "netsuite.sqlite", isolation_level=None, check_same_thread=False
        )
        self._db.executescript(_PRAGMAS)
        account = Account(self._db, self.clock, self.options)
        register(self._db, account)
        self.records = Records(account)
        self.jobs = Jobs(self.records, self._time)
        self.requests = Gauge(self.options.concurrency_limit, *([self._time.now] if self._time else []))
        secrets = TokenSecrets(ACCOUNT, keys.client_id, keys.consumer_secret, keys.token_id, keys.token_secret)
        certificates = {keys.certificate_id: self._public_key}
        self.authentication = Authentication(account, keys.client_id, certificates, secrets, keys.host)
        self.administration = Administration(self.records, self.authentication)

    def _close(self) -> None:
        self.jobs.stop()
        self.options = self.records.account.options
        if self._db is not None:
            self._db.close()
            self._db = None

    def start(self) -> None:
        """Serve in a thread; jobs that were pending at the last stop are taken up again."""
        if self._db is None:
            self._open()
        self.jobs.start()
        super().start()

    def stop(self) -> None:
        """Stop serving and close the database; `start` opens it again."""
        super().stop()
        self._close()

    def serve_forever(self) -> None:
        """Serve in the foreground until a signal ends it."""
        self.jobs.start()
        try:
            super().serve_forever()
        finally:
            self._close()

    def routes(self) -> list[BaseRoute]:
        """The vendor's API and the admin calls that only this system has."""
        return [
            *Api(self.records, self.authentication, self.jobs, self.requests, self._time).routes(),
            *self.administration.routes(),
        ]

    def seed(self, object: str, records: list[dict[str, Any]]) -> list[str]:
        """Insert records in bulk, all or none. Raises ValueError with the vendor's refusal."""
        return self.administration.seed(object, records)

    def late(self, object: str, id: str, seconds_ago: float) -> None:
        """Set a record's modification date back."""
        self.administration.late(object, id, seconds_ago)

    def count(self, object: str) -> int:
        """Records of a REST type, or rows of a SuiteQL table."""
        return self.administration.count(object)

    def field_rule(
        self, object: str, field: str, required: bool = False, values: list[str] | None = None, removed: bool = False
    ) -> None:
        """Demand a value, or one of a list, of a custom field; or remove it."""
        self.administration.field_rule(object, field, required, values, removed)

    def person_token(self, user: str) -> str:
        """A token for a named person, who becomes an employee of the account."""
        return self.authentication.issue(user)

    def user_of(self, authorization: str) -> str:
        """Who calls, from the Authorization header."""
        return self.authentication.known_user(authorization)

    def call_name(self, method: str, path: str) -> str:
        """Calls are counted by what they are, whichever record they concern."""
        return f"{method} {_RECORD_ID.sub('/{id}', path.removeprefix('/services/rest'))}"

    def throttled(self) -> Response:
        """429 without Retry-After."""
        return error_response(too_many_requests())

    def unauthorized(self) -> Response:
        """The answer to a token that is not known."""
        return error_response(invalid_login())

    def server_error(self, status: int) -> Response:
        """A failure of the vendor's own; its body names an error id."""
        error = unexpected()
        error.status = status if status in (500, 503) else 500
        response = error_response(error)
        response.status_code = status
        return response
