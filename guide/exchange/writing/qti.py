"""Questions as a QTI 2.1 content package, which Canvas, Blackboard and others read."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from guide.exchange.writing.ankifile import zipped
from guide.exchange.writing.chosen import Export
from guide.exchange.writing.quiz import Asked, Asking

_QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
_PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
_VOID = {"br", "img", "hr"}
_KEPT = {"src", "alt", "class", "href", "lang", "colspan", "rowspan", "start"}
_PLAIN = {
    "figure": "div",
    "figcaption": "p",
    "section": "div",
    "mark": "em",
    "s": "span",
    "del": "span",
    "u": "span",
}


def qti(export: Export) -> bytes:
    """Return the questions of a pack as a package: a manifest, an item for each question, and pictures."""
    asking = Asking(export)
    manifest = ET.Element("manifest", xmlns=_PACKAGE, identifier=f"guide-{export.pack.name}")
    metadata = ET.SubElement(manifest, "metadata")
    for name, value in (("schema", "QTIv2.1 Package"), ("schemaversion", "1.0.0")):
        ET.SubElement(metadata, name).text = value
    ET.SubElement(manifest, "organizations")
    resources = ET.SubElement(manifest, "resources")
    files: dict[str, bytes] = {}
    for asked in asking.all():
        name, media = f"items/{asked.question.id}.xml", dict[str, bytes]()
        files[name] = _bytes(_Item(asked, asking, media).made())
        resource = ET.SubElement(
            resources,
            "resource",
            identifier=f"q-{asked.question.id}",
            type="imsqti_item_xmlv2p1",
            href=name,
        )
        for path in (name, *sorted(media)):
            ET.SubElement(resource, "file", href=path)
        files |= media
    return zipped({"imsmanifest.xml": _bytes(manifest), **dict(sorted(files.items()))})


def _respond(parent: ET.Element, tag: str, **more: str) -> ET.Element:
    """Add an interaction, which gives the item its response."""
    return ET.SubElement(parent, tag, {"responseIdentifier": "RESPONSE", **more})


def _bytes(element: ET.Element) -> bytes:
    return bytes(ET.tostring(element, encoding="utf-8", xml_declaration=True)) + b"\n"


class _Builder(HTMLParser):
    """Puts HTML into an element as XML."""

    def __init__(self, parent: ET.Element) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [parent]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = {name: value or "" for name, value in attrs if name in _KEPT}
        element = ET.SubElement(self.open[-1], _PLAIN.get(tag, tag), kept)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and len(self.open) > 1:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        parent = self.open[-1]
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + data
        else:
            parent.text = (parent.text or "") + data


class _Item:
    """One question as an assessment item."""

    def __init__(self, asked: Asked, asking: Asking, media: dict[str, bytes]) -> None:
        self.asked, self.asking, self.media = asked, asking, media
        question = asked.question
        self.root = ET.Element(
            "assessmentItem",
            xmlns=_QTI,
            identifier=f"q-{question.id}",
            title=asked.name,
            adaptive="false",
            timeDependent="false",
        )

    def made(self) -> ET.Element:
        """Return the item."""
        asked, question = self.asked, self.asked.question
        kind, cardinality, right = self._response()
        response = ET.SubElement(
            self.root,
            "responseDeclaration",
            identifier="RESPONSE",
            cardinality=cardinality,
            baseType=kind,
        )
        if right:
            correct = ET.SubElement(response, "correctResponse")
            for value in right:
                ET.SubElement(correct, "value").text = value
        score = ET.SubElement(self.root, "outcomeDeclaration", identifier="SCORE", cardinality="single", baseType="float",
                              normalMaximum=str(question.points))  # fmt: skip
        ET.SubElement(ET.SubElement(score, "defaultValue"), "value").text = "0"
        if asked.explanation:
            ET.SubElement(
                self.root,
                "outcomeDeclaration",
                identifier="FEEDBACK",
                cardinality="single",
                baseType="identifier",
            )
        body = ET.SubElement(self.root, "itemBody")
        self._html(ET.SubElement(body, "div"), asked.prompt)
        self._interaction(body)
        self._processing(bool(right))
        if asked.explanation:
            feedback = ET.SubElement(self.root, "modalFeedback", outcomeIdentifier="FEEDBACK", identifier="explanation",
                                     showHide="show")  # fmt: skip
            self._html(feedback, asked.explanation)
        return self.root

    def _html(self, parent: ET.Element, html: str) -> None:
        made, files = self.asking.texts.pictures(
            html, lambda path: f"../media/{path.rpartition('/')[2]}"
        )
        self.media |= {path.removeprefix("../"): data for path, data in files.items()}
        builder = _Builder(parent)
        builder.feed(made)
        builder.close()

    def _response(self) -> tuple[str, str, Sequence[str]]:
        """Return the type of the answer, how many there are, and the right ones."""
        asked = self.asked
        if asked.kind in {"choice", "several"}:
            right = [f"o{n}" for n, each in enumerate(asked.right, 1) if each]
            return "identifier", "multiple" if asked.kind == "several" else "single", right
        if asked.kind == "truth":
            return "identifier", "single", ["true" if asked.true else "false"]
        if asked.kind == "match":
            return (
                "directedPair",
                "multiple",
                [f"a{n} b{n}" for n in range(1, len(asked.pairs) + 1)],
            )
        if asked.kind == "order":
            return "identifier", "ordered", [f"o{n}" for n in range(1, len(asked.options) + 1)]
        return "string", "single", [asked.answer] if asked.kind == "typed" else []

    def _interaction(self, body: ET.Element) -> None:
        asked, shuffle = self.asked, str(self.asked.question.shuffle).lower()
        options = [(f"o{n}", html) for n, html in enumerate(asked.options, 1)]
        if asked.kind in {"choice", "several"}:
            most = "0" if asked.kind == "several" else "1"
            made = _respond(body, "choiceInteraction", shuffle=shuffle, maxChoices=most)
            self._choices(made, "simpleChoice", options)
        elif asked.kind == "truth":
            made = _respond(body, "choiceInteraction", shuffle="false", maxChoices="1")
            labels = self.asking.texts.labels
            self._choices(
                made, "simpleChoice", [("true", labels("True")), ("false", labels("False"))]
            )
        elif asked.kind == "order":
            made = _respond(body, "orderInteraction", shuffle="true")
            self._choices(made, "simpleChoice", options)
        elif asked.kind == "match":
            most = str(len(asked.pairs))
            made = _respond(body, "matchInteraction", shuffle="true", maxAssociations=most)
            for side, mark in enumerate("ab"):
                found = [(f"{mark}{n}", pair[side]) for n, pair in enumerate(asked.pairs, 1)]
                choices = ET.SubElement(made, "simpleMatchSet")
                self._choices(choices, "simpleAssociableChoice", found, matchMax="1")
        elif asked.kind == "typed":
            _respond(ET.SubElement(body, "p"), "textEntryInteraction")
        else:
            lines = str(getattr(asked.question, "lines", 2))
            _respond(body, "extendedTextInteraction", expectedLines=lines)
            rubric = ET.SubElement(body, "rubricBlock", view="scorer")
            self._html(ET.SubElement(rubric, "div"), asked.answer)

    def _choices(
        self, parent: ET.Element, tag: str, choices: Sequence[tuple[str, str]], **more: str
    ) -> None:
        for name, html in choices:
            self._html(ET.SubElement(parent, tag, {"identifier": name, **more}), html)

    def _processing(self, scored: bool) -> None:
        """Give the points for the right answer, and show the explanation."""
        made = ET.SubElement(self.root, "responseProcessing")
        if scored:
            test = ET.SubElement(ET.SubElement(made, "responseCondition"), "responseIf")
            match = ET.SubElement(test, "match")
            ET.SubElement(match, "variable", identifier="RESPONSE")
            ET.SubElement(match, "correct", identifier="RESPONSE")
            value = ET.SubElement(test, "setOutcomeValue", identifier="SCORE")
            ET.SubElement(value, "baseValue", baseType="float").text = str(
                self.asked.question.points
            )
        if self.asked.explanation:
            value = ET.SubElement(made, "setOutcomeValue", identifier="FEEDBACK")
            ET.SubElement(value, "baseValue", baseType="identifier").text = "explanation"
