"""The section `lanes` of connections.yaml: which CRM is kept in agreement with which ERP, and for whom.

Left out, the one CRM and the one ERP are one lane without a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from crmerp_assets.mapping import ConfigurationError, EntityRules, Matrix
from crmerp_assets.mapping.document import Document, did_you_mean
from crmerp_assets.mapping.validation import parse
from crmerp_assets.merge import lanes as rules
from crmerp_assets.merge.lanes import Lane, LaneConfig
from crmerp_assets.merge.scope import USABLE
from crmerp_assets.systems.connection import ConnectionConfig

KEY = "lanes"


def read_lanes(document: Document, connections: Sequence[ConnectionConfig]) -> tuple[LaneConfig, ...]:
    """The lanes as they are written; none where the section is missing. ConfigurationError lists every mistake."""
    entries = document.data.get(KEY)
    if entries is None:
        if problems := list(_one_of_each(document, connections)):
            raise ConfigurationError(problems)
        return ()
    if not isinstance(entries, list) or not entries:
        raise ConfigurationError([document.problem((KEY,), "a list of lanes is expected; leave it out for one lane")])
    found, problems = list[LaneConfig](), list[str]()
    for number in range(len(entries)):
        try:
            found.append(parse(LaneConfig, document, (KEY, number)))
        except ConfigurationError as error:
            problems += error.problems
    if not problems:
        problems = [*_ends(document, found, connections), *_unused(document, found, connections)]
        problems += [document.problem((KEY, number, key), what) for number, key, what in rules.together(found)]
    if problems:
        raise ConfigurationError(dict.fromkeys(problems))
    return tuple(found)


def _one_of_each(document: Document, connections: Sequence[ConnectionConfig]) -> Iterable[str]:
    """Without lanes there is one connection of each role."""
    roles = [connection.role for connection in connections]
    for role in ("crm", "erp"):
        if connections and roles.count(role) != 1:
            what = f"{roles.count(role)} connections have the role {role}; exactly one must"
            more = ", or say in `lanes` which CRM goes with which ERP" if roles.count(role) > 1 else ""
            yield document.problem(("connections",), what + more)


def _ends(document: Document, found: Sequence[LaneConfig], connections: Sequence[ConnectionConfig]) -> Iterable[str]:
    roles = {connection.name: connection.role for connection in connections}
    for number, lane in enumerate(found):
        for key, name in (("crm", lane.crm), ("erp", lane.erp)):
            known = [one for one, role in roles.items() if role == key]
            if name not in roles:
                yield document.problem((KEY, number, key), f"'{name}' is no connection{did_you_mean(name, known)}")
            elif roles[name] != key:
                yield document.problem((KEY, number, key), f"'{name}' has the role {roles[name]}; name one with {key}")


def _unused(document: Document, found: Sequence[LaneConfig], connections: Sequence[ConnectionConfig]) -> Iterable[str]:
    used = {name for lane in found for name in lane.ends}
    for number, connection in enumerate(connections):
        if connection.name not in used:
            what = f"no lane uses '{connection.name}'; name it in one, or take it away"
            yield document.problem(("connections", number, "name"), what)


def unmapped(lane: Lane, config: LaneConfig, connections: Sequence[ConnectionConfig], matrix: Matrix) -> list[str]:
    """Fields that the route asks for and that the system which decides does not tell."""
    if lane.decides is None:
        return []
    name = config.end(lane.decides)
    system = next(connection.type for connection in connections if connection.name == name)
    customer = matrix.find(system, "customer")
    told = {*customer.fields, *customer.constants} if customer else set()
    return [
        f"connections.yaml: lanes: {lane.name}: route: {name} decides for all its lanes, and does not tell {field}; "
        f"map it in mapping/matrix/customer.{system}.yaml, or route by {', '.join(sorted(told & set(USABLE)))}"
        for field in lane.route.fields
        if field not in told
    ]


def governed(lane: Lane, governance: Mapping[str, EntityRules]) -> Mapping[str, EntityRules]:
    """The rules in this lane: where an earlier lane carries the same records into the same ERP, its CRM owns what the
    CRM owns, and here the ERP passes that on. Two owners would write their values in turns for ever."""
    follow = [*(("customer", "contact") if lane.follows else ()), *(("product",) if "erp" in lane.guest else ())]
    return {entity: _passed_on(one) if entity in follow else one for entity, one in governance.items()}


def _passed_on(found: EntityRules) -> EntityRules:
    fields = {
        name: rule.model_copy(update={"owner": "erp"}) if rule.owner == "crm" else rule
        for name, rule in found.fields.items()
    }
    return found.model_copy(update={"fields": fields})
