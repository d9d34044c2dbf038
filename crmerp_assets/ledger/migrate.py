"""Bringing the schema up to date when the ledger is opened.

Alembic takes a quarter of a second to import and a ledger is nearly always up to date, so its version table is
looked at first. One process migrates, the others wait for it and find nothing left to do.
"""

from pathlib import Path

from sqlalchemy import Connection, Engine, func, inspect, select, text
from sqlalchemy.schema import CreateSchema

from crmerp_assets.ledger.engine import BEGIN
from crmerp_assets.ledger.errors import LedgerUnavailable

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
SCRIPTS = Path(__file__).parent / "migrations"


def migrate(engine: Engine, where: str, schema: str | None = None) -> None:
    """Apply the migrations that are missing, in a schema that is made if need be.

    Raises LedgerUnavailable where a newer version wrote the ledger.
    """
    with engine.connect() as connection:
        # Only a look: taking the write lock for it would make every process that starts wait for the others.
        found = _revision(connection.execution_options(**{BEGIN: "DEFERRED"}), where)
    if found == REVISIONS[-1]:
        return
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("ledger:migrate", 0))))
            if schema is not None:
                connection.execute(CreateSchema(schema, if_not_exists=True))
        if _revision(connection, where) != REVISIONS[-1]:
            _upgrade(connection)


def _revision(connection: Connection, where: str) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in REVISIONS:
        raise LedgerUnavailable(
            f"The ledger {where} was written by a newer version of this software (schema {found}; this one knows "
            f"up to {REVISIONS[-1]}). Nothing was changed: install that version, or restore an older backup."
        )
    return found


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
