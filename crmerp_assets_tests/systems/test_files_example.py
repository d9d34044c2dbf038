"""The example of an ERP that exchanges files: it lints, and fits the sandbox column by column."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crmerp_assets.bootstrap import connector
from crmerp_assets.connectors.http import Unmetered
from crmerp_assets.connectors.protocol import FieldSpec
from crmerp_assets.mapping import ConfigurationError, fields_to_provision, lint, load_governance
from crmerp_assets.mapping.lint import ROLES
from crmerp_assets.merge.policy import Policy
from crmerp_assets.sandbox.files import FilesSandbox
from crmerp_assets.settings import Configuration, Settings, load_configuration, matrix_of, roles
from crmerp_assets.sync.rights import by_object, needed

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "files"
SALESFORCE = {f"SALESFORCE_{name}": "x" for name in ("URL", "CLIENT_ID", "CLIENT_SECRET")}


def configured(folder: Path, root: Path | str = "/data/erp") -> Configuration:
    return load_configuration(Settings(config=folder), {**SALESFORCE, "FILES_ROOT": str(root)})


def test_the_example_has_no_mistake() -> None:
    settings = Settings(config=EXAMPLE)
    found = lint(matrix_of(settings), load_governance(), {**ROLES, **roles(EXAMPLE)})
    assert [str(one) for one in found if one.level != "note"] == []


def test_the_sandbox_has_every_column_that_the_example_maps(tmp_path: Path) -> None:
    with FilesSandbox(tmp_path) as sandbox:
        found = configured(EXAMPLE, sandbox.credentials["FILES_ROOT"])
        erp = connector(found.connections[1], lambda: datetime.now(UTC), Unmetered())
        wanted = by_object(needed(found.matrix, load_governance(), Policy(), "files", "erp"))
        assert [one for one in erp.check(wanted) if not one.ok] == []
        specs = [
            FieldSpec(one.object, one.name, one.label, one.type) for one in fields_to_provision(found.matrix, "files")
        ]
        assert {step.done for step in erp.provision(specs, dry_run=True)} == {True}
        (missing,) = erp.provision([FieldSpec("customer", "shoe_size", "Shoe Size", "number")], dry_run=True)
        assert missing.manual == (
            "Add a column shoe_size (Shoe Size) to the extracts of customer, and take it from import files."
        )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("extracts/customer_*.csv ", "extracts/*/customer_*.csv ", "is not understood; a pattern is a path below"),
        ("modified: changed_at", "modifed: changed_at", "'modifed' is not a key here; did you mean 'modified'?"),
        ("timezone: UTC", "timezone: Mars", "'Mars' is not a time zone; say UTC or Europe/Zurich"),
        ("control: true  ", "encoding: utf-9  ", "'utf-9' is not an encoding"),
        ("parent: order_no}", "}", "give pattern together with parent"),
        ("full: extracts/contact_*.csv", "format: csv", "give full, changes, or both"),
    ],
)
def test_a_mistake_in_a_layout_is_told_with_its_place(tmp_path: Path, before: str, after: str, told: str) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "config")
    file = tmp_path / "config" / "connections.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        configured(tmp_path / "config")
    assert any(told in one and "connections.yaml:" in one for one in error.value.problems), error.value.problems


def test_a_secret_of_the_object_store_is_not_written_out(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "config")
    file = tmp_path / "config" / "connections.yaml"
    text = file.read_text(encoding="utf-8").replace("    folders:", "    storage: {secret: abc}\n    folders:")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="a secret must not be written here"):
        configured(tmp_path / "config")
