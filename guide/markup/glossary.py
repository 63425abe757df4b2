"""Glossary terms that link by themselves: whole words, first use in a section, longest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from unicodedata import normalize

from guide.model.content import Term
from guide.model.letters import composed


def _plurals(word: str, lang: str) -> set[str]:
    """Return the regular plurals of a word in a language; irregular ones are the writer's aliases."""
    if len(word) < 3 or not word[-1].isalpha():
        return set()
    if word.isupper():
        return {f"{word}s"}
    lower = word.casefold()
    if lang == "en":
        if re.search(r"(s|x|z|ch|sh)$", lower):
            return {f"{word}es"}
        if re.search(r"[^aeiou]y$", lower):
            return {f"{word[:-1]}ies"}
        return {f"{word}s"}
    if lang == "fr":
        if lower.endswith(("s", "x", "z")):
            return set()
        if lower.endswith(("eau", "au", "eu")):
            return {f"{word}x"}
        return {f"{word[:-2]}aux", f"{word}s"} if lower.endswith("al") else {f"{word}s"}
    if lang == "de":
        return {f"{word}{ending}" for ending in ("e", "en", "n", "er", "s", "es")}
    return set()


@dataclass
class Linker:
    """Finds terms in text. `used` holds the ids already linked in the section at hand."""

    terms: Iterable[Term]
    lang: str = "en"
    used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.names: dict[str, str] = {}
        self._folded: dict[str, str] = {}
        language = self.lang.partition("-")[0]
        for term in self.terms:
            for name in map(composed, filter(None, (term.term, term.abbreviation, *term.aliases))):
                for form in (name, *sorted(_plurals(name, language))):
                    self.names.setdefault(form, term.id)
                    if not form.isupper():
                        self._folded.setdefault(form.casefold(), term.id)
            self._folded.setdefault(term.id, term.id)
        known = {*self.names, *self._folded}
        apart = {normalize("NFD", word) for word in known if not word.isascii()}
        words = sorted(known | apart, key=lambda name: (-len(name), name))
        pattern = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words)
        self._pattern = (
            re.compile(rf"(?<![\w-])(?:{pattern})(?![\w\u0300-\u036f-])", re.IGNORECASE)
            if words
            else None
        )

    def find(self, name: str) -> str:
        """Return the id of the term that an author names in `[[...]]`, or ''."""
        plain = " ".join(composed(name).split())
        return self.names.get(plain) or self._folded.get(plain.casefold(), "")

    def split(self, text: str) -> list[tuple[str, str]]:
        """Cut text into (piece, term id or '') at the first uses of terms not linked before."""
        if self._pattern is None:
            return [(text, "")]
        pieces, last = [], 0
        for match in self._pattern.finditer(text):
            term = self._named(match[0])
            if not term or term in self.used:
                continue
            self.used.add(term)
            pieces += [(text[last : match.start()], ""), (match[0], term)]
            last = match.end()
        return [piece for piece in (*pieces, (text[last:], "")) if piece[0]]

    def matches(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield start, end and id of every use of a term, linked before or not."""
        for match in self._pattern.finditer(text) if self._pattern else ():
            term = self._named(match[0])
            if term:
                yield match.start(), match.end(), term

    def _named(self, found: str) -> str:
        """Match capitals as a reader would: `KFOR` only as written, `enclave` also as `Enclave`."""
        plain = " ".join(composed(found).split())
        exact = self.names.get(plain)
        if exact or plain.isupper():
            return exact or ""
        opened = plain[:1].lower() + plain[1:]
        if opened in self.names:
            return self.names[opened]
        closed = plain[:1].upper() + plain[1:]
        return self.names.get(closed, "") if " " in plain or len(plain) > 5 else ""
