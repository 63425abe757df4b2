"""Markdown: flashcards of Obsidian and hashcards, pairs of question and answer, terms, and the text around them.

Obsidian (spaced repetition): `question::answer`, `question:::answer` for both ways, lines with `?` or `??` between,
`==gap==` in a note with the tag #flashcards, and lines that end with `#card`. hashcards: `Q:` and `A:`, `C: a [gap]`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from guide.exchange.reading.encoding import decoded
from guide.exchange.reading.found import Found, Options
from guide.exchange.reading.headings import sections
from guide.exchange.reading.pictures import Pictures

_FRONT = re.compile(r"(---|\+\+\+)[ \t]*\n(.*?)\n\1[ \t]*(?:\n|$)", re.S)
_TITLE = re.compile(r"^(?:title|name)\s*[:=]\s*[\"']?(.+?)[\"']?\s*$", re.M)
_ASK = re.compile(
    r"^(?:[-*] )?(?:\*\*)?(?:Q|F|Question|Frage|Pitanje|Питање|Pregunta|Domanda|Pyetje)\s?\d*\s?[:.](?:\*\*)?(?:\s+(?=\S)|\s*$)",
    re.I,
)
_REPLY = re.compile(
    r"^(?:[-*] )?(?:\*\*)?(?:A|R|Answer|Antwort|Réponse|Odgovor|Одговор|Respuesta|Risposta|Përgjigje)\s?\d*\s?[:.](?:\*\*)?(?:\s+(?=\S)|\s*$)",
    re.I,
)
_GAPPED = re.compile(r"^C:(?:\s+(?=\S)|\s*$)")
_INLINE = re.compile(
    r"^(?:[-*+] |\d+\. )?(?P<front>(?:[^:`\n]|:(?!:)|`[^`]*`)+?)\s*(?P<sign>:{2,3})\s*(?P<back>[^:\s].*)$"
)
_TAG = re.compile(r"(?<![\w&/#])#(?:flashcards?|card(?:-reverse|-spaced)?)(?:/([\w/-]+))?\b", re.I)
_CARD = re.compile(r"\s#card(?P<both>-reverse)?(?:-spaced)?\b\s*(?:#[\w/-]+\s*)*$", re.I)
_SCHEDULE = re.compile(r"<!--SR:.*?-->|\^(?:[a-z]+-)?[0-9a-z]{6,}$|<!--\s*ID: \d+\s*-->", re.M)
_HIGHLIGHT = re.compile(r"==(?=\S)(.+?)(?<=\S)==")
_EMBED, _WIKI = (
    re.compile(r"!\[\[([^\[\]|\n]+)(?:\|([^\[\]\n]*))?\]\]"),
    re.compile(r"\[\[([^\[\]|\n]+)(?:\|([^\[\]\n]+))?\]\]"),
)
_IMAGE = re.compile(r"!\[([^\[\]\n]*)\]\(\s*<?([^()<>\n]+?)>?(?:\s+\"[^\"]*\")?\s*\)")
_REMARK = re.compile(r"(?<!%)%%(?!%).*?%%", re.S)
_TERM = re.compile(
    r"^(?:[-*+] )?(?P<mark>\*\*|__)?(?P<term>[^\W\d_][^:.!?|<>\[\]{}`$*_]{0,59}?)(?(mark):?(?P=mark):?|:)\s+(?P<text>\S.*\s\S.*)$"
)
_NO_TERM = re.compile(
    r"(?:note|notes|example|examples|hinweis|beispiel|beispiele|achtung|merke|wichtig|source|sources|quelle|quellen|date|datum|author|"
    r"autor|tip|warning|important|remember|todo|nb|ps|remarque|exemple|attention|answer|question|frage|antwort|aufgabe|homework|"
    r"hausaufgabe|figure|table|abbildung|tabelle|see|siehe|http|https|mailto|time|zeit|napomena|primer|www)$", re.I,
)  # fmt: skip


def read_notes(data: bytes, found: Found, options: Options) -> None:
    """Read cards, terms and sections; raises GuideError if the file is in no known encoding."""
    found.format = "Markdown"
    text = decoded(data, found, options.encoding)
    before = _FRONT.match(text)
    if before:
        if title := _TITLE.search(before[2]):
            found.title = title[1]
        text = "\n" * before[0].count("\n") + text[before.end() :]
    reader = _Notes(found, text.split("\n"))
    reader.read()


@dataclass
class _Notes:
    """Takes cards and terms out of the lines of a file; what is left is the text of its sections."""

    found: Found
    lines: list[str]
    tags: list[str] = field(default_factory=list)
    strict: bool = False

    def __post_init__(self) -> None:
        self.pictures = Pictures(self.found)
        whole = "\n".join(self.lines)
        whole = _REMARK.sub(lambda match: "\n" * match[0].count("\n"), _SCHEDULE.sub("", whole))
        deck = _TAG.search(whole)
        self.flashcards = deck is not None
        self.tags = [deck[1].split("/")[-1].replace("-", " ")] if deck and deck[1] else []
        self.lines = whole.split("\n")
        first = next((line for line in self.lines if line.strip()), "")
        self.strict = bool(_ASK.match(first) or _GAPPED.match(first))

    def read(self) -> None:
        """Add everything that is in the file."""
        at, fenced = 0, ""
        while at < len(self.lines):
            line = self.lines[at]
            if fence := re.match(r"\s*(```+|~~~+)", line):
                fenced = "" if fenced and fence[1].startswith(fenced) else fenced or fence[1]
            at = at + 1 if fenced or fence else self._at(at, line)
        self._terms()
        rest = "\n".join(
            _TAG.sub("", line).rstrip() if _TAG.search(line) else line for line in self.lines
        )
        for title, body, start in sections(rest, self.found):
            self.found.add(
                "sections",
                {"title": self._text(title), "body": self._text(body)},
                self.found.at(start),
            )

    def _at(self, at: int, line: str) -> int:
        """Read what begins on a line; return the line to go on with."""
        if _ASK.match(line):
            return self._pair(at)
        if _GAPPED.match(line):
            end = self._end(at + 1)
            text = re.sub(
                r"(?<![\]!\\])\[([^\[\]]+)\](?![(\[:])",
                r"{{\1}}",
                "\n".join([_GAPPED.sub("", line), *self.lines[at + 1 : end]]).strip(),
            )
            return self._card(at, end, {"cloze": text}) if "{{" in text else at + 1
        if line.strip() in {"?", "??"} and at and self.lines[at - 1].strip():
            return self._around(at, both=line.strip() == "??")
        if (match := _INLINE.match(line)) and not re.match(r"\s*[:|>]", line):
            data: dict[str, Any] = {"front": match["front"], "back": match["back"]}
            return self._card(
                at, at + 1, data | ({"reverse": True} if match["sign"] == ":::" else {})
            )
        if match := _CARD.search(line):
            end = self._end(at + 1, strict=False)
            front = re.sub(r"^#+ ", "", line[: match.start()])
            data = {"front": front, "back": "\n".join(self.lines[at + 1 : end])}
            return self._card(at, end, data | ({"reverse": True} if match["both"] else {}))
        if self.flashcards and _HIGHLIGHT.search(line):
            return self._gaps(at)
        return at + 1

    def _pair(self, at: int) -> int:
        """Read a question and its answer, each of one line or several."""
        reply = at + 1
        while reply < len(self.lines) and not _REPLY.match(self.lines[reply]):
            if _ASK.match(self.lines[reply]) or self.lines[reply].startswith("#") or (not self.strict and not self.lines[reply].strip()
                                                                                   and not self._replies(reply)):  # fmt: skip
                self.found.unreadable(
                    "the question has no answer",
                    self.found.at(at + 1),
                    "Write a line after it that begins with `A:`.",
                )
                return at + 1
            reply += 1
        if reply == len(self.lines):
            self.found.unreadable(
                "the question has no answer",
                self.found.at(at + 1),
                "Write a line after it that begins with `A:`.",
            )
            return at + 1
        end = self._end(reply + 1)
        front = "\n".join([_ASK.sub("", self.lines[at]), *self.lines[at + 1 : reply]])
        back = "\n".join([_REPLY.sub("", self.lines[reply]), *self.lines[reply + 1 : end]])
        return self._card(at, end, {"front": front, "back": back})

    def _replies(self, at: int) -> bool:
        """Return True if the answer comes after a blank line."""
        return at + 1 < len(self.lines) and _REPLY.match(self.lines[at + 1]) is not None

    def _end(self, at: int, strict: bool | None = None) -> int:
        """Return the line after an answer that goes on at a line: a blank one, or the next question."""
        strict = self.strict if strict is None else strict
        while at < len(self.lines):
            line = self.lines[at]
            over = _ASK.match(line) or _GAPPED.match(line) or re.match(r"#{1,6} |---+\s*$", line)
            if over or (not strict and not line.strip()):
                break
            at += 1
        return at

    def _around(self, at: int, *, both: bool) -> int:
        """Read the lines before and after a line with a question mark."""
        start = at
        while (
            start
            and self.lines[start - 1].strip()
            and not re.match(r"#{1,6} ", self.lines[start - 1])
        ):
            start -= 1
        end = at + 1
        while end < len(self.lines) and self.lines[end].strip():
            end += 1
        data: dict[str, Any] = {
            "front": "\n".join(self.lines[start:at]),
            "back": "\n".join(self.lines[at + 1 : end]),
        }
        return self._card(start, end, data | ({"reverse": True} if both else {}))

    def _gaps(self, at: int) -> int:
        start, end = at, at + 1
        while start and self.lines[start - 1].strip() and not self.lines[start - 1].startswith("#"):
            start -= 1
        while end < len(self.lines) and self.lines[end].strip():
            end += 1
        text = _HIGHLIGHT.sub(r"{{\1}}", "\n".join(self.lines[start:end]))
        return self._card(start, end, {"cloze": text})

    def _card(self, start: int, end: int, data: dict[str, Any]) -> int:
        """Add a card that was written on some lines, and take these out of the text."""
        data = {
            name: self._text(_TAG.sub("", value)).strip() if isinstance(value, str) else value
            for name, value in data.items()
        }
        if "cloze" not in data and (
            missing := next((side for side in ("front", "back") if not data[side]), "")
        ):
            self.found.unreadable(
                f"the card has no {missing}",
                self.found.at(start + 1),
                "Write it, or delete the card.",
            )
        else:
            self.found.add("cards", {**data, "tags": list(self.tags)}, self.found.at(start + 1))
        self.lines[start:end] = [""] * (end - start)
        return end

    def _terms(self) -> None:
        """Take lines such as `Term: definition` out of the text, wherever a paragraph or list has only these."""
        start = 0
        while start < len(self.lines):
            end = start
            while end < len(self.lines) and self.lines[end].strip():
                end += 1
            block = self.lines[start:end]
            matches = [_TERM.match(line) for line in block]
            good = [
                m
                for m in matches
                if m and len(m["term"].split()) <= 4 and not _NO_TERM.match(m["term"].strip())
            ]
            if (
                block
                and len(good) == len(block)
                and not any(line.startswith(("#", "|", ">", "```")) for line in block)
            ):
                for number, match in enumerate(good, start):
                    data = {
                        "term": self._text(match["term"].strip()),
                        "definition": self._text(match["text"].strip()),
                    }
                    self.found.add("glossary", data, self.found.at(number + 1))
                self.lines[start:end] = [""] * len(block)
            start = end + 1

    def _text(self, text: str) -> str:
        """Return Markdown as guide reads it: links of Obsidian as words, pictures from beside the file."""
        text = _EMBED.sub(lambda match: self._picture(match[1], ""), text)
        text = _IMAGE.sub(lambda match: self._picture(match[2], match[1]), text)
        text = _WIKI.sub(
            lambda match: match[2] or match[1].split("#")[0] or match[1].lstrip("#"), text
        )
        text = _HIGHLIGHT.sub(r"**\1**", text)
        text = re.sub(r"(?<!\\)\[(?=[^\[\]]*@\w)(?![^\[\]]*\]\()", r"\\[", text)
        return re.sub(r"(?<![\w\\@])@(?=(?:fig|sec|tbl)-)", r"\\@", text)

    def _picture(self, name: str, alt: str) -> str:
        at = self.found.at()
        if re.match(r"(?:https?|data):", name):
            self.found.omit("a picture on the web|pictures on the web", at)
            return ""
        folder = self.found.folder
        if folder is not None:
            root = folder.resolve()
            file = (root / name).resolve()
            if not file.is_relative_to(root):
                message = f"the picture `{name[:60]}` is outside the folder of the file"
                self.found.refuse(
                    "import-unsafe", message, "Put it beside the file, and name it from there."
                )
            if file.is_file():
                try:
                    return f"![{alt}]({self.pictures.place(name, file.read_bytes())})"
                except (ValueError, OSError):
                    self.found.omit(
                        "a picture that cannot be printed|pictures that cannot be printed", at
                    )
                    return ""
        self.found.omit(
            "a picture that is not beside the file|pictures that are not beside the file", at
        )
        return ""
