"""What a person says of two records on their own accord: one thing, two things, or never one.

It is kept as the answer to the question about the pair, asked or not, so linking and matching heed it for ever, with
who, when, why and what was said before. Where both records have golden ids the links change in the same transaction;
where one has none yet, linking carries it out (`crmerp sync`, or the daemon's job `decisions` within seconds).
"""

import json
from collections.abc import Mapping
from typing import Any

from crmerp_assets.ledger import Transaction, pairing
from crmerp_assets.matching import SPECS
from crmerp_assets.matching.survivors import Record
from crmerp_assets.sync import duplicates, records
from crmerp_assets.sync.decisions import NotDecidable
from crmerp_assets.sync.link_answers import QUESTION, SYSTEMS, has_no_other_partner, said_same
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.records import Found

TEXTS = "texts"
"""In an answer: the product texts whose meaning followed a merge, so that they go back when it is taken apart."""


def merge(platform: Platform, first: str, second: str, entity: str | None, why: str, by: str) -> str:
    """Say that two records are one. Returns what happens next.

    Raises LookupError for names that fit no pair, NotDecidable where one has another partner or is held, Busy.
    """
    a, b = _across(platform, first, second, entity)
    crm, erp = (a, b) if a.role == "crm" else (b, a)
    subject = json.dumps([crm.native_id, erp.native_id])
    asked = {"id": f"{crm.native_id}/{erp.native_id}", "entity": a.entity, "subject": subject}
    has_no_other_partner(platform, asked, said_same(platform, a.entity))
    with platform.ledger.begin() as tx:
        _not_held(tx, crm, erp)
        moved = pairing.join(tx, a.entity, crm.record, erp.record, f"merged by {by}: {why}", by)
        texts = _texts_follow(tx, moved, by) if moved and a.entity == "product" else []
        said = {"same": True, "why": why} | ({TEXTS: texts} if texts else {})
        tx.reviews.record(_question(a.entity, subject, why), said, by)
    if moved is None:
        return f"{_named(crm)} and {_named(erp)} are one from the next sync on."
    return (
        f"{_named(crm)} and {_named(erp)} are one now: {moved.after}. {moved.before} is retired; the next sync brings "
        "their values together."
    )


def unlink(platform: Platform, name: str, entity: str | None, why: str, by: str) -> str:
    """Take the link of a record apart, for ever unless a person merges the two again. Returns what happened.

    Raises LookupError, NotDecidable where it is linked to nothing, Busy.
    """
    kinds = _entities(entity)
    with platform.ledger.begin() as tx:
        found = [(one, partner) for one in records.find(platform, name, kinds) if (partner := _partner(tx, one))]
        if not found:
            named = records.one(platform, name, kinds)
            raise NotDecidable(f"{_named(named)} is linked to no other record; `crmerp links history` shows its past.")
        if len({frozenset((one.record, partner)) for one, partner in found}) > 1:
            raise LookupError(f"'{name}' stands for several linked records; say which kind with --entity.")
        one, partner = found[0]
        _no_ghost(tx, one)
        prefix = platform.prefix(one.entity)
        moved = pairing.part(tx, one.entity, prefix, one.record, partner, f"unlinked by {by}: {why}", by)
        pair = [one.native_id, partner[1]] if one.role == "crm" else [partner[1], one.native_id]
        _texts_go_back(tx, one.entity, json.dumps(pair), moved, by)
        tx.reviews.record(_question(one.entity, json.dumps(pair), why), {"same": False, "why": why}, by)
    return (
        f"{one.entity} {one.native_id} and {partner[1]} are two again: {moved.record[1]} of {moved.record[0]} is "
        f"{moved.after}, the other stays {moved.stays}. They are never proposed again; `crmerp links merge` undoes it."
    )


def never(platform: Platform, first: str, second: str, entity: str | None, why: str, by: str) -> str:
    """Say that two records, of two systems or of one, are two things for ever. Returns what happens next.

    Raises LookupError, NotDecidable where they are linked to one another.
    """
    a, b = records.pair(platform, first, second, _entities(entity))
    with platform.ledger.begin() as tx:
        if a.connection == b.connection:
            question = _within(tx, a, b, why)
        elif _partner(tx, a) == b.record:
            raise NotDecidable(f"{_named(a)} and {_named(b)} are linked; `crmerp links unlink {a.native_id}` first.")
        else:
            pair = [a.native_id, b.native_id] if a.role == "crm" else [b.native_id, a.native_id]
            question = _question(a.entity, json.dumps(pair), why)
        tx.reviews.record(question, {"same": False, "why": why}, by)
    return f"{_named(a)} and {_named(b)} are two, and never proposed as one. `crmerp links merge` undoes it."


def _across(platform: Platform, first: str, second: str, entity: str | None) -> tuple[Found, Found]:
    a, b = records.pair(platform, first, second, _entities(entity))
    if a.connection == b.connection:
        raise NotDecidable(
            f"{_named(a)} and {_named(b)} are both of the {SYSTEMS[a.role]}: merge them there, the sync follows it."
        )
    return a, b


def _entities(entity: str | None) -> tuple[str, ...]:
    if entity is not None and entity not in SPECS:
        raise LookupError(f"Links of '{entity}' are not made by hand; choose one of {', '.join(SPECS)}.")
    return (entity,) if entity else tuple(SPECS)


def _named(one: Found) -> str:
    return f"{one.entity} {one.native_id} of the {SYSTEMS[one.role]}"


def _partner(tx: Transaction, one: Found) -> Record | None:
    """The record of the other system that it is linked to."""
    own = tx.links.by_native(one.entity, one.connection, [one.native_id])["golden_id"]
    others = [row for row in tx.links.of(one.entity, own).to_dicts() if row["connection"] != one.connection]
    return (others[0]["connection"], others[0]["native_id"]) if others else None


def _question(entity: str, subject: str, why: str) -> dict[str, Any]:
    a, b = json.loads(subject)
    detail = json.dumps({"method": "person", "evidence": why})
    title = f"Is {entity} {a} of the CRM the same as {b} of the ERP?"
    return {"kind": QUESTION, "entity": entity, "subject": subject, "title": title, "detail": detail}


def _within(tx: Transaction, a: Found, b: Found, why: str) -> Mapping[str, Any]:
    """The question about two records of one system, in the order in which it was asked if it was."""
    subjects = [json.dumps([a.role, x.native_id, y.native_id]) for x, y in ((b, a), (a, b))]
    known = tx.reviews.list(duplicates.REVIEW, state=None).filter(entity=a.entity)["subject"].to_list()
    subject = next((one for one in subjects if one in known), subjects[0])
    title = f"Is {_named(a)} entered twice, as {b.native_id}?"
    detail = json.dumps({"method": "person", "evidence": why})
    return {"kind": duplicates.REVIEW, "entity": a.entity, "subject": subject, "title": title, "detail": detail}


def _not_held(tx: Transaction, *pair: Found) -> None:
    for one in pair:
        own = tx.links.by_native(one.entity, one.connection, [one.native_id])["golden_id"].to_list()
        held = tx.holds.list(one.entity).filter(golden_id=own[0]) if own else None
        if held is not None and held.height:
            raise NotDecidable(
                f"{_named(one)} is on hold ({held['reason'][0]}); `crmerp hold lift {own[0]}` first, then merge."
            )


def _no_ghost(tx: Transaction, one: Found) -> None:
    own = tx.links.by_native(one.entity, one.connection, [one.native_id])["golden_id"].to_list()
    if own and own[0] in tx.survivors.aliases(one.entity):
        raise NotDecidable(
            f"{_named(one)} waits for a merge in its system to be settled ({own[0]}); `crmerp review list` shows it, "
            "or `crmerp links unmerge` takes it back."
        )


def _texts_follow(tx: Transaction, moved: pairing.Moved, by: str) -> list[str]:
    """Let product texts that meant the retired golden id mean the one that stays."""
    texts = tx.aliases.all("product").filter(golden_id=moved.before)["text"].to_list()
    for text in texts:
        tx.aliases.put("product", text, moved.after, by)
    return texts


def _texts_go_back(tx: Transaction, entity: str, subject: str, moved: pairing.Moved, by: str) -> None:
    said = tx.reviews.decisions(QUESTION).filter(entity=entity, subject=subject)["decision"].to_list()
    meant = set(json.loads(said[0]).get(TEXTS, [])) if said else set()
    for text in tx.aliases.all(entity).filter(golden_id=moved.before)["text"].to_list() if meant else []:
        if text in meant:
            tx.aliases.put(entity, text, moved.after, by)
