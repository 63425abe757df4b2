"""Files of other programs, made small: packages of Anki in both formats, documents of Word."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from typing import Any

from hypothesis import strategies as st
from PIL import Image



def picture() -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "navy").save(out, "PNG")
    return out.getvalue()


PNG = picture()
BASIC = ("Basic", ["Front", "Back"], [("{{Front}}", "{{FrontSide}}<hr id=answer>{{Back}}")], False)
REVERSED = ("Basic (and reversed)", ["Front", "Back"], [("{{Front}}", "{{Back}}"), ("{{Back}}", "{{Front}}")], False)
CLOZE = ("Cloze", ["Text", "Back Extra"], [("{{cloze:Text}}", "{{cloze:Text}}<br>{{Back Extra}}")], True)
Note = tuple[str, int, str, Sequence[str]]
"""The guid, the number of its kind, its tags, its fields."""


def varint(number: int) -> bytes:
    """An integer of a protocol buffer."""
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    return bytes([*made, number])


def message(fields: Sequence[tuple[int, int | bytes]]) -> bytes:
    """A message of a protocol buffer."""
    made = b""
    for number, value in fields:
        if isinstance(value, int):
            made += varint(number << 3) + varint(value)
        else:
            made += varint(number << 3 | 2) + varint(len(value)) + value
    return made


def collection(notes: Sequence[Note], kinds: Sequence = (BASIC, REVERSED, CLOZE), deck: str = "Biology::Cells", new: bool = False) -> bytes:
    """The database of a package."""
    database = sqlite3.connect(":memory:")
    database.create_collation("unicase", lambda one, other: (one > other) - (one < other))
    database.execute("CREATE TABLE notes (id INTEGER, guid TEXT, mid INTEGER, mod INTEGER, tags TEXT, flds TEXT)")
    database.execute("CREATE TABLE cards (id INTEGER, nid INTEGER, did INTEGER, ord INTEGER, odid INTEGER)")
    if new:
        _schema_18(database, kinds, deck)
    else:
        models = {
            str(n): {"name": name, "type": int(cloze), "flds": [{"name": f, "ord": i} for i, f in enumerate(fields)],
                     "tmpls": [{"qfmt": q, "afmt": a, "ord": i} for i, (q, a) in enumerate(sides)]}
            for n, (name, fields, sides, cloze) in enumerate(kinds, 1)
        }  # fmt: skip
        database.execute("CREATE TABLE col (models TEXT, decks TEXT)")
        database.execute("INSERT INTO col VALUES (?, ?)", (json.dumps(models), json.dumps({"1": {"name": deck}})))
    card = 0
    for number, (guid, kind, tags, fields) in enumerate(notes, 1):
        database.execute("INSERT INTO notes VALUES (?, ?, ?, 0, ?, ?)", (number, guid, kind, f" {tags} ", "\x1f".join(fields)))
        for order in range(len(kinds[kind - 1][2])):
            card += 1
            database.execute("INSERT INTO cards VALUES (?, ?, 1, ?, 0)", (card, number, order))
    database.commit()
    return database.serialize()


def _schema_18(database: sqlite3.Connection, kinds: Sequence, deck: str) -> None:
    database.execute("CREATE TABLE notetypes (id INTEGER, name TEXT COLLATE unicase, config BLOB)")
    database.execute("CREATE TABLE fields (ntid INTEGER, ord INTEGER, name TEXT COLLATE unicase)")
    database.execute("CREATE TABLE templates (ntid INTEGER, ord INTEGER, name TEXT, config BLOB)")
    database.execute("CREATE TABLE decks (id INTEGER, name TEXT COLLATE unicase)")
    database.execute("INSERT INTO decks VALUES (1, ?)", (deck.replace("::", "\x1f"),))
    for number, (name, fields, sides, cloze) in enumerate(kinds, 1):
        database.execute("INSERT INTO notetypes VALUES (?, ?, ?)", (number, name, message([(1, 1)] if cloze else [])))
        for order, field in enumerate(fields):
            database.execute("INSERT INTO fields VALUES (?, ?, ?)", (number, order, field))
        for order, (front, back) in enumerate(sides):
            config = message([(1, front.encode()), (2, back.encode())])
            database.execute("INSERT INTO templates VALUES (?, ?, ?, ?)", (number, order, str(order), config))


def package(notes: Sequence[Note], media: Mapping[str, bytes] | None = None, new: bool = False, **more: Any) -> bytes:
    """A package of Anki."""
    media = media or {}
    files: dict[str, bytes] = {}
    if new:
        import zstandard

        pack = zstandard.ZstdCompressor().compress
        files["collection.anki2"] = collection([("x", 1, "", ["Please update Anki", "x"])])
        files["collection.anki21b"] = pack(collection(notes, new=True, **more))
        files["media"] = pack(message([(1, message([(1, name.encode()), (2, len(data))])) for name, data in media.items()]))
        files |= {str(n): pack(data) for n, data in enumerate(media.values())}
    else:
        files["collection.anki2"] = collection(notes, **more)
        files["media"] = json.dumps({str(n): name for n, name in enumerate(media)}).encode()
        files |= {str(n): data for n, data in enumerate(media.values())}
    return zipped(files)


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """A zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
    '<Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def paragraph(text: str, style: str = "") -> str:
    """A paragraph of Word."""
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{named}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def document(body: str, more: Mapping[str, bytes | str] | None = None, relations: str = "") -> bytes:
    """A document of Word with the styles Title and Heading 1 to 3."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{name.replace(" ", "")}"><w:name w:val="{name}"/></w:style>'
        for name in ("Title", "heading 1", "heading 2", "heading 3")
    )
    names = {"styles": "styles.xml", "footnotes": "footnotes.xml", "comments": "comments.xml"}
    linked = "".join(
        f'<Relationship Id="r{kind}" Type="{_RELATION}/{kind}" Target="{target}"/>'
        for kind, target in names.items()
        if kind == "styles" or f"word/{target}" in (more or {})
    )
    types = _TYPES.replace(
        "</Types>", '<Override PartName="/word/styles.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>'
    )  # fmt: skip
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return zipped({
        "[Content_Types].xml": _HEAD + types,
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{space}"><Relationship Id="r1" Type="{_RELATION}/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'{_HEAD}<Relationships xmlns="{space}">{linked}{relations}</Relationships>',
        "word/styles.xml": f"{_HEAD}<w:styles {_W}>{styles}</w:styles>",
        "word/document.xml": f"{_HEAD}<w:document {_W}><w:body>{body}</w:body></w:document>",
        **(more or {}),
    })  # fmt: skip


def part(name: str, inside: str) -> str:
    """A further part of a document, such as its footnotes."""
    return f"{_HEAD}<w:{name} {_W}>{inside}</w:{name}>"


_SIGNS = st.sampled_from(list("*_`~^$[]{}<>()\\|#+-=:@&!.\"'1aB é語\n") + ["{{", "}}", "\\(", "\\)", "\\[", "](", "[^1]",
    "<b>", "</b>", "&amp;", "$$", "---", "|---|", "1. ", "- ", "> ", "::: note", "@fig-a", "[@k1]", "<!--", "-->",
    "```", "[[x]]", "**", "~~", "{#a}", "\n\n", ": ", "[x]: y", "2*3", "c1::"])  # fmt: skip
TEXTS = st.lists(_SIGNS, min_size=1, max_size=14).map("".join)


def words(html: str) -> str:
    """Return what a reader sees of HTML, with quotes and dots as they are typed, and single blanks."""
    text = re.sub(r"<br>|</(?:p|li|h\d|td|th|div)>", " ", html)
    text = unescape(re.sub(r"<[^>]*>", "", text))
    return " ".join(re.sub("[“”„]", '"', re.sub("[‘’‚]", "'", text.replace("…", "..."))).split())


_MADE: list[Any] = []


def printing(make: Callable[..., Any]) -> Any:
    """A document that prints texts, made once."""
    if not _MADE:
        _MADE.append(make("x").document)
    return _MADE[0]
