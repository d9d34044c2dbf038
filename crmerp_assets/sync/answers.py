"""What is wrong with an answer to a review."""


class NotDecidable(ValueError):
    """The decision does not fit the review; the message says which ones do."""
