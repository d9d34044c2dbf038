"""API keys: the integration's own, kept in a file of the folder, and those of people."""

import secrets
from pathlib import Path

from crmerp_assets.sandbox.odoo.engine import Database, Env, orm

_FILE = "odoo-api-key"
INTEGRATION_UID = 2


class Keys:
    """Who a key or a login belongs to. A key stands for its user in both protocols."""

    def __init__(self, directory: Path, database: Database) -> None:
        self._file = directory / _FILE
        self._database = database
        if not self._file.exists():
            self._file.touch(mode=0o600)
            self._file.write_text(secrets.token_hex(20))
        self.integration = self._file.read_text()
        self._users: dict[str, int] = {self.integration: INTEGRATION_UID}

    def uid(self, key: str) -> int | None:
        """The user of a key."""
        return self._users.get(key)

    def uid_of_login(self, login: str, key: str) -> int | None:
        """The user of a login, if the key is theirs."""
        uid = self.uid(key)
        found = self._database.store.row("SELECT id FROM res_users WHERE login = ?", (login,))
        return uid if uid is not None and found is not None and found[0] == uid else None

    def login(self, uid: int) -> str:
        """A user's name."""
        found = self._database.store.row("SELECT login FROM res_users WHERE id = ?", (uid,))
        return str(found[0]) if found else "nobody"

    def issue(self, login: str) -> str:
        """A new key for a person, who becomes a user."""
        env = Env(self._database, 1, sudo=True)
        with self._database.transaction():
            found = env.where("res.users", "login = ?", (login,))
            uid = found[0]["id"] if found else self._new_user(env, login)
        key = secrets.token_hex(20)
        self._users[key] = uid
        return key

    @staticmethod
    def _new_user(env: Env, login: str) -> int:
        base = env.store.row("SELECT next FROM sequences WHERE code = 'base:res.partner'")
        values = {"login": login, "name": login, "partner_id": base[0] if base else None, "company_id": 1}
        return orm.create(env, "res.users", [values])[0]

    def replace(self) -> str:
        """A new key for the integration; the old one is refused from now on."""
        del self._users[self.integration]
        self.integration = secrets.token_hex(20)
        self._users[self.integration] = INTEGRATION_UID
        self._file.write_text(self.integration)
        return self.integration
