"""What `crmerp check` looks at: the folders, and the columns of the newest extracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crmerp_assets.connectors.errors import ConnectorError
from crmerp_assets.connectors.files.extracts import Extracts
from crmerp_assets.connectors.files.layout import Folders, ObjectLayout
from crmerp_assets.connectors.files.store import Store
from crmerp_assets.connectors.protocol import FieldSpec, Finding, Needs

NOTHING = "Nothing to do."
PROBE = "check"


def checked(
    store: Store, folders: Folders, extracts: Extracts, objects: Mapping[str, ObjectLayout], needs: Mapping[str, Needs]
) -> list[Finding]:
    """Findings on the folders, then on each object."""
    found = [_notes(store, folders)]
    for object, need in needs.items():
        if object not in objects:
            found.append(Finding(False, f"{object} has no layout", f"Add {object} to objects of the connection."))
        else:
            found += _object(extracts, object, objects[object], need)
    return found


def _notes(store: Store, folders: Folders) -> Finding:
    """Only our own folder is written to: a file in the import folder would be taken."""
    try:
        store.put(f"{folders.notes}/{PROBE}", b"")
        store.files(folders.imports)
        store.files(folders.acknowledgements)
    except OSError as failure:
        what = f"The folders cannot be used ({type(failure).__name__})"
        return Finding(False, what, "Give the user the right to read and write below the url of the connection.")
    if not store.claims:
        what = "This kind of store cannot make a file only where there is none, so nothing is written to it"
        return Finding(False, what, "Use a folder (a mounted one too), s3, gs or abfs.")
    return Finding(True, "The folders can be read and written", NOTHING)


def _object(extracts: Extracts, object: str, layout: ObjectLayout, need: Needs) -> Iterator[Finding]:
    patterns = " or ".join(filter(None, (layout.full, layout.changes)))
    try:
        columns = extracts.header(layout)
    except (ConnectorError, OSError) as failure:
        yield Finding(False, f"The newest extract of {object} cannot be read: {failure}", "Write it again.")
        return
    if not columns:
        yield Finding(False, f"There is no complete extract of {object}", f"Have the system write {patterns}.")
        return
    wanted = {layout.id, *filter(None, (layout.modified, layout.modified_by)), *need.read}
    missing = sorted(name for name in wanted if name not in columns and name not in layout.columns)
    missing = [name for name in missing if layout.inside(name) is None or layout.children[_list(name)].pattern]
    if need.write and layout.full is None:
        what = f"{object} is written to and has extracts of changes only"
        yield Finding(False, what, f"Have the system write full extracts of {object}, and add full to its layout.")
    if not missing:
        yield Finding(True, f"{len(wanted)} columns of {object} to read", NOTHING)
    for name in missing:
        what = f"The extracts of {object} have no column {name}"
        yield Finding(False, what, f"Add {name} to {patterns}, or correct the mapping.")


def _list(name: str) -> str:
    return name.partition(".")[0]


def manual(spec: FieldSpec) -> str:
    """The step for whoever makes the extracts and the imports."""
    return f"Add a column {spec.name} ({spec.label}) to the extracts of {spec.object}, and take it from import files."
