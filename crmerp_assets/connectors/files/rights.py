"""The rights that the exchange of files takes: to read what the system writes, and to write what it takes.

Nothing is put into the folder of imports to find out, because the system would take it. Stores that have no
permissions of a file system do not tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from crmerp_assets.connectors.files.layout import Folders, ObjectLayout
from crmerp_assets.connectors.files.store import Store
from crmerp_assets.connectors.protocol import Needs, Right
from crmerp_assets.connectors.rights import excess, told

_BOTH = ("read", "write")
_LOGIN = re.compile(r"//[^/@]*@")
_WHERE = "the permissions of {0}, for the user that the platform runs as"
_OPEN = "the permissions of {0}: everybody may write there, and what stands there is believed (chmod o-w)"


def asked(
    url: str, folders: Folders, objects: Mapping[str, ObjectLayout], needs: Mapping[str, Needs]
) -> list[tuple[Right, str]]:
    """The rights that these needs take, each with the folder that it is about, before anybody has looked."""
    found = [
        (_right(url, "read", folder, object_), folder)
        for object_ in sorted(needs)
        if object_ in objects
        for folder in _folders(objects[object_])
    ]
    ours = [(folders.notes, verb, "what was sent already, so that nothing is twice") for verb in _BOTH]
    if any(need.write for need in needs.values()):
        ours += [(folders.imports, verb, "what is sent, under the next free number") for verb in _BOTH]
        ours.append((folders.acknowledgements, "read", "what became of it"))
    found += [(_right(url, verb, folder, why=why), folder) for folder, verb, why in ours]
    return list({right.name: (right, folder) for right, folder in found}.values())


def _right(url: str, verb: str, folder: str, object_: str | None = None, why: str = "") -> Right:
    return Right(f"{verb} {folder or '.'}", _WHERE.format(_place(url, folder)), object=object_, why=why)


def _place(url: str, folder: str) -> str:
    """Without a name or password that the url may hold."""
    plain = _LOGIN.sub("//", url).rstrip("/")
    return f"{plain}/{folder}".rstrip("/")


def _folders(layout: ObjectLayout) -> Iterator[str]:
    patterns = [layout.full, layout.changes, *(child.pattern for child in layout.children.values())]
    yield from dict.fromkeys(pattern.rpartition("/")[0] for pattern in patterns if pattern)


def looked_at(
    store: Store, url: str, folders: Folders, objects: Mapping[str, ObjectLayout], needs: Mapping[str, Needs]
) -> list[Right]:
    """The same, granted or not, and the folders that anybody may write to."""
    wanted = asked(url, folders, objects, needs)
    found = [told(right, store.may(folder, right.name.partition(" ")[0])) for right, folder in wanted]
    opened = [folder for folder in dict.fromkeys(folder for _, folder in wanted) if store.open_to_all(folder)]
    return [*found, *(excess(f"everybody: write {one or '.'}", _OPEN.format(_place(url, one))) for one in opened)]
