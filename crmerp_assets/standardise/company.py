"""Company names parted into core name and legal form.

Only trailing forms come off, since "AG Barr" and "Limited Brands" are names; and something always stays. The form is
kept beside the name: GmbH against AG is weak evidence of two companies.
"""

import polars as pl

from crmerp_assets.standardise.text import filled, text

# Short forms without dots: they are matched with dots, slashes or both between their letters. Forms that are common
# English words ("me", "ad") are left out: losing part of a name is worse than keeping a form.
_SHORT = (
    *("inc", "corp", "co", "ltd", "llc", "llp", "lllp", "pllc", "lp", "pc", "plc", "pty", "pte", "pvt", "ltda"),
    *("gmbh", "ggmbh", "mbh", "ag", "kgaa", "se", "ug", "kg", "ohg", "gbr", "ek", "sa", "sas", "sasu"),
    *("sarl", "sàrl", "eurl", "snc", "sca", "scop", "sau", "sl", "slu", "sll", "spa", "srl", "srls", "bv", "nv"),
    *("vof", "cv", "bvba", "sprl", "vzw", "asbl", "ab", "as", "asa", "aps", "oy", "oyj", "abp", "ans", "hf", "ehf"),
    *("ivs", "spj", "ska", "sro", "doo", "ood", "eood", "kft", "zrt", "nyrt", "uab", "oü", "kk", "gk"),
    *("bhd", "tbk", "pjsc", "jsc", "ojsc", "cjsc", "ooo", "oao", "zao", "pao", "wll", "fze", "fzco", "fzc", "dmcc"),
    *("aş", "şti", "cia", "eireli"),
)
_LONG = (
    r"s\.?\s?a",
    r"sp\.?\s?z\.?\s?o\.?\s?o",
    r"s\.?\s?a\.?\s?(?:p\.?\s?i\.?\s?|b\.?\s?)?de\s?c\.?\s?v",
    r"s\.?\s?(?:de\s)?r\.?\s?l\.?(?:\s?de\s?c\.?\s?v)?",
    r"sdn\.?\s?bhd",
    r"e\.\s?k",
    *("incorporated", "corporation", "company", "limited", "limitada", "private limited", "proprietary limited"),
    *("limited liability company", "limited liability", "public limited company", "joint stock company", "joint stock"),
    *("open joint stock company", "public joint stock company", "societatea cu raspundere limitata"),
    *("aktiengesellschaft", "gesmbh", "kabushiki kaisha", r"ug \(haftungsbeschränkt"),
)
_CJK = "株式会社|有限会社|合同会社|股份有限公司|有限责任公司|有限責任公司|有限公司|주식회사|유한회사"
_SYNONYMS = {
    "incorporated": "inc",
    "corporation": "corp",
    "company": "co",
    "limited": "ltd",
    "limitada": "ltda",
    "proprietary": "pty",
    "private": "pvt",
    "aktiengesellschaft": "ag",
    "sàrl": "sarl",
    "oü": "ou",
    "aş": "as",
    "kabushiki kaisha": "kk",
}


TRAILING_FORMS: tuple[str, ...] = (
    *(form for form in _SHORT if form.isascii()),
    *("oue", "ou", "s a", "s p a", "s r l", "s a s", "sp z oo", "sp z o o", "sa de cv", "sab de cv", "sapi de cv"),
    *("s de rl de cv", "s de rl", "sdn bhd", "e k", "ltd sti", "sanayi ve ticaret", "gmbh und co kg", "und co kg"),
    *("incorporated", "corporation", "company", "limited", "limitada", "private", "proprietary", "holdings inc"),
    *("limited liability company", "limited liability", "public limited company", "joint stock company", "joint stock"),
    *("open joint stock company", "public joint stock company", "societatea cu raspundere limitata"),
    *("aktiengesellschaft", "gesmbh", "kabushiki kaisha", "ug haftungsbeschrankt"),
)
"""Legal forms as words of lower-case ASCII letters without dots, as they stand at the end of a name."""
LEADING_FORMS: tuple[str, ...] = (
    *("ooo", "oao", "zao", "pao", "ojsc", "pjsc", "cjsc", "jsc", "tov", "pt", "srl", "limited liability company"),
    *("joint stock company", "open joint stock company", "public joint stock company"),
)
"""Forms that stand before the name by convention (Russian, Ukrainian, Indonesian, Romanian companies). Others do not
come off there: AG Barr is a name."""
FORMS_IN_OTHER_SCRIPTS = rf"{_CJK}|^(?:ООО|ОАО|ЗАО|ПАО|АО|ИП|ТОВ)\s+"
"""Legal forms that do not stand at the end, or not as a word of their own."""

_ANY_FORM = "|".join(
    [
        *(rf"{form}\.?" for form in _LONG),
        *(r"(?:[./]\s?)?".join(form) + r"\.?" for form in sorted(_SHORT, key=len, reverse=True)),
    ]
)
_JOINED = r"(?:\s+(?:and|und|et|y|e)\s+|[\s,&+()]+)"
_TAIL = (
    r"(?i)^(.*?[\p{L}\p{N}].*?)"
    rf"(?:[\s,]+\(?((?:&\s*|and\s+|und\s+)?(?:{_ANY_FORM})(?:{_JOINED}(?:{_ANY_FORM}))*)\)?|({_CJK}))$"
)


def core_name(value: pl.Expr) -> pl.Expr:
    """The name without its trailing legal form; never empty where the name is not."""
    name = text(value)
    return pl.coalesce([name.str.extract(_TAIL, 1).str.replace(r"[\s,;&+(-]+$", ""), name])


def legal_form(value: pl.Expr) -> pl.Expr:
    """The trailing legal form in lower case without dots, spaces and signs, such as `gmbhcokg`; null without one."""
    name = text(value)
    written = pl.coalesce([name.str.extract(_TAIL, 2), name.str.extract(_TAIL, 3)]).str.to_lowercase()
    words = written.str.replace_many(list(_SYNONYMS), list(_SYNONYMS.values()))
    bare = words.str.replace_all(r"^(?:and|und)\s|\s(?:and|und|et|y|e)\s|[^\p{L}\p{N}]", "")
    return filled(bare)


def split_legal_form(value: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """(core name, legal form) of a company name."""
    return core_name(value), legal_form(value)
