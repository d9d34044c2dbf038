"""The entities hold together as data."""

import pytest

from crmerp_assets.canonical import CHILD_FIELDS, ENTITIES


def test_key_prefixes_tell_entities_apart() -> None:
    prefixes = [model.key_prefix for model in ENTITIES.values()]
    assert sorted(prefixes) == ["ct", "cust", "fx", "inv", "item", "minv", "mso", "pay", "so"]


@pytest.mark.parametrize("model", ENTITIES.values(), ids=lambda model: model.name)
def test_field_names_are_unique_and_references_point_to_entities(model) -> None:
    assert len(set(model.names())) == len(model.fields)
    assert all((field.kind == "ref") == (field.ref is not None) for field in model.fields)
    assert all(field.ref in ENTITIES for field in model.fields if field.ref)


def test_lines_and_applications_refer_to_entities() -> None:
    fields = [field for group in CHILD_FIELDS.values() for field in group]
    assert {field.ref for field in fields if field.ref} == {"product", "order", "invoice", "payment"}


def test_a_field_is_found_by_name_and_a_missing_one_is_an_error() -> None:
    assert ENTITIES["order"].field("won").kind == "bool"
    with pytest.raises(KeyError, match="order has no field 'wom'"):
        ENTITIES["order"].field("wom")


def test_fields_are_listed_by_kind() -> None:
    assert ENTITIES["payment"].names("money") == ("amount", "unapplied")


def test_what_identifies_a_person_is_marked_personal() -> None:
    personal = {field.name for field in ENTITIES["contact"].fields if field.personal}
    assert personal == {"first_name", "last_name", "email", "phone"}
