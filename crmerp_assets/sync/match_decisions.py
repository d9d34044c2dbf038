"""Many decisions about links at once: from a spreadsheet, or by probability. Each is taken or refused by itself."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from crmerp_assets.sync import matches
from crmerp_assets.sync.decisions import NotDecidable, Review
from crmerp_assets.sync.link_answers import QUESTION, Said, has_no_other_partner, said_same
from crmerp_assets.sync.platform import Platform

WORDS = ("same", "different")
OUTCOME = pl.Schema(
    {"row": pl.Int64(), "review": pl.String(), "decision": pl.String(), "taken": pl.Boolean(), "said": pl.String()}
)
"""One given decision: where it stood, whether it was taken, and else why not."""


@dataclass(frozen=True, slots=True)
class Given:
    """One decision as it was given: `row` is where it stood, `word` same or different in any case."""

    row: int
    review: str
    word: str
    why: str | None = None


def between(found: pl.DataFrame, word: str, least: float | None, most: float | None) -> list[Given]:
    """The same word for every match with a probability from `least` to `most`, the surest first."""
    inside = found.filter(pl.col("p").is_between(0.0 if least is None else least, 1.0 if most is None else most))
    surest = inside.sort("p", descending=word == "same")
    return [Given(n, id_, word) for n, id_ in enumerate(surest["id"], start=1)]


def decide_many(platform: Platform, given: Iterable[Given], by: str, why: str | None, *, store: bool) -> pl.DataFrame:
    """Take each decision that can be taken, as OUTCOME; with `store` false only say which could be.

    What cannot be taken stops nothing else. A second `same` for one record is refused, also within one call.
    """
    with platform.ledger.read() as tx:
        asked = {row["id"]: row for kind in matches.KINDS for row in tx.reviews.list(kind).iter_rows(named=True)}
    said: dict[str, Said] = {}
    rows = []
    for one in given:
        try:
            told = _take(platform, asked, said, one, by, why, store=store)
        except (NotDecidable, LookupError) as error:
            rows.append((one.row, one.review, one.word, False, str(error)))
        else:
            rows.append((one.row, one.review, one.word, True, told))
    return pl.DataFrame(rows, schema=OUTCOME, orient="row")


def _take(
    platform: Platform,
    asked: dict[str, dict[str, Any]],
    said: dict[str, Said],
    one: Given,
    by: str,
    why: str | None,
    *,
    store: bool,
) -> str:
    word = one.word.strip().lower()
    if word not in WORDS:
        raise NotDecidable(f"'{one.word}' is no decision; write same or different")
    question = _question(asked, one.review)
    if word == "same" and question["kind"] == QUESTION:
        entity = question["entity"]
        if entity not in said:
            said[entity] = said_same(platform, entity)
        has_no_other_partner(platform, question, said[entity])
        said[entity].add(*json.loads(question["subject"]))
    reason = one.why or why
    if store:
        decision = {"same": word == "same"} | ({"why": reason} if reason else {})
        with platform.ledger.begin() as tx:
            tx.reviews.decide(question["id"], json.dumps(decision), by)
    del asked[question["id"]]
    return str(question["title"])


def _question(asked: Mapping[str, Review], prefix: str) -> Review:
    exact = asked.get(prefix)
    found = [exact] if exact else [row for id_, row in asked.items() if prefix and id_.startswith(prefix)]
    if len(found) != 1:
        raise LookupError(f"{len(found)} open questions start with '{prefix}': it was decided, or is gone")
    return found[0]
