"""Questions as Moodle XML: all types, feedback, points, levels and topics as tags, ids, pictures."""

from __future__ import annotations

import base64
from xml.etree import ElementTree as ET

from guide.exchange.writing.chosen import Export
from guide.exchange.writing.quiz import Asked, Asking
from guide.markup.blocks import plain

_TYPES = {
    "choice": "multichoice", "several": "multichoice", "truth": "truefalse", "typed": "shortanswer", "essay": "essay",
    "match": "matching", "order": "ordering",
}  # fmt: skip
_HTML = {"format": "html"}


def moodle(export: Export) -> bytes:
    """Return the questions of a pack as Moodle XML, in a category with the title of the pack."""
    asking = Asking(export)
    quiz = ET.Element("quiz")
    category = ET.SubElement(quiz, "question", type="category")
    title = export.pack.manifest.title.replace("/", "//")  # a slash begins a category inside
    _text(ET.SubElement(category, "category"), f"$course$/top/{title}")
    for asked in asking.all():
        _question(quiz, asked, asking)
    ET.indent(quiz)
    return bytes(ET.tostring(quiz, encoding="utf-8", xml_declaration=True)) + b"\n"


def _text(parent: ET.Element, text: str) -> ET.Element:
    ET.SubElement(parent, "text").text = text
    return parent


def _html(parent: ET.Element, name: str, html: str, asking: Asking, **more: str) -> ET.Element:
    """Add a text as HTML, with its pictures."""
    made, files = asking.texts.pictures(
        html, lambda path: f"@@PLUGINFILE@@/{path.rpartition('/')[2]}"
    )
    element = _text(ET.SubElement(parent, name, {**more, **_HTML}), made)
    for path, data in sorted(files.items()):
        file = ET.SubElement(
            element, "file", name=path.rpartition("/")[2], path="/", encoding="base64"
        )
        file.text = base64.b64encode(data).decode()
    return element


def _question(quiz: ET.Element, asked: Asked, asking: Asking) -> None:
    question = asked.question
    made = ET.SubElement(quiz, "question", type=_TYPES[asked.kind])
    _text(ET.SubElement(made, "name"), asked.name)
    _html(made, "questiontext", asked.prompt, asking)
    _html(made, "generalfeedback", asked.explanation, asking)
    fields = {
        "defaultgrade": question.points,
        "penalty": "0.3333333",
        "hidden": 0,
        "idnumber": question.id,
    }
    for name, value in fields.items():
        ET.SubElement(made, name).text = str(value)
    _ANSWERS[asked.kind](made, asked, asking)
    tags = ET.SubElement(made, "tags")
    for tag in asking.tags(question):
        _text(ET.SubElement(tags, "tag"), tag)


def _answer(made: ET.Element, fraction: str, html: str, asking: Asking) -> None:
    answer = _html(made, "answer", html, asking, fraction=fraction)
    _text(ET.SubElement(answer, "feedback", _HTML), "")


def _options(made: ET.Element, asked: Asked, asking: Asking) -> None:
    several = asked.kind == "several"
    share = f"{100 / sum(asked.right):.5f}".rstrip("0").rstrip(".")
    ET.SubElement(made, "single").text = str(not several).lower()
    ET.SubElement(made, "shuffleanswers").text = str(asked.question.shuffle).lower()
    ET.SubElement(made, "answernumbering").text = "ABCD"
    for option, right in zip(asked.options, asked.right, strict=True):
        wrong = f"-{share}" if several else "0"  # else ticking everything would be right
        _answer(made, share if right else wrong, option, asking)


def _truth(made: ET.Element, asked: Asked, asking: Asking) -> None:
    for said in (True, False):
        _answer(made, "100" if said == asked.true else "0", str(said).lower(), asking)


def _typed(made: ET.Element, asked: Asked, _: Asking) -> None:
    ET.SubElement(made, "usecase").text = "0"
    answer = _text(ET.SubElement(made, "answer", fraction="100", format="plain_text"), asked.answer)
    _text(ET.SubElement(answer, "feedback", _HTML), "")


def _essay(made: ET.Element, asked: Asked, asking: Asking) -> None:
    lines = getattr(asked.question, "lines", 2)
    for name, value in {
        "responseformat": "editor",
        "responserequired": 1,
        "responsefieldlines": max(5, lines),
    }.items():
        ET.SubElement(made, name).text = str(value)
    _html(made, "graderinfo", asked.answer, asking)


def _match(made: ET.Element, asked: Asked, asking: Asking) -> None:
    ET.SubElement(made, "shuffleanswers").text = "true"
    for left, right in asked.pairs:
        pair = _html(made, "subquestion", left, asking)
        _text(ET.SubElement(pair, "answer"), str(plain(right)))
        if "<img" in right:
            asking.export.lost(
                asked.question,
                "Moodle has no pictures on the right of a matching question",
                "pairs",
            )


def _order(made: ET.Element, asked: Asked, asking: Asking) -> None:
    settings = {"layouttype": "VERTICAL", "selecttype": "ALL", "selectcount": 0, "gradingtype": "RELATIVE_NEXT_EXCLUDE_LAST",
                "showgrading": "SHOW", "numberingstyle": "none"}  # fmt: skip
    for name, value in settings.items():
        ET.SubElement(made, name).text = str(value)
    for number, item in enumerate(asked.options, 1):
        _answer(made, f"{number}.0000000", item, asking)


_ANSWERS = {
    "choice": _options, "several": _options, "truth": _truth, "typed": _typed, "essay": _essay, "match": _match,
    "order": _order,
}  # fmt: skip
