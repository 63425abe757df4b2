"""Which reader a file is for: by what is in it, and by its name where that says nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from guide.diagnostics.diagnostic import GuideError, error
from guide.exchange.reading.archive import Archive
from guide.exchange.reading.found import Found, Options

MOST = 300_000_000  # bytes
READABLE = (
    "Quizlet's export as text, CSV and TSV, .xlsx (also Kahoot's), Anki's text export, .apkg and .colpkg, Markdown (also "
    "of Obsidian and hashcards), .docx, GIFT and Moodle XML"
)
_INSTEAD = {
    b"%PDF-": ("a PDF", "Import the document that it was made from."),
    b"{\\rtf": ("an RTF document", "In Word, save it as .docx."),
    b"\xd0\xcf\x11\xe0": (
        "an old Word, Excel or PowerPoint file",
        "Open it, and save it as .docx or .xlsx.",
    ),
    b"SQLite format 3": ("a bare database", "In Anki, export the deck: File, Export, `.apkg`."),
    b"\x89PNG": ("a picture", "Put it into the pack's folder figures/."),
    b"\xff\xd8\xff": ("a picture", "Put it into the pack's folder figures/."),
}
_OF_ZIP = (
    ("ppt/", "a PowerPoint presentation", "Copy its text into a Word document."),
    ("mimetype", "an OpenDocument or EPUB file", "In LibreOffice, save it as .docx or .xlsx."),
    ("Index/", "a Pages, Numbers or Keynote file", "Export it as .docx or .xlsx."),
)
Reader = Callable[[bytes, Found, Options], None]


def read_file(path: Path, options: Options) -> Found:
    """Return what is in a file of another program; raises GuideError, also when nothing is in it."""
    found = Found(path.name, folder=path.parent)
    data = _bytes(path, found)
    found.title = _title(path)
    reader = _reader(path, data, found)
    reader(data, found, options)
    if not found.entries and not any(each.code == "import-unreadable" for each in found.problems):
        found.settle()
        hint = f"guide import reads {READABLE}."
        message = f"there is nothing to import in this file, read as {found.format}"
        raise GuideError(*found.problems, error("import-nothing", message, found.at(), hint))
    return found


def _bytes(path: Path, found: Found) -> bytes:
    try:
        if not path.is_file():
            found.refuse(
                "import-unreadable", "there is no such file", "Check the name and the folder."
            )
        if os.path.getsize(path) > MOST:
            found.refuse(
                "import-too-large",
                f"the file has more than {MOST // 1_000_000} MB",
                "Export it in parts, or without sounds.",
            )
        data = path.read_bytes()
    except OSError as exc:
        found.refuse(
            "import-unreadable",
            f"the file cannot be read: {exc.strerror or exc}",
            "Check its permissions.",
        )
    if not data.strip(b"\0 \r\n\t"):
        found.refuse("import-nothing", "the file is empty", "Export it again.")
    return data


def _title(path: Path) -> str:
    words = re.sub(r"[_\s]+", " ", path.stem).strip()
    return words[:1].upper() + words[1:]


def _reader(path: Path, data: bytes, found: Found) -> Reader:
    """Return the reader for a file; raises GuideError that names what can be read."""
    if data.startswith(b"PK\x03\x04"):
        return _of_zip(data, found)
    for sign, (what, remedy) in _INSTEAD.items():
        if data.startswith(sign):
            found.refuse(
                "import-format", f"the file is {what}", f"{remedy} guide import reads {READABLE}."
            )
    return _of_text(path.suffix.lower(), data, found)


def _of_zip(data: bytes, found: Found) -> Reader:
    archive = Archive(data, found)
    if any(re.fullmatch(r"collection\.anki2\w*", name) for name in archive.names):
        from guide.exchange.reading.anki_package import read_package

        return read_package
    if archive.has("word/document.xml"):
        from guide.exchange.reading.word import read_document

        return read_document
    if any(name.startswith("xl/") for name in archive.names):
        from guide.exchange.reading.workbook import read_workbook

        return read_workbook
    for begins, what, remedy in _OF_ZIP:
        if any(name.startswith(begins) for name in archive.names):
            found.refuse(
                "import-format", f"the file is {what}", f"{remedy} guide import reads {READABLE}."
            )
    return found.refuse(
        "import-format",
        "the file is a ZIP of something else",
        f"Unpack it, and import what is in it. guide import reads {READABLE}.",
    )


def _of_text(suffix: str, data: bytes, found: Found) -> Reader:
    from guide.exchange.reading.tables import read_text_table

    start = data[:4000].decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
    if re.match(r"(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)?<quiz\b", start, re.S):
        from guide.exchange.reading.moodle import read_moodle

        return read_moodle
    if start.startswith("<") and suffix in {".xml", ".html", ".htm", ".opml", ".imscc"}:
        found.refuse(
            "import-format",
            "the file is HTML or XML of a kind that is not known",
            f"guide import reads {READABLE}.",
        )
    if re.match(r"#(?:separator|html|columns|notetype|deck|tags|guid)\b", start):
        from guide.exchange.reading.anki_text import read_anki_text

        return read_anki_text
    if suffix in {".md", ".markdown", ".mdown"}:
        from guide.exchange.reading.notes import read_notes

        return read_notes
    if suffix == ".gift" or (suffix in {".txt", ""} and _is_gift(data)):
        from guide.exchange.reading.gift import read_gift

        return read_gift
    return read_text_table


def _is_gift(data: bytes) -> bool:
    text = data[:20_000].decode("utf-8", "replace")
    return (
        re.search(r"(?m)^(?:::|\$CATEGORY:|//)", text) is not None
        and re.search(r"\{[^{}]*[=~TF#][^{}]*\}", text) is not None
    )
