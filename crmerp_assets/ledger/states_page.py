"""The states of an intent as the runbook shows them: rendered from the table that the code checks moves against."""

from collections.abc import Sequence

from crmerp_assets.ledger.transitions import STATES, TRANSITIONS

BEGIN, END = "<!-- states: begin -->", "<!-- states: end -->"


def states_page() -> str:
    """Two Markdown tables: what each state means, and from which state (rows) to which (columns) an intent moves."""
    meanings = [(f"`{name}`", state.meaning, state.platform, state.person) for name, state in STATES.items()]
    targets = [name for name in STATES if any(name in moves for moves in TRANSITIONS.values())]
    moves = [(f"`{name}`", *("x" if to in TRANSITIONS[name] else "" for to in targets)) for name in STATES]
    return "\n\n".join(
        [
            _table(("state", "meaning", "the platform", "a person"), meanings),
            "How they move, from row to column:",
            _table(("from \\ to", *targets), moves),
        ]
    )


def between_markers(page: str) -> str:
    """The generated part of a page. ValueError where a marker is missing."""
    return page[page.index(BEGIN) + len(BEGIN) : page.index(END)].strip()


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
