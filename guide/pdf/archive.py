"""Any PDF as PDF/A-3b (ISO 19005-3), with the source that it was made of in it.

PDF/A asks that a file brings all that it takes to show it: fonts, and what its colours mean. Ours
have their fonts. What else is asked is put in here, into any of our files, and the result is checked
with pikepdf's validator, which approves only what it knows to conform.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

_RULES = 4  # that are named; the others are counted
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" \
xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" \
xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>{properties}
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


@dataclass(frozen=True)
class Source:
    """What a document was made of: a file's name and bytes, and its day as (year, month, day)."""

    name: str
    data: bytes
    day: tuple[int, int, int]


def source_of(pack: str, files: Mapping[str, bytes], day: tuple[int, int, int], how: str) -> Source:
    """Return the files of a pack as a zip: the same bytes for the same files.

    `how` says how the document is made of them, and is in the zip as rebuild.txt. Dates before
    1980 and after 2107 are none to a zip; the nearest one is taken.
    """
    inside = {f"{pack}/{name}": data for name, data in files.items()}
    inside["rebuild.txt"] = how.encode()
    year, month, of_month = day
    stamp = (min(max(year, 1980), 2107), month, of_month, 0, 0, 0)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for name in sorted(inside):
            entry = zipfile.ZipInfo(name, stamp)
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, inside[name])
    return Source(f"{pack}-source.zip", out.getvalue(), stamp[:3])


class NotArchivableError(ValueError):
    """A file has something in it that an archive must not have, or that cannot be checked."""


def archived(data: bytes, source: Source) -> bytes:
    """Return one of our PDFs as PDF/A-3b with its source; the same bytes for the same input.

    A tagged file stays tagged. That it keeps to PDF/UA as well is no longer said in its metadata:
    the validator does not know any extension schemas (ISO 19005-3, 6.6.2.3), which saying it would take.
    Raises NotArchivableError, which says why.
    """
    import pikepdf
    from pikepdf import pdfa

    with pikepdf.open(io.BytesIO(data)) as pdf:
        _describe(pdf)
        _explain_colours(pdf)
        _attach(pdf, source)
        for each in pdf.objects:
            _tidy(each)
        wishes = pdf.Root.get("/ViewerPreferences", pikepdf.Dictionary())
        if "/Enforce" in wishes:  # of PDF 2.0; PrintScaling itself stays
            del wishes["/Enforce"]
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True, fix_metadata_version=False)
    out.seek(0)
    report = pdfa.validate_written(out, "3b")
    if not report.passed:
        raise NotArchivableError(_said(report.findings))
    return out.getvalue()


def _describe(pdf: Any) -> None:
    """Write what the file says of itself as the metadata that PDF/A reads."""
    import pikepdf

    info = {str(key): str(value) for key, value in pdf.docinfo.items()}
    properties = [
        _property("dc:title", "Alt", [info.get("/Title", "")], ' xml:lang="x-default"'),
        _property("dc:creator", "Seq", _authors(pdf, info)),
        _property("dc:description", "Alt", [info.get("/Subject", "")], ' xml:lang="x-default"'),
        _property("dc:language", "Bag", [str(pdf.Root.get("/Lang", ""))]),
        _plain("pdf:Producer", info.get("/Producer", "")),
        _plain("xmp:CreatorTool", info.get("/Creator", "")),
    ]
    packet = _XMP.format(properties="".join(f"\n{each}" for each in properties if each)).encode()
    stream = pikepdf.Stream(pdf, packet, Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)
    pdf.Root.Metadata = pdf.make_indirect(stream)


def _authors(pdf: Any, info: dict[str, str]) -> list[str]:
    """Return the authors one by one, as the file's own metadata has them."""
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as known:
        found = known.get("dc:creator")
    return list(found) if isinstance(found, list) else [info.get("/Author", "")]


def _property(name: str, kind: str, values: list[str], about: str = "") -> str:
    items = "".join(f"<rdf:li{about}>{escape(value)}</rdf:li>" for value in values if value)
    return f"<{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>" if items else ""


def _plain(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>" if value else ""


@lru_cache(maxsize=1)
def _srgb() -> bytes:
    """Return the profile of sRGB that comes with WeasyPrint, without importing that."""
    found = importlib.util.find_spec("weasyprint")
    folders = found.submodule_search_locations if found else None
    assert folders
    return (Path(folders[0]) / "pdf" / "sRGB2014.icc").read_bytes()


def _explain_colours(pdf: Any) -> None:
    """Say that the numbers of colours are sRGB (ISO 19005-3, 6.2.3)."""
    import pikepdf

    profile = pdf.make_indirect(pikepdf.Stream(pdf, _srgb(), N=3))
    pdf.Root.OutputIntents = pikepdf.Array(
        [
            pikepdf.Dictionary(
                Type=pikepdf.Name.OutputIntent, S=pikepdf.Name.GTS_PDFA1,
                OutputConditionIdentifier=pikepdf.String("sRGB"),
                Info=pikepdf.String("sRGB IEC61966-2.1"), DestOutputProfile=profile,
            )
        ]
    )  # fmt: skip


def _attach(pdf: Any, source: Source) -> None:
    """Put the source in, as what the document was made of (ISO 19005-3, 6.8 and annex E)."""
    import pikepdf

    year, month, of_month = source.day
    day = f"D:{year:04}{month:02}{of_month:02}000000Z"
    params = pikepdf.Dictionary(
        Size=len(source.data), ModDate=pikepdf.String(day),
        CheckSum=pikepdf.String(hashlib.md5(source.data, usedforsecurity=False).digest()),
    )  # fmt: skip
    stream = pikepdf.Stream(
        pdf, source.data, Type=pikepdf.Name.EmbeddedFile, Params=params,
        Subtype=pikepdf.Name("/application/zip"),
    )  # fmt: skip
    file = pdf.make_indirect(stream)
    name = pikepdf.String(source.name)
    spec = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Filespec, F=name, UF=name, AFRelationship=pikepdf.Name.Source,
            Desc=pikepdf.String("The source of this document"),
            EF=pikepdf.Dictionary(F=file, UF=file),
        )
    )  # fmt: skip
    names = pdf.Root.get("/Names", pikepdf.Dictionary())
    names.EmbeddedFiles = pikepdf.Dictionary(Names=pikepdf.Array([name, spec]))
    pdf.Root.Names = names
    pdf.Root.AF = pikepdf.Array([spec])


def _tidy(thing: Any) -> None:
    """Take out what PDF/A forbids and nobody misses: smoothed pictures, lists of nothing."""
    import pikepdf

    if isinstance(thing, pikepdf.Stream) and "/Interpolate" in thing:
        del thing["/Interpolate"]
    if not isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        return
    inner = thing.get("/Resources")
    for resources in (thing, inner):
        if not isinstance(resources, pikepdf.Dictionary):
            continue
        for key in ("/Pattern", "/Shading", "/XObject", "/ExtGState", "/Font"):
            kept = resources.get(key)
            if isinstance(kept, pikepdf.Dictionary) and not len(kept.keys()):
                del resources[key]


def _said(findings: Iterable[Any]) -> str:
    """Return what a validator has found, each rule once."""
    rules = list(dict.fromkeys(f"{each.message} ({each.rule})" for each in findings))
    more = f"; and {len(rules) - _RULES} more" if len(rules) > _RULES else ""
    return "; ".join(rules[:_RULES]) + more
