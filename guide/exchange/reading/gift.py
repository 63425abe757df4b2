"""Questions in GIFT, Moodle's format for plain text: choice, true or false, short, numbers, matching, missing words.

Source of the rules: Moodle's documentation of the GIFT format, and question/format/gift/format.php.
"""

from __future__ import annotations

import re
from html import escape

from guide.exchange.reading.encoding import decoded
from guide.exchange.reading.found import Found, Options
from guide.exchange.reading.htmltext import Html, is_html
from guide.exchange.reading.plain import as_markdown
from guide.exchange.reading.quizzes import Answer, Asked, add_question

_TITLE = re.compile(r"\s*::((?:[^\\:]|\\.|:(?!:))*)::\s*", re.S)
_FORMAT = re.compile(r"\s*\[(html|markdown|plain|moodle)\]\s*")
_MARK = re.compile(r"(?<!\\)(?:\\\\)*([=~])")
_WEIGHT = re.compile(r"\s*%(-?\d+(?:\.\d+)?)%")
_TRUTH = re.compile(r"(T|TRUE|F|FALSE)\b", re.I)
_NAMED = re.compile(r"\[(id|tag):([^\]]*)\]")
_HELD = {sign: chr(0xE100 + number) for number, sign in enumerate('~=#{}:\\"n')}
_BACK = {held: "\n" if sign == "n" else sign for sign, held in _HELD.items()}


def read_gift(data: bytes, found: Found, options: Options) -> None:
    """Read the questions of a file; raises GuideError if it is in no known encoding."""
    found.format = "GIFT"
    text = decoded(data, found, options.encoding)
    reader = _Gift(found)
    lines = text.split("\n")
    start = 0
    while start < len(lines):
        if not lines[start].strip():
            start += 1
            continue
        end = start
        while end < len(lines) and (lines[end].strip() or _open("\n".join(lines[start:end]))):
            end += 1
            if end - start > 2000:
                break
        reader.block(lines[start:end], start + 1)
        start = end


def _open(text: str) -> bool:
    """Return True if a brace is not closed: an answer may have blank lines."""
    plain = re.sub(r"\\.|^\s*//.*$", "", text, flags=re.M)
    return plain.count("{") > plain.count("}")


class _Gift:
    """Reads blocks of lines, each of which is one question."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.group = ""
        self.format = ""
        self.html = Html(omit=lambda what: found.omit(what, found.at()), picture=self._picture)

    def _picture(self, name: str, alt: str) -> str:
        del name, alt
        self.found.omit(
            "a picture, which GIFT does not have|pictures, which GIFT does not have",
            self.found.at(),
        )
        return ""

    def block(self, lines: list[str], number: int) -> None:
        """Read one question with the comments and the category before it."""
        key, tags = "", []
        while lines and (lines[0].lstrip().startswith("//") or lines[0].startswith("$CATEGORY:")):
            line = lines.pop(0)
            number += 1
            for name, value in _NAMED.findall(line):
                key = value.strip() if name == "id" else key
                tags += [value.strip()] if name == "tag" else []
            if line.startswith("$CATEGORY:"):
                self.group = re.split(r"(?<!/)/(?!/)", line.partition(":")[2].strip())[-1].replace(
                    "//", "/"
                )
                self.group = "" if self.group.startswith("$") else self.group
        text = "\n".join(line for line in lines if not line.lstrip().startswith("//"))
        if not text.strip():
            return
        text = re.sub(r"\\([~=#{}:\\\"n])", lambda match: _HELD[match[1]], text)
        if title := _TITLE.match(text):
            text = text[title.end() :]
            key = key or _back(title[1]).strip()
        self._question(text, number, key, tags)

    def _question(self, text: str, number: int, key: str, tags: list[str]) -> None:
        at = self.found.at(number)
        self.format = ""
        if form := _FORMAT.match(text):
            self.format, text = form[1], text[form.end() :]
        start, end = text.find("{"), text.rfind("}")
        if start < 0 and end < 0:
            self.found.omit("a text that asks nothing|texts that ask nothing", at)
            return
        if end < start or start < 0:
            self.found.unreadable(
                "the braces of the answer are not closed",
                at,
                "Write {answer} after the question, and \\{ for a brace in a text.",
            )
            return
        before, inside, after = text[:start], text[start + 1 : end], text[end + 1 :]
        gap = " _____" + " " * (after.lstrip()[:1].isalnum()) if after.strip() else ""
        prompt = self._text(
            f"{before.rstrip() if gap else before}{gap}{after.lstrip() if gap else after}"
        )
        inside, explanation = self._general(inside)
        asked = Asked("", prompt, at, explanation=explanation, key=key, group=self.group, tags=tags)
        self._answers(inside.strip(), asked)
        add_question(self.found, asked)

    def _general(self, inside: str) -> tuple[str, str]:
        answers, mark, general = inside.partition("####")
        return answers, self._text(general) if mark else ""

    def _answers(self, inside: str, asked: Asked) -> None:
        if not inside:
            asked.kind = "essay"
        elif inside.startswith("#"):
            asked.kind, asked.answers = "short", self._numbers(inside[1:])
        elif (truth := _TRUTH.match(inside)) and not _MARK.search(inside.partition("#")[0]):
            asked.kind = "true-false"
            notes = [self._text(each) for each in inside[truth.end() :].split("#")[1:]]
            asked.explanation = "\n\n".join(filter(None, [*notes, asked.explanation]))
            asked.answers = [Answer("true" if truth[1][0] in "tT" else "false", 100)]
        else:
            self._marked(inside, asked)

    def _marked(self, inside: str, asked: Asked) -> None:
        pieces = re.split("([=~])", inside if inside[0] in "=~" else f"={inside}")
        answers = [
            self._answer(mark, text) for mark, text in zip(pieces[1::2], pieces[2::2], strict=True)
        ]
        asked.answers = answers
        if any(each.partner for each in answers):
            asked.kind = "match"
        else:
            asked.kind = "choice" if "~" in pieces[1::2] else "short"

    def _answer(self, mark: str, text: str) -> Answer:
        share = 100.0 if mark == "=" else 0.0
        if weight := _WEIGHT.match(text):
            share, text = float(weight[1]), text[weight.end() :]
        text, _, note = text.partition("#")
        text, arrow, partner = text.partition("->")
        return Answer(
            self._text(text), share, self._text(note), self._text(partner) if arrow else ""
        )

    def _numbers(self, inside: str) -> list[Answer]:
        """Return the right numbers: `3:2` is 3 plus or minus 2, `1..5` from 1 to 5."""
        found = []
        for piece in re.split("[=~]", inside):
            value, _, note = piece.partition("#")
            value = re.sub(r"^\s*%-?\d+(?:\.\d+)?%", "", value).strip()
            if not value:
                continue
            number, colon, within = value.partition(":")
            first, dots, last = value.partition("..")
            shown = (
                f"{first}–{last}"
                if dots
                else f"{number} ± {within}"
                if colon and within.strip("0.")
                else number
            )
            found.append(Answer(as_markdown(shown), 100, self._text(note)))
        return found[:1] or []

    def _text(self, text: str) -> str:
        text = text.strip()
        if not text:
            return ""
        if self.format == "markdown":
            return _back(text)
        plain = _back(text)
        if self.format == "html" or (self.format != "plain" and is_html(plain)):
            return self.html.markdown(plain)
        if "\\(" in plain or "$$" in plain:
            return self.html.markdown(
                escape(re.sub(r"\$\$(.+?)\$\$", r"\\[\1\\]", plain), quote=False).replace("\n", " ")
            )
        return as_markdown(
            " ".join(line.strip() for line in plain.split("\n"))
            if self.format != "plain"
            else plain
        )


def _back(text: str) -> str:
    """Return a text with the signs that were escaped."""
    return "".join(_BACK.get(sign, sign) for sign in text)
