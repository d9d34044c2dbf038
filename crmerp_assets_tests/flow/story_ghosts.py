"""Accounts that are deleted, restored and merged in a story. Of those only doubles and ghosts are judged."""

from hypothesis import note
from hypothesis.stateful import precondition, rule
from story_rules import WHICH, PeopleRules


class GhostRules(PeopleRules):
    """What happens to records as a whole."""

    @precondition(lambda self: self._alive())
    @rule(which=WHICH)
    def delete_account(self, which: int) -> None:
        """With its contacts and deals."""
        self.office.tick()
        word = self._alive()[which % len(self._alive())]
        note(f"{word} is deleted in the CRM")
        self.people.delete_account(word)
        self._haunted(word, None)

    @precondition(lambda self: len(self._alive()) > 1)
    @rule(which=WHICH)
    def merge_accounts(self, which: int) -> None:
        """The loser's deals and contacts go to the winner."""
        self.office.tick()
        alive = self._alive()
        loser, winner = alive[which % len(alive)], alive[(which + 1) % len(alive)]
        note(f"{loser} is merged into {winner} in the CRM")
        self.people.merge_accounts(winner, loser)
        self.oracle.disturbed.add(winner)
        self._haunted(loser, winner)

    @precondition(lambda self: self.oracle.ghosts)
    @rule(which=WHICH)
    def undelete_account(self, which: int) -> None:
        ghosts = sorted(self.oracle.ghosts)
        word = ghosts[which % len(ghosts)]
        self.office.tick()
        note(f"{word} is taken out of the recycle bin")
        if not self.people.undelete_account(word):
            return
        self.oracle.ghosts.discard(word)
        for deal in self.oracle.deals.values():
            deal.binned = deal.binned and deal.company != word

    def _haunted(self, word: str, winner: str | None) -> None:
        self.oracle.ghosts.add(word)
        self.oracle.disturbed.add(word)
        for deal in self.oracle.deals.values():
            if deal.company == word:
                deal.company, deal.binned = winner or word, winner is None
