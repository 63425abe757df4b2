"""Documents of Word: headings become sections, with tables, lists, pictures and footnotes.

Comments and deleted text of tracked changes are omitted, and what was omitted is reported.
"""

from __future__ import annotations

import io
import re
from typing import Any

from guide.exchange.reading.archive import Archive
from guide.exchange.reading.found import Found, Options
from guide.exchange.reading.headings import sections
from guide.exchange.reading.htmltext import NOTE_MARK, Html
from guide.exchange.reading.pictures import Pictures, described

_STYLES = "\n".join(
    ["p[style-name='Title'] => h1.title:fresh", "p[style-name='Subtitle'] => p:fresh", "u => u", "strike => s"]
    + [f"p[style-name='{name} {n}'] => h{n}:fresh" for n in range(1, 7)
       for name in ("Überschrift", "Titre", "Título", "Titolo", "Kop", "Naslov", "Заголовок", "Наслов", "Titulli")]
)  # fmt: skip
_COUNTED = (
    (rb"<w:del[ >]", "deleted text of tracked changes|deletions of tracked changes"),
    (rb"<m:oMath[ >]", "a formula of Word's equation editor|formulas of Word's equation editor"),
    (rb"<c:chart[ >]", "a chart|charts"),
    (rb"<dgm:relIds[ >]", "a SmartArt drawing|SmartArt drawings"),
    (rb"<w:object[ >]", "an embedded object|embedded objects"),
)


def read_document(data: bytes, found: Found, options: Options) -> None:
    """Read the sections of a document; raises GuideError."""
    del options
    found.format = "Word document"
    archive = Archive(data, found)
    if any(name.endswith("vbaProject.bin") for name in archive.names):
        found.refuse(
            "import-macros",
            "the document has macros",
            "In Word, save it as `Word Document (.docx)`, which has none.",
        )
    _count(archive, found)
    markdown = _markdown(data, found)
    for title, body, _ in sections(markdown, found):
        found.add("sections", {"title": title, "body": body}, found.at())


def _count(archive: Archive, found: Found) -> None:
    body = archive.read("word/document.xml")
    for pattern, what in _COUNTED:
        for _ in re.findall(pattern, body):
            found.omit(what, found.at())
    if archive.has("word/comments.xml"):
        for _ in re.findall(rb"<w:comment[ >]", archive.read("word/comments.xml")):
            found.omit("a comment|comments", found.at())
    if count := len(re.findall(rb"<w:ins[ >]", body)):
        found.remark(
            f"{count} insertions of tracked changes are taken as text",
            found.at(),
            "In Word, accept or reject them, and import again.",
        )


def _markdown(data: bytes, found: Found) -> str:
    import mammoth

    pictures = Pictures(found)
    images: dict[str, bytes] = {}

    def image(each: Any) -> dict[str, str]:
        with each.open() as stream:
            name = f"picture-{len(images) + 1}"
            images[name] = stream.read()
        return {"src": name}

    def placed(name: str, alt: str) -> str:
        try:
            path = pictures.place(name, images[name])
        except (KeyError, ValueError):
            found.omit(
                "a picture that cannot be printed|pictures that cannot be printed", found.at()
            )
            return ""
        return f"![{described(alt)}]({path})"

    try:
        html = mammoth.convert_to_html(
            io.BytesIO(data),
            style_map=_STYLES,
            convert_image=mammoth.images.img_element(image),
            include_embedded_style_map=False,
        ).value
    except Exception as exc:  # noqa: BLE001  mammoth raises whatever its XML reader and its own code do
        reason = " ".join(str(exc).split())[:80] or type(exc).__name__
        found.refuse(
            "import-unreadable",
            f"the document is damaged: {reason}",
            "Open it in Word, and save it again.",
        )
    return Html(picture=placed, omit=lambda what: found.omit(what, found.at())).markdown(
        _with_notes(html), top=1
    )


def _with_notes(html: str) -> str:
    """Return HTML in which footnotes are as `Html` holds them: marks that Markdown reads as notes."""
    html = re.sub(
        r'<sup><a href="#((?:foot|end)note)-(\d+)"[^>]*>\[\d+\]</a></sup>',
        rf"<{NOTE_MARK}>\1-\2</{NOTE_MARK}>",
        html,
    )
    return re.sub(r'\s*<a href="#(?:foot|end)note-ref-\d+">↑</a>', "", html)
