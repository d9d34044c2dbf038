"""What users write wrong is told with file, line and field; what they override merges key by key."""

from pathlib import Path

import pytest

from crmerp_assets.mapping import ConfigurationError, load_governance, load_matrix


def matrix_file(config: Path, name: str, text: str) -> Path:
    folder = config / "mapping" / "matrix"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def problems(config: Path, name: str, text: str) -> list[str]:
    path = matrix_file(config, name, text)
    with pytest.raises(ConfigurationError) as caught:
        load_matrix(config)
    return [problem.replace(str(path), name) for problem in caught.value.problems]


CUSTOMER = "customer.salesforce.yaml"


@pytest.mark.parametrize(
    ("text", "at", "what"),
    [
        (
            "fields:\n  phone: {transform: fone}\n",
            "2: fields.phone.transform: ",
            "'fone' is not a transform; did you mean 'phone'?",
        ),
        ("fields:\n  fone: X\n", "2: fields.fone: ", "'fone' is not a field of customer; did you mean 'phone'?"),
        (
            "fields:\n  name:\n    writ: never\n",
            "3: fields.name.writ: ",
            "'writ' is not a key here; did you mean 'write'?",
        ),
        (
            "fields:\n  name: {write: allways}\n",
            "2: fields.name.write: ",
            "'allways' is not one of always, create, fill, never; did you mean 'always'?",
        ),
        ("fields:\n  name: {length: many}\n", "2: fields.name.length: ", "'many' is not a number; write digits"),
        (
            "fields:\n  parent: {ref: contact}\n",
            "2: fields.parent.ref: ",
            "parent refers to a customer; say ref: customer",
        ),
        ("fields:\n  name: {ref: customer}\n", "2: fields.name.ref: ", "name is no reference; take ref away"),
        (
            "fields:\n  phone: {region: billing_contry}\n",
            "2: fields.phone.region: ",
            "'billing_contry' is not a mapped field of this file; did you mean 'billing_country'?",
        ),
        (
            "fields:\n  phone: {region: billing_postcode}\n",
            "2: fields.phone.region: ",
            "'billing_postcode' depends on a region itself",
        ),
        ("\nentity: custumer\n", "2: entity: ", "'custumer' is not an entity; did you mean 'customer'?"),
        ("system: netsuite\n", "1: system: ", "the file's name says salesforce; make both the same"),
        ("lines: {child: X, fields: {}}\n", "1: lines: ", "customer has no lines; take this away"),
        ("constants: {name: X}\n", "1: constants.name: ", "is mapped under fields as well; keep one of the two"),
        ("feilds: {}\n", "1: feilds: ", "'feilds' is not a key here; did you mean 'fields'?"),
        ("operations: [update, delete]\n", "1: operations.1: ", "'delete' is not one of create, update"),
        ("a: 1\na: 2\n", "2: ", 'this is not valid YAML: found duplicate key "a" with value "2" (original value: "1")'),
        ("a: [1\nb: 2\n", "2: ", "this is not valid YAML: expected ',' or ']', but got ':'"),
        ("- a\n", "1: ", "a mapping of keys to values is expected here"),
    ],
)
def test_a_mistake_names_file_line_field_and_what_to_do(tmp_path: Path, text: str, at: str, what: str) -> None:
    assert f"{CUSTOMER}:{at}{what}" in problems(tmp_path, CUSTOMER, text)


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    matrix_file(tmp_path, "order.netsuite.yaml", "lines:\n  fields:\n    prodct: item\n")
    found = problems(tmp_path, CUSTOMER, "fields:\n  fone: X\n  phone: {transform: fone}\n  name: {length: x}\n")
    assert len(found) == 4
    what = "order.netsuite.yaml:3: lines.fields.prodct: 'prodct' is not a field of the lines of order"
    assert any(what in problem for problem in found)


def test_a_mistake_in_a_new_file_names_what_is_missing(tmp_path: Path) -> None:
    found = problems(tmp_path, "customer.zoho.yaml", "entity: customer\nsystem: zoho\nfields: {}\n")
    assert found == ["customer.zoho.yaml:1: object: this key is missing; add it"]


@pytest.mark.parametrize("name", ["customer.yaml", "customer.salesforce.yml", "a.b.c.yaml"])
def test_a_file_with_a_name_that_is_not_understood_is_a_mistake(tmp_path: Path, name: str) -> None:
    assert "name it <map>.<system>.yaml" in problems(tmp_path, name, "fields: {}\n")[0]


def test_a_field_needs_one_source(tmp_path: Path) -> None:
    found = problems(tmp_path, CUSTOMER, "fields:\n  name: {native: Name, child: {list: X, native: Y}}\n")
    assert found == [f"{CUSTOMER}:2: fields.name: give either native or child"]


def test_an_override_changes_only_what_it_names(tmp_path: Path) -> None:
    matrix_file(tmp_path, CUSTOMER, "fields:\n  phone: {length: 20}\n  payment_terms: {values: {NET45: Net 45}}\n")
    changed, packaged = (m.map("salesforce", "customer") for m in (load_matrix(tmp_path), load_matrix()))
    assert changed.fields["phone"] == packaged.fields["phone"].model_copy(update={"length": 20})
    assert changed.fields["name"] == packaged.fields["name"]
    assert list(changed.fields["payment_terms"].values or {}) == ["NET15", "NET30", "NET60", "RECEIPT", "NET45"]


def test_a_field_set_to_null_goes_away(tmp_path: Path) -> None:
    matrix_file(tmp_path, CUSTOMER, "fields:\n  currency: null\n")
    assert "currency" not in load_matrix(tmp_path).map("salesforce", "customer").fields


def test_a_new_system_is_a_new_file(tmp_path: Path) -> None:
    text = "entity: customer\nsystem: zoho\nobject: Accounts\nkey: crmerp_id\nfields: {name: name}\n"
    matrix_file(tmp_path, "customer.zoho.yaml", text)
    matrix = load_matrix(tmp_path)
    assert matrix.map("zoho", "customer").fields["name"].native == ("name",)
    assert matrix.find("zoho", "order") is None


def test_a_place_is_where_the_winning_value_was_written(tmp_path: Path) -> None:
    path = matrix_file(tmp_path, CUSTOMER, "\nfields:\n  phone: {length: 20}\n")
    places = load_matrix(tmp_path).map("salesforce", "customer").surroundings.places
    assert places["fields.phone"] == f"{path}:3"
    assert places["fields.name"].startswith("mapping/matrix/customer.salesforce.yaml:")


def test_an_unknown_map_names_the_known_ones() -> None:
    with pytest.raises(KeyError, match="salesforce has no map 'invoice'; it has customer, contact, product, order"):
        load_matrix().map("salesforce", "invoice")


def test_the_map_named_like_the_entity_comes_first() -> None:
    found = load_matrix().find("netsuite", "payment")
    assert found is not None
    assert found.object == "customerPayment"


@pytest.mark.parametrize(
    ("text", "at", "what"),
    [
        (
            "fields: {phone: {owner: crmx}}\n",
            "1: fields.phone.owner: ",
            "'crmx' is not one of shared, crm, erp; did you mean 'crm'?",
        ),
        (
            "fields:\n  fone: {owner: crm}\n",
            "2: fields.fone: ",
            "'fone' is not a field of customer; did you mean 'phone'?",
        ),
        ("entity: order\n", "1: entity: ", "the file's name says customer; make both the same"),
    ],
)
def test_a_mistake_in_governance_names_file_line_and_field(tmp_path: Path, text: str, at: str, what: str) -> None:
    path = tmp_path / "mapping" / "governance" / "customer.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_governance(tmp_path)
    assert f"{path}:{at}{what}" in caught.value.problems


def test_governance_overrides_merge_per_field(tmp_path: Path) -> None:
    path = tmp_path / "mapping" / "governance" / "customer.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("fields: {phone: {owner: crm}}\n")
    rules = load_governance(tmp_path)["customer"].fields
    assert (rules["phone"].owner, rules["phone"].personal, rules["name"].owner) == ("crm", True, "shared")
