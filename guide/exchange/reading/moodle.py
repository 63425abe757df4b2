"""Questions in Moodle's XML: choice, true or false, short, numbers, matching, ordering, with feedback and pictures.

Source of the names: question/format/xml/format.php of Moodle.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import unquote

from guide.exchange.reading.found import Found, Options
from guide.exchange.reading.htmltext import Html
from guide.exchange.reading.pictures import Pictures, described
from guide.exchange.reading.plain import as_markdown
from guide.exchange.reading.quizzes import Answer, Asked, add_question

_KINDS = {"multichoice": "choice", "multichoiceset": "choice", "truefalse": "true-false", "shortanswer": "short",
          "numerical": "short", "matching": "match", "ordering": "order", "essay": "essay"}  # fmt: skip
_FILE = "@@PLUGINFILE@@/"


def read_moodle(data: bytes, found: Found, options: Options) -> None:
    """Read the questions of a file; raises GuideError if it is no XML."""
    del options
    from lxml import etree

    found.format = "Moodle XML"
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_comments=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as exc:
        line = exc.lineno or 0
        found.refuse(
            "import-unreadable",
            f"the XML cannot be read: {exc.msg}",
            "Export the questions from Moodle again.",
            found.at(line),
        )
    if root.getroottree().docinfo.internalDTD is not None:
        found.refuse(
            "import-unsafe",
            "the XML declares entities, which Moodle's export never does",
            "Do not use this file; export it again.",
        )
    reader = _Moodle(found)
    for node in root:
        if isinstance(node.tag, str) and node.tag == "question":
            reader.question(node)
        elif not isinstance(node.tag, str) and (
            match := re.match(r"\s*question:\s*(\d+)", node.text or "")
        ):
            reader.number = match[1]


class _Moodle:
    """Reads questions one by one; `number` is Moodle's own of the next one."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.pictures = Pictures(found)
        self.number, self.group = "", ""
        self.files: dict[str, bytes] = {}

    def question(self, node: Any) -> None:
        """Add a question, or count what guide has no question for."""
        kind, at = str(node.get("type")), self.found.at(node.sourceline or 0)
        number, self.number = self.number, ""
        if kind == "category":
            path = node.findtext("category/text") or ""
            last = re.split(r"(?<!/)/(?!/)", path)[-1].replace("//", "/").strip()
            self.group = "" if last.startswith("$") or last == "top" else last
            return
        if kind not in _KINDS:
            what = (
                "a text that asks nothing|texts that ask nothing"
                if kind == "description"
                else f"a question of the type {kind}|questions of the type {kind}"
            )
            self.found.omit(what, at)
            return
        key = (
            (node.findtext("idnumber") or "").strip()
            or number
            or (node.findtext("name/text") or "").strip()
        )
        asked = Asked(
            _KINDS[kind], self._text(node.find("questiontext")), at, key=key, group=self.group
        )
        asked.answers = self._answers(node, kind)
        asked.explanation = self._text(node.find("generalfeedback"))
        if kind == "essay":
            given = self._text(node.find("graderinfo"))
            asked.answers = [Answer(given, 100)] if given else []
        grade = node.findtext("defaultgrade") or "1"
        asked.points = float(grade) if re.fullmatch(r"\d+(\.\d+)?", grade.strip()) else 1.0
        asked.tags = [
            " ".join((each.text or "").split()) for each in node.iterfind("tags/tag/text")
        ]
        asked.shuffle = (node.findtext("shuffleanswers") or "1").strip().lower() not in {
            "0",
            "false",
        }
        add_question(self.found, asked)

    def _answers(self, node: Any, kind: str) -> list[Answer]:
        found = []
        for answer in node.iterfind("subquestion" if kind == "matching" else "answer"):
            share = _number(answer.get("fraction"))
            text = self._text(answer, plain=kind in {"shortanswer", "numerical", "truefalse"})
            if kind == "matching":
                found.append(Answer(text, 0, "", self._text(answer.find("answer"), plain=True)))
                continue
            if kind == "numerical" and (within := _number(answer.findtext("tolerance"))):
                text = f"{text} ± {within:g}"
            found.append(
                Answer(
                    text,
                    100.0 if kind == "ordering" else share,
                    self._text(answer.find("feedback")),
                )
            )
        if kind == "ordering":
            return found
        return found if kind != "numerical" else [each for each in found if each.text != r"\*"]

    def _text(self, node: Any, plain: bool = False) -> str:
        """Return a text of a question in Markdown, with the pictures that are in its files."""
        if node is None:
            return ""
        text = node.findtext("text") or ""
        form = str(node.get("format") or "html")
        self.files = {}
        for file in node.iterfind("file"):
            try:
                name = unquote(str(file.get("name") or ""))
                self.files[name] = base64.b64decode(
                    "".join((file.text or "").split()), validate=True
                )
            except (binascii.Error, ValueError):
                self.found.omit(
                    "a picture that is damaged|pictures that are damaged",
                    self.found.at(file.sourceline or 0),
                )
        if form == "markdown":
            return text.strip()
        if (plain and "<" not in text) or form == "plain_text":
            return as_markdown(text.strip())
        text = re.sub(r"\$\$(.+?)\$\$", r"\\[\1\\]", text, flags=re.S)
        html = Html(
            picture=self._picture,
            omit=lambda what: self.found.omit(what, self.found.at(node.sourceline or 0)),
        )
        return html.markdown(text)

    def _picture(self, name: str, alt: str) -> str:
        name = unquote(name.removeprefix(_FILE))
        at = self.found.at()
        try:
            if name.startswith("data:image/") and ";base64," in name[:60]:
                data = base64.b64decode(name.partition(",")[2], validate=False)
                name = "picture"
            elif ".." in name or name.startswith(("/", "\\")):
                self.found.refuse(
                    "import-unsafe",
                    f"a picture has a name that leads out of the file: `{name[:60]}`",
                    "Do not use this file; export it again.",
                )
            else:
                data = self.files[name.lstrip("/")]
            return f"![{described(alt)}]({self.pictures.place(name, data)})"
        except KeyError:
            self.found.omit(
                "a picture that is not in the file|pictures that are not in the file", at
            )
        except (ValueError, binascii.Error):
            self.found.omit("a picture that cannot be printed|pictures that cannot be printed", at)
        return ""


def _number(text: Any) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
