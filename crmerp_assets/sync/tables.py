"""The names and keys of every warehouse table, in one place."""

from crmerp_assets.warehouse import Table


def raw(connection: str, native_object: str) -> Table:
    """Native rows as pulled: `_id`, `_modified`, `_modified_by`, `_deleted`, `_merged_into`, native fields as text."""
    return Table("raw", f"{connection}__{native_object}", ("_id",))


def conformed(connection: str, map_name: str) -> Table:
    """Canonical rows of one connection; reference fields hold that system's native ids."""
    return Table("conformed", f"{connection}__{map_name}", ("native_id",))


def conformed_lines(connection: str, map_name: str) -> Table:
    """Order lines or payment applications of one connection, one row each, tombstoned when gone."""
    return Table("conformed", f"{connection}__{map_name}_line", ("parent_id", "position"))


def links(entity: str) -> Table:
    """The ledger's links, mirrored so that SQL can join them; golden_id is null once a link was removed, and
    `lives_as` names the golden id that took over from it, if one did."""
    return Table("links", entity, ("connection", "native_id"))


def lives(alias: str) -> str:
    """SQL for the golden id that a link's record is today: after a merge, the survivor's.

    A reference to a record follows it there, while the record itself keeps its own golden id.
    """
    return f"coalesce({alias}.lives_as, {alias}.golden_id)"


def golden(entity: str) -> Table:
    """Golden records, typed, with the record of each side and the source of each field."""
    return Table("golden", entity, ("golden_id",))


def compare(entity: str) -> Table:
    """Both sides, base and golden of each record as canonical text: what the plan is made from."""
    return Table("golden", f"{entity}_compare", ("golden_id",))


def unsettled(entity: str) -> Table:
    """Records that the last merge left out, because a write to them had no known outcome."""
    return Table("state", f"{entity}_unsettled", ("golden_id",))


def conflicts(entity: str) -> Table:
    """Conflicts that a rule resolved: both values, the base, both times, and what became golden."""
    return Table("golden", f"{entity}_conflicts", ("golden_id", "field", "crm_modified", "erp_modified"))


def plan(entity: str) -> Table:
    """The last plan for every record that was considered."""
    return Table("plan", entity, ("connection", "golden_id"))


def duplicates(entity: str) -> Table:
    """Records of one system that are the same thing: cluster, probability, the proposed survivor, and why (JSON).

    It is there once the identity engine has run for the entity.
    """
    return Table("match", f"{entity}_duplicates", ("connection", "native_id"))


def related(entity: str) -> Table:
    """Records that belong together and are not one thing, such as companies of one group: kind and both records."""
    return Table("match", f"{entity}_related", ())


def report(name: str) -> Table:
    """A report, replaced whole by each run."""
    return Table("report", name, ())
