"""Reading a rating out of what a model said: one whole number of the scale, or nothing."""

from __future__ import annotations

import re
import unicodedata

_THOUGHT = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z_]{1,20}>")
_MARKUP = str.maketrans(
    dict.fromkeys("*_`\u200b\ufe0f\u20e3\u2060")
    | {"\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2212": "-", "\u2013": "-", "\u2014": "-"}
)
_NUMBER = re.compile(r"(?<![\w.,])(-?)(\d+)((?:[.,]\d+)*)(?!\w)")
_OUT_OF = re.compile(
    r"(?P<given>\d{1,6})\s{0,3}(?:/|\b(?:out\s+of|of|von|sur|de|di|из)\b)\s{0,3}(?P<high>\d{1,6})(?!\.?\d)",
    re.IGNORECASE,
)
_SCALE = re.compile(
    r"\b(?:(?:on|using)\s+)?(?:an?\s+|the\s+)?scale\s+(?:of|from|between)\s+"
    r"(-?\d{1,6})\s{0,3}(?:to|through|and|-)\s{0,3}(\d{1,6})\b",
    re.IGNORECASE,
)
_CUE = re.compile(
    r"\b(?:ratings?|rate[ds]?|scores?|answers?|responses?|say|choose|pick|select|give|go\s+with|choice|option|boxed)\b",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"(?:\b(?:more|less|greater|higher|lower|fewer|other|rather|better)\s+than|\bat\s+(?:least|most)|\bup\s+to"
    r"|\b(?:above|below|over|under|between|except|versus|minimum|maximum)|[<>≤≥$€£~])\s*$",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\bnot\s+(?:an?\s+|the\s+)?$"
    r"|(?:n't|\bnot|\bcannot|\bnever|\bunable\s+to|\brefuse\s+to|\bdecline\s+to)\s+(?:really\s+|honestly\s+)?"
    r"(?:give|rate|say|choose|pick|select|assign|offer|provide|answer|score|call)\b[^:]*$",
    re.IGNORECASE,
)
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WORD = "|".join(_WORDS)
_ONLY_A_WORD = re.compile(
    rf"(?:(?:(?:my|the)\s+)?(?:rating|answer|score|response)\s*(?:is|would\s+be|:)?\s*)?"
    rf"({_WORD})(?:\s+out\s+of\s+({_WORD}|\d+))?\W*",
    re.IGNORECASE,
)
_OR = re.compile(
    rf"\d\s{{0,3}}(?:or\b|to\s+(?:\d|(?:{_WORD})\b))|\b(?:{_WORD})\s+(?:or|to|and)\s+(?:an?\s+)?\d", re.IGNORECASE
)
_MOST_LETTERS, _MOST_NUMBERS, _NEAR = 20_000, 40, 300


def parse_rating(text: str, low: int, high: int) -> int | None:
    """Return the rating that a text states, or None where it does not state exactly one.

    Strict: what is not surely one whole number of the scale is None, for a wrong number does more harm than a lost
    answer. The number must be written in digits, and begin the text or one of its lines, or end a line or a sentence,
    or follow a word such as "rating", "answer", "say" or "give" in its sentence. The same number twice is one number.
    A number word from zero to ten counts when it is all that the text says ("Five.", "My rating: five"), in English.
    "5 out of 6" and "5/6" count when the second number is `high`; "on a scale from 1 to 6" is passed over when it is
    this scale; reasoning between ``<think>`` tags at the beginning is passed over; markdown does not matter.

    None: two numbers ("4 or 5", "4-5", "I rate A 3 and B 5"), a fraction ("5.5"), a number outside the scale ("10"),
    bounds ("more than 3", ">4", "5+"), a number that is denied ("not a 5", "I can't give a 5"), "50%", "5th", "Q5",
    reasoning that does not end, a text of more than 20,000 letters or 40 numbers.

    Parameters
    ----------
    text : str
        What the model said.
    low, high : int
        Ends of the scale, included.

    Returns
    -------
    int or None
        Between `low` and `high`.

    Examples
    --------
    >>> [parse_rating(said, 1, 6) for said in ("5", "**Rating:** 5", "I'd say 5 out of 6.", "five")]
    [5, 5, 5, 5]
    >>> [parse_rating(said, 1, 6) for said in ("4 or 5", "5.5", "10", "I have 2 children and love them")]
    [None, None, None, None]
    """
    if len(text) > _MOST_LETTERS:
        return None
    plain = _plain(text)
    if any(unicodedata.category(letter) in ("No", "Nl") for letter in plain):
        return None
    plain = _OUT_OF.sub(lambda match: match["given"] if int(match["high"]) == high else match[0], plain)
    plain = _SCALE.sub(lambda match: "" if (match[1], match[2]) == (str(low), str(high)) else match[0], plain)
    if not re.search(r"\d", plain):
        return _word(plain, low, high)
    found = list(_NUMBER.finditer(plain))
    digits = sum(len(match[2]) + sum(map(str.isdigit, match[3])) for match in found)
    if len(found) > _MOST_NUMBERS or _OR.search(plain) or digits != sum(map(str.isdigit, plain)):
        return None
    values = {_whole(match) for match in found}
    if len(values) != 1 or not any(_stated(plain, match) for match in found):
        return None
    if any(_bounded(plain, match) for match in found):
        return None
    value = values.pop()
    return value if value is not None and low <= value <= high else None


def _plain(text: str) -> str:
    """Return the text without markdown, tags, invisible marks and leading reasoning; all digits as 0 to 9."""
    said = _THOUGHT.sub("", text, count=1)
    if re.match(r"\s*<think", said, re.IGNORECASE):
        return ""
    said = _TAG.sub(" ", said).translate(_MARKUP)
    return "".join(
        str(unicodedata.digit(letter)) if not letter.isascii() and unicodedata.category(letter) == "Nd" else letter
        for letter in said
    ).strip()


def _word(plain: str, low: int, high: int) -> int | None:
    match = _ONLY_A_WORD.fullmatch(plain.strip(" \t\n\"'.(["))
    if match is None:
        return None
    if match[2] is not None and match[2].lower() not in (str(high), *([_WORDS[high]] if 0 <= high <= 10 else [])):
        return None
    value = _WORDS.index(match[1].lower())
    return value if low <= value <= high else None


def _whole(match: re.Match[str]) -> int | None:
    """Return the number of a match, or None for a fraction (5.0 is whole) or an absurd length."""
    fraction = match[3]
    if len(match[2]) > 6 or (fraction and not re.fullmatch(r"\.0+", fraction)):
        return None
    return int(match[1] + match[2])


def _stated(plain: str, match: re.Match[str]) -> bool:
    """Whether a number stands where a rating stands: at an end of a line or sentence, or after a word for rating."""
    before = _sentence(plain, match)
    begins = not before.strip(" \t\"'#([{:-")
    ends = re.match(r"[\"')\]}\s]{0,9}(?:$|\n|[.!?](?:$|[\s\"')\]}]))", plain[match.end() : match.end() + 12])
    return begins or ends is not None or _CUE.search(before) is not None


def _bounded(plain: str, match: re.Match[str]) -> bool:
    """Whether a number is only a bound, a share, or what the speaker does not say."""
    before, after = _sentence(plain, match), plain[match.end() : match.end() + 12]
    if re.match(r"\s*(?:[%+°^]|percent\b|[-/]\s*\d)", after) or re.search(r"\d\s*[-/:]\s*$", before):
        return True
    return _BOUND.search(before) is not None or _DENIED.search(before) is not None


def _sentence(plain: str, match: re.Match[str]) -> str:
    """Return what stands before a number in its sentence."""
    return re.split(r"[.!?;]\s|\n", plain[max(0, match.start() - _NEAR) : match.start()])[-1]
