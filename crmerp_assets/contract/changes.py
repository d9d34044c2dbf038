"""The changes of a custom field that a sandbox with the admin call `fieldrules` can make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from crmerp_assets.connectors.protocol import Write
from crmerp_assets.contract.case import Admin, Change, Changed


def field_changes(
    admin: Admin, native_object: str, field: str, create: Callable[[int], Write], provision: Callable[[], object]
) -> dict[Changed, Change]:
    """`field` is a custom field of text that exists and is empty; `provision` makes it again."""

    def filled(number: int) -> Write:
        write = create(number)
        return replace(write, values={**write.values, field: "gold"})

    def rule(**demanded: Any) -> Callable[[], None]:
        return lambda: admin.field_rule(native_object, field, **demanded)

    return {
        "field": Change(rule(removed=True), provision, filled, field, create),
        "value": Change(rule(values=["silver"]), rule(values=["silver", "gold"]), filled, field, create),
        "required": Change(rule(required=True), rule(), create, field, filled),
    }
