"""Text in LaTeX: every character shown and none obeyed, in pdfLaTeX, XeLaTeX and LuaLaTeX alike."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable

from causalvalues.scene.metrics import printable

LINE = 110
OTHER = "\\otherchar"
MISSING = "\\missingchar"
DEFINITIONS = (
    "% A character that pdfLaTeX's usual fonts lack: its code, and what pdfLaTeX shows in its place.",
    "\\providecommand{\\missingchar}{\\framebox[.7em]{\\rule{0pt}{.6em}}}",
    "\\providecommand{\\otherchar}[2]{\\ifdefined\\Umathchar\\iffontchar\\font#1 \\char#1\\relax\\else#2\\fi",
    "  \\else{\\fontencoding{T1}\\selectfont#2}\\fi}",
)
"""Lines that the picture needs when `OTHER` occurs in it."""

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 !'()*+,-./:;=?@[]")
_COMMANDS = {
    "\\": "\\textbackslash{}",
    "{": "\\{",
    "}": "\\}",
    "$": "\\$",
    "&": "\\&",
    "#": "\\#",
    "_": "\\_",
    "%": "\\%",
    "^": "\\textasciicircum{}",
    "~": "\\textasciitilde{}",
    "<": "\\textless{}",
    ">": "\\textgreater{}",
    "|": "\\textbar{}",
    '"': "\\symbol{34}",
    "`": "\\symbol{96}",
    "\u2013": "\\textendash{}",
    "\u2014": "\\textemdash{}",
    "\u2018": "\\textquoteleft{}",
    "\u2019": "\\textquoteright{}",
    "\u201c": "\\textquotedblleft{}",
    "\u201d": "\\textquotedblright{}",
    "\u2026": "\\ldots{}",
    "\u2022": "\\textbullet{}",
    "\u00b7": "\\textperiodcentered{}",
    "\u2423": "\\textvisiblespace{}",
    "\u00a7": "\\S{}",
    "\u00b6": "\\P{}",
    "\u2020": "\\dag{}",
    "\u2021": "\\ddag{}",
    "\u00a9": "\\copyright{}",
    "\u00a1": "\\textexclamdown{}",
    "\u00bf": "\\textquestiondown{}",
    "\u00df": "\\ss{}",
    "\u00e6": "\\ae{}",
    "\u00c6": "\\AE{}",
    "\u0153": "\\oe{}",
    "\u0152": "\\OE{}",
    "\u00f8": "\\o{}",
    "\u00d8": "\\O{}",
    "\u0142": "\\l{}",
    "\u0141": "\\L{}",
    "\u0131": "\\i{}",
    "\u0237": "\\j{}",
}
_MATHS = {
    "\u2212": "-",
    "\u00d7": "\\times",
    "\u00f7": "\\div",
    "\u00b1": "\\pm",
    "\u00ac": "\\neg",
    "\u00b0": "^\\circ",
    "\u00b9": "^1",
    "\u00b2": "^2",
    "\u00b3": "^3",
    "\u00bd": "\\frac12",
    "\u00b5": "\\mu",
    "\u2032": "'",
    "\u2190": "\\leftarrow",
    "\u2191": "\\uparrow",
    "\u2192": "\\rightarrow",
    "\u2193": "\\downarrow",
    "\u2194": "\\leftrightarrow",
    "\u21d0": "\\Leftarrow",
    "\u21d2": "\\Rightarrow",
    "\u21d4": "\\Leftrightarrow",
    "\u2202": "\\partial",
    "\u2205": "\\emptyset",
    "\u2206": "\\Delta",
    "\u2207": "\\nabla",
    "\u2208": "\\in",
    "\u2209": "\\notin",
    "\u220f": "\\prod",
    "\u2211": "\\sum",
    "\u221a": "\\surd",
    "\u221d": "\\propto",
    "\u221e": "\\infty",
    "\u2227": "\\wedge",
    "\u2228": "\\vee",
    "\u2229": "\\cap",
    "\u222a": "\\cup",
    "\u223c": "\\sim",
    "\u2248": "\\approx",
    "\u2260": "\\neq",
    "\u2261": "\\equiv",
    "\u2264": "\\leq",
    "\u2265": "\\geq",
    "\u2282": "\\subset",
    "\u2286": "\\subseteq",
    "\u22c5": "\\cdot",
    "\u25cb": "\\circ",
    "\u25cf": "\\bullet",
}
_GREEK = (
    "alpha,beta,gamma,delta,epsilon,zeta,eta,theta,iota,kappa,lambda,mu,nu,xi,o,pi,rho,varsigma,sigma,tau,upsilon,"
    "phi,chi,psi,omega"
)
_GREEK_CAPITALS = "A,B,Gamma,Delta,E,Z,H,Theta,I,K,Lambda,M,N,Xi,O,Pi,P,.,Sigma,T,Upsilon,Phi,X,Psi,Omega"
_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0323": "d",
    "\u0327": "c",
}
_IN_T1 = {
    "\u0105": "\\k{a}",
    "\u0104": "\\k{A}",
    "\u0119": "\\k{e}",
    "\u0118": "\\k{E}",
    "\u00f0": "\\dh{}",
    "\u00d0": "\\DH{}",
    "\u0111": "\\dj{}",
    "\u0110": "\\DJ{}",
    "\u00fe": "\\th{}",
    "\u00de": "\\TH{}",
    "\u00ab": "\\guillemotleft{}",
    "\u00bb": "\\guillemotright{}",
    "\u2039": "\\guilsinglleft{}",
    "\u203a": "\\guilsinglright{}",
    "\u201e": "\\quotedblbase{}",
    "\u201a": "\\quotesinglbase{}",
}
_LIGATURES = re.compile(r"(?<=([-',!?]))(?=\1)")


def tex_words(text: str) -> str:
    r"""Return one line of text as LaTeX that shows it.

    Parameters
    ----------
    text : str
        Any characters; those that do not print are shown as `printable` says.

    Returns
    -------
    str
        ASCII. Accents are commands and signs such as the minus are mathematics, which every engine knows. Of the other
        characters ``\otherchar`` holds the code (`DEFINITIONS`): XeLaTeX and LuaLaTeX show it where their font has it,
        and pdfLaTeX shows a box.

    Examples
    --------
    >>> print(tex_words("50% of\nR&D: \u2212.34"))
    50\% of R\&D: $-$.34
    """
    shown = unicodedata.normalize("NFC", printable(text))
    held = "".join(_character(character) for character in _LIGATURES.sub("\0", shown)).replace("\0", "\\kern0pt ")
    return re.sub(r"  +", lambda found: " " + "\\ " * (len(found[0]) - 1), held)


def comment(text: str, start: str = "") -> list[str]:
    """Return lines of a LaTeX comment that hold any text; `start` opens the first."""
    return textwrap.wrap(
        start + printable(text), LINE, initial_indent="% ", subsequent_indent="%   ", break_on_hyphens=False
    )


def _character(character: str) -> str:
    if character in _PLAIN or character == "\0":
        return character
    if character in _COMMANDS:
        return _COMMANDS[character]
    if character in _MATHS:
        return f"${_MATHS[character]}$"
    return _greek(character) or _accented(character) or _other(character)


def _greek(character: str) -> str:
    for first, letters in ((0x3B1, _GREEK), (0x391, _GREEK_CAPITALS)):
        place, names = ord(character) - first, letters.split(",")
        if 0 <= place < len(names) and names[place] != ".":
            name = names[place]
            return f"$\\{name}$" if len(name) > 1 else name
    return ""


def _accented(character: str) -> str:
    letter, *accents = tuple(unicodedata.normalize("NFD", character))
    if len(accents) != 1 or accents[0] not in _ACCENTS or not (letter.isascii() and letter.isalpha()):
        return ""
    return f"\\{_ACCENTS[accents[0]]}{{{letter}}}"


def _other(character: str) -> str:
    if unicodedata.category(character) == "Cf":
        return ""
    simpler = unicodedata.normalize("NFKD", character)
    shown = _IN_T1.get(character, MISSING)
    if simpler != character and all(each in _PLAIN for each in simpler):
        shown = simpler.strip()
    elif unicodedata.combining(character):
        shown = ""
    return f"{OTHER}{{{ord(character)}}}{{{shown}}}"


def wrapped(tokens: Iterable[str], indent: str = "    ") -> str:
    """Join pieces by spaces, in lines of a readable length."""
    lines = [""]
    for token in tokens:
        if lines[-1].strip() and len(lines[-1]) + 1 + len(token) > LINE:
            lines.append(indent)
        lines[-1] += token if not lines[-1].strip() else f" {token}"
    return "\n".join(lines)
