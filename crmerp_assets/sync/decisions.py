"""What a kind of review is: its answers, and what an answer does. Each kind is one `Kind` in the module it concerns.

To add one, make a `Kind` beside the code that asks the question and list it in `review.KINDS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crmerp_assets.ledger import Transaction
from crmerp_assets.sync.platform import Platform

Review = Mapping[str, Any]
"""A row of the ledger's table `reviews`."""


class NotDecidable(ValueError):
    """The decision does not fit the review; the message says which ones do."""


def nothing_else(_tx: Transaction, _by: str) -> None:
    """For decisions that only later stages act on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said: the word, who they are, and why if they say so."""

    word: str
    by: str
    why: str | None = None


def anybody(_platform: Platform, _review: Review, _answer: Answer) -> None:
    """For kinds that every operator may decide."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`record` is stored with the review as JSON; `consequence` tells the person what happens next.

    `effect` is done in the same ledger transaction, with the name of the person: a decision and what it changes are
    stored together or not at all.
    """

    record: Mapping[str, object]
    consequence: str
    effect: Callable[[Transaction, str], None] = nothing_else


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of review.

    `answers` are the words to answer with, each with its meaning; a kind without any takes free text, which `decide`
    judges (raising NotDecidable). `decide` runs outside any ledger transaction and may read the warehouse.
    `permit` raises NotDecidable for a person who may not decide, or not without a reason.
    """

    name: str
    question: str
    answers: Mapping[str, str]
    decide: Callable[[Platform, Review, str], Decision]
    permit: Callable[[Platform, Review, Answer], None] = anybody

    def judged(self, platform: Platform, review: Review, answer: Answer) -> Decision:
        """The decision for an answer. Raises NotDecidable for a word that is none of the answers."""
        if self.answers and answer.word not in self.answers:
            known = ", or ".join(f"`{word}` ({meaning})" for word, meaning in self.answers.items())
            raise NotDecidable(f"'{answer.word}' does not answer review {review['id'][:8]}: answer {known}.")
        self.permit(platform, review, answer)
        return self.decide(platform, review, answer.word)
