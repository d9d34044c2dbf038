"""Stop and ask before a large share of the known records is taken for deleted.

A right that was taken away looks the same as a mass deletion: the records do not come back. A person's answer is
bound to exactly the records that were missing; when others are, it is asked anew.
"""

import hashlib
import json
from dataclasses import dataclass

import polars as pl

from crmerp_assets.sync.decisions import Decision, Kind, Review
from crmerp_assets.sync.platform import Platform

MASS_DELETION = "mass_deletion"


@dataclass(frozen=True, slots=True)
class Loss:
    """What one reading of one object would take for deleted: `gone` of `known` records."""

    subject: str
    known: int
    gone: list[str]

    @property
    def detail(self) -> str:
        """What an answer is bound to."""
        digest = hashlib.sha256("\n".join(sorted(self.gone)).encode()).hexdigest()[:16]
        return json.dumps({"gone": len(self.gone), "records": digest})

    @property
    def title(self) -> str:
        """The question."""
        return (
            f"{len(self.gone)} of {self.known} known records are missing in {self.subject}: were they deleted? "
            "Check the integration user's rights first"
        )


def allowed(platform: Platform, entity: str, loss: Loss, at_least: int = 1) -> bool:
    """Whether the loss may be believed: it is small, or a person has accepted exactly it, which counts once.

    Otherwise the review `mass_deletion` is open afterwards, or stays refused.
    """
    small = len(loss.gone) < at_least or loss.known - len(loss.gone) >= loss.known * platform.policy.short_pull_share
    with platform.ledger.read() as tx:
        reviews = tx.reviews.list(MASS_DELETION, None)
    if small and reviews.is_empty():
        return True
    asked = reviews.filter(
        (pl.col("subject") == loss.subject) & (pl.col("entity") == entity) & (pl.col("state") != "closed")
    )
    if small and asked.is_empty():
        return True
    with platform.ledger.begin() as tx:
        if small or _accepted(asked, loss):
            tx.reviews.withdraw(MASS_DELETION, entity, [loss.subject])
            return True
        row = {"kind": MASS_DELETION, "entity": entity, "subject": loss.subject, "title": loss.title}
        tx.reviews.open([row | {"detail": loss.detail}])
    return False


def was_asked(platform: Platform) -> bool:
    """Whether a loss was ever asked about; one that is small needs no look at what was, where none was."""
    with platform.ledger.read() as tx:
        return not tx.reviews.list(MASS_DELETION, None).is_empty()


def _accepted(asked: pl.DataFrame, loss: Loss) -> bool:
    decided = asked.filter((pl.col("state") == "decided") & (pl.col("detail") == loss.detail))
    return any(json.loads(answer)["answer"] == "accept" for answer in decided["decision"])


def _decided(_platform: Platform, _review: Review, answer: str) -> Decision:
    then = {
        "accept": "The next comparison marks exactly these records as deleted, once.",
        "refuse": "These records stay as they are until they are back or others are missing.",
    }
    return Decision({"answer": answer}, then[answer])


KIND = Kind(
    MASS_DELETION,
    "Were so many records really deleted?",
    {"accept": "they really were deleted", "refuse": "they exist, something hides them"},
    _decided,
)
