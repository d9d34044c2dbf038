"""Text without the debris of copy and paste: spaces, control characters and invisible marks.

Meaning stays: emoji, right-to-left scripts, joiners inside words and pictures that need them. Every step refers to
its input once, because expressions are built on one another and each further mention doubles the plan.
"""

import polars as pl

# Zero-width space, direction marks and embeddings, word joiner, soft hyphen, byte order mark, invisible operators.
_INVISIBLE = r"[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
_CONTROL = r"[\p{Cc}--\s]"
# After these a joiner changes what is shown: pictures with their variants, and scripts whose letters join.
_SCRIPTS = (
    *("Extended_Pictographic", "Emoji_Modifier", "Arabic", "Syriac", "Mongolian", "Devanagari", "Bengali", "Gurmukhi"),
    *("Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala", "Khmer", "Myanmar"),
)
_JOINING = r"\ufe0f\u064b-\u065f\u0670" + "".join(rf"\p{{{name}}}" for name in _SCRIPTS)
_IDLE_JOINER = rf"(^|[^{_JOINING}\u200c\u200d])[\u200c\u200d]+"
_ENDS = r"^[\s\u200c\u200d]+|[\s\u200c\u200d]+$"
_NEWLINE = r"\r\n|[\r\x0b\x0c\u0085\u2028\u2029]"


def filled(value: pl.Expr) -> pl.Expr:
    """The text, or null where it is empty."""
    return value.str.extract(r"(?s)^(.+)$", 1)


def text(value: pl.Expr) -> pl.Expr:
    """One line: trimmed, runs of white space as one space, NFC, nothing invisible; blank is null."""
    return _finished(_visible(value).str.replace_all(r"\s+", " "))


def multiline(value: pl.Expr) -> pl.Expr:
    """Like `text`, keeping line breaks as one newline; empty lines go."""
    lines = _visible(value).str.replace_all(_NEWLINE, "\n").str.replace_all(r"[\s--\n]+", " ")
    return _finished(lines.str.replace_all(r" *\n[ \n]*", "\n"))


def lower(value: pl.Expr) -> pl.Expr:
    """`text` in lower case; composed again, since lower case can bring new compositions."""
    return text(value).str.to_lowercase().str.normalize("NFC")


def upper_ascii(value: pl.Expr) -> pl.Expr:
    """`text` in upper case where all of it is ASCII, else as it is."""
    clean = text(value)
    return pl.when(clean.str.contains(r"^[\x00-\x7f]*$")).then(clean.str.to_uppercase()).otherwise(clean)


def _visible(value: pl.Expr) -> pl.Expr:
    bare = value.cast(pl.String).str.replace_all(_INVISIBLE, "").str.replace_all(_CONTROL, "").str.normalize("NFC")
    return bare.str.replace_all(_IDLE_JOINER, "$1")


def _finished(value: pl.Expr) -> pl.Expr:
    return filled(value.str.replace_all(_ENDS, "").str.normalize("NFC"))
