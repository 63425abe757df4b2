"""Text-case of CSL 1.0.2, on rich text."""

from __future__ import annotations

import re

from guide.markup.csl.rich import Rich, changed

# Words that stay small inside an English title (CSL 1.0.2, with the list of citeproc-js).
_SMALL = frozenset("""a about above across afore after against al along alongside amid amidst among amongst
an and anenst apropos apud around as aside astride at athwart atop barring before behind below beneath
beside besides between beyond but by c ca circa d' de despite down during et except for forenenst from
given in inside into lest like modulo near next nor notwithstanding of off on onto or out over per plus pro qua
sans since so than the through thru throughout thruout till to toward towards under underneath until unto
up upon v v. van versus vi via vis-à-vis von vs vs. with within without yet""".split())  # fmt: skip
_WORD = re.compile(r"[^\s\-‐–—/\u00a0]+")


def cased(rich: Rich, case: str, language: str) -> Rich:
    """Return the text in a case of CSL; `title` needs English, of any text that is not another."""
    if not rich or not case:
        return rich
    if case == "lowercase":
        return changed(rich, _lower)
    if case == "uppercase":
        return changed(rich, _upper)
    if case == "capitalize-first":
        return changed(rich, _first_upper)
    if case == "capitalize-all":
        return changed(rich, lambda text: re.sub(r"[^\s]+", lambda m: _first_upper(m[0]), text))
    if case == "sentence":
        return changed(rich, _sentence)
    if case == "title" and (not language or language.lower().startswith("en")):
        return changed(rich, _title)
    return rich


def _lower(text: str) -> str:
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _upper(text: str) -> str:
    return "".join(c.upper() if len(c.upper()) == 1 else c for c in text)


def _first_upper(text: str) -> str:
    """Raise the first letter, past quotation marks and brackets."""
    at = next((n for n, c in enumerate(text) if c.isalnum()), None)
    if at is None:
        return text
    return text[:at] + _upper(text[at]) + text[at + 1 :]


def _sentence(text: str) -> str:
    whole = _lower(text) if _shouts(text) else text
    first = re.match(r"\W*\w+", whole)
    if first and first[0].islower():
        return _first_upper(whole)
    return _first_upper(whole) if whole is not text else whole


def _shouts(text: str) -> bool:
    """Return True for a text all in capitals that is more than an abbreviation, as `ICWS ’04` is."""
    words = [word for word in text.split() if any(c.isalpha() for c in word)]
    return len(words) > 2 and not any(c.islower() for c in text)


def _title(text: str) -> str:
    text = _lower(text) if _shouts(text) else text
    words = list(_WORD.finditer(text))
    result, last = "", 0
    for number, match in enumerate(words):
        word = match[0]
        before = text[: match.start()].rstrip(" “‘\"'(")
        starts = number == 0 or (before[-1:] in ":?!.—" and before[-2:-1] != "v")
        ends = number == len(words) - 1
        bare = word.strip(".,;:!?()[]“”‘’\"'")
        kept = not bare.islower() or (
            not starts and not ends and (bare in _SMALL or word in _SMALL)
        )
        joined = text[match.start() - 1 : match.start()] in "-‐" and match.start() > 0
        if joined and bare in _SMALL:
            kept = True
        result += text[last : match.start()] + (word if kept else _first_upper(word))
        last = match.end()
    return result + text[last:]
