"""What each path does, whatever version it is called by."""

from collections.abc import Callable
from typing import Any

from crmerp_assets.sandbox.hubspot.api import Answer, Call
from crmerp_assets.sandbox.hubspot.associations import Associations
from crmerp_assets.sandbox.hubspot.auth import Authentication
from crmerp_assets.sandbox.hubspot.batches import Batches
from crmerp_assets.sandbox.hubspot.errors import HubSpotError, bad_request, not_found, unlinked, unreadable
from crmerp_assets.sandbox.hubspot.moments import iso
from crmerp_assets.sandbox.hubspot.portal import Portal
from crmerp_assets.sandbox.hubspot.records import Records
from crmerp_assets.sandbox.hubspot.schema import ObjectType, Property
from crmerp_assets.sandbox.hubspot.search import Search, listed

_MOST_UNIQUE = 10
_TYPES = ("string", "number", "date", "datetime", "enumeration", "bool", "phone_number")


class Handlers:
    def __init__(self, portal: Portal, authentication: Authentication) -> None:
        self._portal, self._authentication = portal, authentication
        self.associations = Associations(portal)
        self.records = Records(portal, self.associations)
        self._batches, self._search = Batches(portal, self.records), Search(portal)

    def handle(self, call: Call) -> Answer:
        if not call.parts:
            raise not_found()
        areas: dict[str, Callable[[Call, ObjectType], Answer]] = {
            "objects": self._objects,
            "associations": self._between,
            "properties": self._properties,
            "pipelines": self._pipelines,
        }
        kind = self._portal.kind(call.parts[0])
        self._authentication.allowed(call.actor, _scope(call, kind))
        return areas[call.area](call, kind)

    def _objects(self, call: Call, kind: ObjectType) -> Answer:
        match (call.method, *call.parts[1:]):
            case ("GET",):
                return Answer(200, listed(self._portal, kind, call.query, call.fault))
            case ("POST",):
                return self._create(call, kind)
            case ("POST", "search"):
                return Answer(200, self._search.page(kind, call.json(), call.fault))
            case ("POST", "merge"):
                body = call.json()
                ids = str(body["primaryObjectId"]), str(body["objectIdToMerge"])
                survivor = self.records.merge(kind, *ids, call.actor.user_id)
                return Answer(200, self._portal.shown(kind, survivor))
            case ("POST", "batch", ("read" | "create" | "update" | "upsert" | "archive") as operation):
                part = call.fault == "partial"
                return Answer(*self._batches.run(kind, operation, call.json(), call.actor.user_id, call.version, part))
            case (("GET" | "PATCH" | "DELETE"), id_):
                return self._one(call, kind, id_)
            case (_, id_, "associations", *rest):
                return self._linked(call, kind, id_, rest)
        raise not_found()

    def _create(self, call: Call, kind: ObjectType) -> Answer:
        body = call.json()
        given, links = body.get("properties", {}), body.get("associations") or ()
        record = self.records.create(kind, given, call.actor.user_id, call.version, links)
        return Answer(201, self._portal.shown(kind, record, [*kind.shown, *given]))

    def _one(self, call: Call, kind: ObjectType, id_: str) -> Answer:
        by = call.query.get("idProperty")
        if call.method == "DELETE":
            record = self._portal.live(kind, id_)
            if record is not None:
                self.records.archive(kind, record, call.actor.user_id)
            return Answer(204)
        record = self._portal.needed(kind, id_, by)
        if call.method == "PATCH":
            given = call.json().get("properties", {})
            record = self.records.update(kind, record, given, call.actor.user_id)
            return Answer(200, self._portal.shown(kind, record, [*kind.shown, *given]))
        names = call.query["properties"].split(",") if call.query.get("properties") else None
        return Answer(200, self._portal.shown(kind, record, names))

    def _linked(self, call: Call, kind: ObjectType, id_: str, rest: list[str]) -> Answer:
        """The associations of one record: to a type, or to one record of it."""
        record = self._portal.needed(kind, id_)
        numbers = call.version == "v4"
        default = rest[:1] == ["default"]
        to, to_id = self._portal.kind(rest[int(default)]), rest[int(default) + 1 :]
        if call.method == "GET" and not to_id:
            return Answer(200, {"results": self.associations.of(kind, record.id, to, numbers)})
        if call.method == "DELETE" and to_id:
            self.associations.remove(kind, record.id, to, int(to_id[0]))
            return Answer(204)
        if call.method == "PUT" and to_id:
            specs = [self.associations.default(kind, to)] if default else [_type_id(spec) for spec in call.body]
            with self._portal.store.writing():
                for spec in specs:
                    self.associations.add(spec, record.id, int(to_id[0]))
            return Answer(200 if default else 201, _pair(kind, record.id, to, int(to_id[0])))
        raise not_found()

    def _between(self, call: Call, kind: ObjectType) -> Answer:
        if len(call.parts) < 3:
            raise not_found()
        to = self._portal.kind(call.parts[1])
        match (call.method, *call.parts[2:]):
            case ("GET", "labels"):
                return Answer(200, {"results": self.associations.labels(kind, to)})
            case ("POST", "batch", "read"):
                return self._read_links(call, kind, to)
            case ("POST", "batch", "create"):
                return self._add_links(call, kind, to, lambda row: [_type_id(spec) for spec in row["types"]])
            case ("POST", "batch", "associate", "default"):
                return self._add_links(call, kind, to, lambda _: [self.associations.default(kind, to)])
            case ("POST", "batch", "archive"):
                for row in call.json()["inputs"]:
                    for target in row["to"]:
                        self.associations.remove(kind, int(row["from"]["id"]), to, int(target["id"]))
                return Answer(204) if call.version == "v4" else Answer(200, {"status": "COMPLETE"})
        raise not_found()

    def _read_links(self, call: Call, kind: ObjectType, to: ObjectType) -> Answer:
        """A record that is linked to nothing is told as an error, as one is that cannot be read."""
        results, errors = [], []
        for row in _inputs(call, 1000):
            id_ = str(row["id"])
            targets = self.associations.of(kind, int(id_), to, call.version == "v4")
            if id_ in self._portal.settings.unreadable:
                errors.append(unreadable(id_))
            elif targets:
                results.append({"from": {"id": id_}, "to": targets})
            else:
                errors.append(unlinked(kind.singular, to.singular, id_))
        return Answer(207 if errors and call.version in ("v4", "2026-03") else 200, self._answer(results, errors))

    def _add_links(self, call: Call, kind: ObjectType, to: ObjectType, types: Callable[[Any], list[int]]) -> Answer:
        results, errors = [], []
        for row in _inputs(call, 2000):
            from_id, to_id = int(row["from"]["id"]), int(row["to"]["id"])
            try:
                with self._portal.store.writing():
                    for type_id in types(row):
                        self.associations.add(type_id, from_id, to_id)
            except HubSpotError as error:
                context = {"fromObjectId": [str(from_id)], "toObjectId": [str(to_id)]}
                errors.append({**error.row(None), "context": context})
            else:
                results.append({**_pair(kind, from_id, to, to_id), "labels": []})
        status = 207 if errors and call.version in ("v4", "2026-03") else 201
        return Answer(status, self._answer(results, errors))

    def _answer(self, results: list[Any], errors: list[Any]) -> dict[str, Any]:
        stamp = iso(self._portal.now())
        told = {"numErrors": len(errors), "errors": errors} if errors else {}
        return {"status": "COMPLETE", "results": results, "startedAt": stamp, "completedAt": stamp, **told}

    def _properties(self, call: Call, kind: ObjectType) -> Answer:
        stamp = iso(0)
        match (call.method, *call.parts[1:]):
            case ("GET",):
                return Answer(200, {"results": [found.body(stamp) for found in kind.properties.values()]})
            case ("POST",):
                return Answer(201, self._made(call.json(), kind).body(stamp))
            case ("GET", "groups"):
                rows = self._portal.store.rows("SELECT name, label FROM grouping WHERE type = ?", (kind.name,))
                return Answer(200, {"results": [_group(*row) for row in rows]})
            case ("POST", "groups"):
                return self._make_group(call.json(), kind)
            case ("GET", name) if name in kind.properties:
                return Answer(200, kind.properties[name].body(stamp))
            case ("DELETE", name) if name in kind.properties and kind.properties[name].custom:
                self._portal.remove_property(kind, name)
                return Answer(204)
        raise not_found()

    def _make_group(self, body: dict[str, Any], kind: ObjectType) -> Answer:
        name, label = str(body["name"]), str(body["label"])
        taken = self._portal.store.row("SELECT 1 FROM grouping WHERE type = ? AND name = ?", (kind.name, name))
        if taken:
            raise HubSpotError(409, "CONFLICT", f"Property group named '{name}' already exists.")
        self._portal.store.write("INSERT INTO grouping VALUES (?, ?, ?)", (kind.name, name, label))
        return Answer(201, _group(name, label))

    def _made(self, body: dict[str, Any], kind: ObjectType) -> Property:
        name, unique = str(body["name"]), bool(body.get("hasUniqueValue"))
        if name in kind.properties:
            more = {"subCategory": "Properties.PROPERTY_EXISTS"}
            raise HubSpotError(409, "CONFLICT", f"Property named '{name}' already exists.", **more)
        if name != name.lower() or body.get("type") not in _TYPES or not body.get("fieldType"):
            raise bad_request(f"Property {name} needs a lower-case name, a type of {_TYPES} and a fieldType")
        group = str(body["groupName"])
        known = {found.group for found in kind.properties.values()}
        named = self._portal.store.row("SELECT 1 FROM grouping WHERE type = ? AND name = ?", (kind.name, group))
        if group not in known and not named:
            raise bad_request(f"Property group '{group}' does not exist")
        if unique and sum(p.unique and p.custom for p in kind.properties.values()) >= _MOST_UNIQUE:
            raise HubSpotError(400, "VALIDATION_ERROR", "The limit of unique properties has been reached")
        options = tuple(str(option["value"]) for option in body.get("options") or ())
        made = Property(
            name, str(body["label"]), body["type"], body["fieldType"], group, options, unique=unique, custom=True
        )
        self._portal.add_property(kind, made)
        return made

    def _pipelines(self, call: Call, kind: ObjectType) -> Answer:
        pipelines = self._portal.pipelines(kind)
        match (call.method, *call.parts[1:]):
            case ("GET",):
                return Answer(200, {"results": pipelines})
            case ("GET", id_):
                found = [pipeline for pipeline in pipelines if pipeline["id"] == id_]
                if found:
                    return Answer(200, found[0])
            case ("GET", id_, "stages"):
                stages = [stage for pipeline in pipelines if pipeline["id"] == id_ for stage in pipeline["stages"]]
                return Answer(200, {"results": stages})
        raise not_found()


def _scope(call: Call, kind: ObjectType) -> str:
    reading = call.method == "GET" or call.parts[-1] in ("search", "read")
    area = "schemas" if call.area == "properties" and not reading else "objects"
    return f"crm.{area}.{kind.name}.{'read' if reading else 'write'}"


def _inputs(call: Call, most: int) -> list[Any]:
    inputs: list[Any] = call.json().get("inputs") or []
    if not inputs or len(inputs) > most:
        raise bad_request(f"between 1 and {most} inputs are expected")
    return inputs


def _type_id(spec: Any) -> int:
    return int(spec["associationTypeId"])


def _pair(from_: ObjectType, from_id: int, to: ObjectType, to_id: int) -> dict[str, Any]:
    return {
        "fromObjectTypeId": from_.type_id,
        "fromObjectId": from_id,
        "toObjectTypeId": to.type_id,
        "toObjectId": to_id,
        "labels": [],
    }


def _group(name: str, label: str) -> dict[str, Any]:
    return {"name": name, "label": label, "displayOrder": -1, "archived": False}
