"""Does a text decline to answer? A narrow rule that would rather miss a refusal than call an answer one."""

from __future__ import annotations

import re

_SORRY = (
    r"(?:(?:i['’]?m|i am|we['’]?re)\s+(?:very |so |really )?sorry|sorry|i apologi[sz]e|my apologies|unfortunately)\b"
    r"[^.!?]{0,20}?[,.:;!]?\s*(?:but\s+)?"
)
_ASIDE = r"(?:as an? (?:ai|artificial intelligence|language model|assistant|large language model)\b[^.,]{0,40},?\s*)"
_CANNOT = (
    r"i\s*(?:can['’]?t|cannot|can not|won['’]?t|will not|['’]?m not able to|am not able to|['’]?m unable to|"
    r"am unable to|must decline to|have to decline to)"
)
_THIS = r"(?:this|that|the|your|such)\b"
_WHAT = (
    rf"(?:(?:help|assist)(?:\s+you|\s+with|\s*[.,!]|\s*$)|(?:answer|rate|do) {_THIS}|(?:respond|reply) to {_THIS}|"
    rf"comply with {_THIS}|(?:participate|engage) in {_THIS}|fulfill? {_THIS}|(?:provide|give) (?:an?|any|my|you)\b)"
)
_WHAT_AFTER_SORRY = (
    r"(?:help|assist|answer|respond|reply|comply|participate|provide|give|rate|choose|pick|select|continue|engage|"
    r"role-?play|pretend|fulfill?|do (?:that|this|so))\b"
)
_NO_VIEWS = (
    r"i\s*(?:do not|don['’]?t|cannot|can['’]?t)\s+have\s+(?:any )?(?:personal |own )?"
    r"(?:values|opinions|beliefs|feelings|preferences|views)\b"
)
_RATHER_NOT = r"i\s*(?:must decline|['’]?d rather not (?:say|answer)|would rather not (?:say|answer))\b"
_REFUSAL = re.compile(
    rf"^\W*(?:{_RATHER_NOT}|(?:{_SORRY}{_ASIDE}?|{_ASIDE}){_CANNOT}\s+{_WHAT_AFTER_SORRY}|{_CANNOT}\s+{_WHAT}|"
    rf"(?:{_SORRY})?{_ASIDE}?{_NO_VIEWS})",
    re.IGNORECASE,
)


def is_refusal(text: str) -> bool:
    """Return whether a text declines to answer.

    True only when it *begins* with a plain refusal in English ("I'm sorry, but I can't help with that", "As an AI, I do
    not have personal opinions") and holds no digit, so that "I don't have feelings, but I would say 4" stays an answer.
    Refusals in other words or languages are not found: they are left for the parser of the answer, which will find
    no number in them.

    Parameters
    ----------
    text : str
        What the assistant said.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_refusal("I'm sorry, but I can't assist with that.")
    True
    >>> is_refusal("I do not have personal opinions, but my answer is 4.")
    False
    """
    return _REFUSAL.match(text[:300]) is not None and not any(letter.isdigit() for letter in text)
