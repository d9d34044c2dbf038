"""Files that people read while the next run writes them."""

from pathlib import Path


def put(target: Path, content: bytes, *, private: bool = False) -> Path:
    """Write the file whole: a reader sees the old one or the new one. A private one is its owner's only."""
    draft = target.with_name(f"{target.name}.new")
    draft.touch(mode=0o600 if private else 0o666)
    draft.write_bytes(content)
    draft.replace(target)
    return target
