"""Sources in three formats (YAML with CSL fields, CSL-JSON, BibTeX) to CSL-JSON items."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from guide.content.tables import json_syntax
from guide.content.validate import did_you_mean
from guide.content.yaml12 import Document, read_yaml
from guide.errors import Diagnostic, Place, error

Found = dict[str, tuple[dict[str, Any], Place]]

# The variables of CSL 1.0.2, appendix IV, that a bibliography can print.
NAME_FIELDS = """author editor translator collection-editor composer container-author director illustrator
interviewer original-author recipient reviewed-author""".split()
DATE_FIELDS = "issued accessed available-date event-date original-date submitted".split()
TEXT_FIELDS = """abstract annote archive archive_location authority call-number chapter-number citation-key
citation-label collection-number collection-title container-title container-title-short dimensions
DOI edition event event-place genre ISBN ISSN issue jurisdiction keyword language license medium note
number number-of-pages number-of-volumes original-publisher original-publisher-place original-title
page page-first part-number part-title PMCID PMID publisher publisher-place references
reviewed-genre reviewed-title scale section source status supplement-number title title-short URL
version volume year-suffix""".split()
TYPES = """article article-journal article-magazine article-newspaper bill book broadcast chapter
classic collection dataset document entry entry-dictionary entry-encyclopedia event figure graphic
hearing interview legal_case legislation manuscript map motion_picture musical_score pamphlet
paper-conference patent performance periodical personal_communication post post-weblog regulation
report review review-book software song speech standard thesis treaty webpage""".split()
_KNOWN = {
    name.lower(): name for name in ("id", "type", "tags", *NAME_FIELDS, *DATE_FIELDS, *TEXT_FIELDS)
}


def read_sources(
    text: str, path: str, fields: dict[str, Mapping[str, Place]] | None = None
) -> tuple[Found, list[Diagnostic]]:
    """Read a file of sources, by its ending: .yaml, .json or .bib.

    `fields` is given the places of the values of each source by its key; BibTeX has none.
    """
    if path.endswith(".bib"):
        return _bibtex(text, path)
    if path.endswith(".json"):
        try:
            json.loads(text)
        except json.JSONDecodeError as exc:
            at = Place(path, exc.lineno, exc.colno)
            return {}, [json_syntax(exc, at)]
        except RecursionError:
            return {}, [error("yaml-too-large", "the JSON is nested too deeply", Place(path))]
        text = text.replace("\t", " ")  # JSON is YAML but for tabs between tokens
    document, problems = read_yaml(text, path)
    if document is None:
        return {}, problems
    found, more = _items(document, path, fields if fields is not None else {})
    return found, problems + more


def _items(
    document: Document, path: str, fields: dict[str, Mapping[str, Place]]
) -> tuple[Found, list[Diagnostic]]:
    data, found, problems = document.data, Found(), list[Diagnostic]()
    if isinstance(data, dict):
        entries = [
            (key, {"id": key, **(item or {})}, key)
            for key, item in data.items()
            if isinstance(item, dict | None)
        ]
    elif isinstance(data, list):
        entries = [(None, item, str(number)) for number, item in enumerate(data)]
    else:
        entries = []
    if len(entries) != len(data or ()):
        at = document.places.get("", Place(path, 1, 1))
        problems.append(error("wrong-type", "sources must be a list of items with CSL fields", at))
    for _, item, where in entries:
        at = document.places.get(where, Place(path, 1, 1))
        key = _one(item, where, at, document, found, problems)
        if key:
            fields[key] = document.inside(where)
    return found, problems


def _one(
    item: Any, where: str, at: Place, document: Document, found: Found, problems: list[Diagnostic]
) -> str:
    """Add a source to those found, and return its key; '' after noting what is wrong with it."""
    if not isinstance(item, dict):
        problems.append(error("wrong-type", "a source must be keys and values", at))
        return ""
    key = str(item.get("id") or "")
    if not key or re.search(r"[\s,;\]\[@]", key):
        message = (
            "a source has no `id`"
            if not key
            else f"the source id {key!r} has a space or one of , ; [ ] @"
        )
        problems.append(
            error("missing-key" if not key else "bad-value", message, at, "Give it a short key.")
        )
        return ""
    if key in found:
        first = found[key][1].line
        message = f"two sources have the id `{key}`; the first is in line {first}"
        problems.append(error("duplicate-id", message, at, "Rename one of the two."))
        return ""
    clean: dict[str, Any] = {"type": "webpage" if "URL" in item or "url" in item else "document"}
    for name, value in item.items():
        spot = document.keys.get(f"{where}.{name}", at)
        _field(str(name), value, clean, spot, problems)
    if not clean.get("title"):
        problems.append(
            error("missing-key", f"the source `{key}` has no `title`", at, "Add `title: ...`.")
        )
        return ""
    found[key] = ({**clean, "id": key}, at)
    return key


def _field(
    name: str, value: Any, clean: dict[str, Any], at: Place, problems: list[Diagnostic]
) -> None:
    known = _KNOWN.get(name.lower())
    if known is None and (name.startswith("_") or name in {"custom", "categories"}):
        return
    if known is None:
        problems.append(
            error("unknown-key", f"unknown key `{name}`", at, did_you_mean(name, _KNOWN.values()))
        )
    elif value is None or known == "tags":
        return
    elif known == "type" and value not in TYPES:
        hint = did_you_mean(str(value), TYPES)
        problems.append(error("bad-value", f"`{value}` is not a CSL type", at, hint))
    elif known in NAME_FIELDS:
        clean[known] = _people(value)
    elif known in DATE_FIELDS:
        clean[known] = _date(value)
    elif isinstance(value, dict | list):
        problems.append(error("wrong-type", f"`{name}` must be text", at))
    else:
        clean[known] = str(getattr(value, "text", value))


def _people(value: Any) -> list[dict[str, str]]:
    people = value if isinstance(value, list) else [value]
    result = []
    for person in people:
        if isinstance(person, dict):
            result.append(
                {str(k): str(getattr(v, "text", v)) for k, v in person.items() if v is not None}
            )
            continue
        family, comma, given = str(person).partition(",")
        name = (
            {"family": family.strip(), "given": given.strip()}
            if comma
            else {"literal": family.strip()}
        )
        result.append(name)
    return result


def _date(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        parts = value.get("date-parts")
        if isinstance(parts, list):
            whole = [
                [int(n) for n in part if re.fullmatch(r"-?[0-9]{1,4}", str(n))]
                for part in parts
                if isinstance(part, list)
            ]
            return {"date-parts": whole} if whole and whole[0] else {"literal": ""}
        for key in ("raw", "literal"):
            if key in value:
                return _date(value[key])
        return {}
    text = str(getattr(value, "text", value)).strip()
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", text)
    if match:
        return {"date-parts": [[int(part) for part in match.groups() if part]]}
    return {"literal": text}


_BIB_TYPES = {
    "article": "article-journal", "book": "book", "booklet": "pamphlet", "inbook": "chapter",
    "incollection": "chapter", "inproceedings": "paper-conference", "conference": "paper-conference",
    "manual": "report", "mastersthesis": "thesis", "phdthesis": "thesis", "thesis": "thesis",
    "proceedings": "book", "techreport": "report", "report": "report", "unpublished": "manuscript",
    "online": "webpage", "www": "webpage", "electronic": "webpage", "misc": "document",
    "legislation": "legislation", "dataset": "dataset", "software": "software",
}  # fmt: skip
_BIB_FIELDS = {
    "title": "title", "journal": "container-title", "journaltitle": "container-title",
    "booktitle": "container-title", "publisher": "publisher", "institution": "publisher",
    "school": "publisher", "organization": "publisher", "address": "publisher-place",
    "location": "publisher-place", "volume": "volume", "number": "issue", "pages": "page",
    "doi": "DOI", "url": "URL", "isbn": "ISBN", "issn": "ISSN", "edition": "edition",
    "chapter": "chapter-number", "series": "collection-title", "howpublished": "medium",
}  # fmt: skip
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def _bibtex(text: str, path: str) -> tuple[Found, list[Diagnostic]]:
    from pybtex.database import BibliographyDataError, parse_string  # slow to import, seldom used
    from pybtex.exceptions import PybtexError
    from pybtex.textutils import normalize_whitespace

    lines = {
        match[1]: Place(path, text.count("\n", 0, match.start()) + 1, 1)
        for match in re.finditer(r"@\w+\s*[{(]\s*([^,\s]+)", text)
    }
    try:
        entries = parse_string(text, "bibtex").entries
    except BibliographyDataError as exc:
        return {}, [error("duplicate-id", str(exc), Place(path), "Rename one of the two.")]
    except PybtexError as exc:
        line = int(getattr(exc, "lineno", 0) or 0)
        message = normalize_whitespace(str(exc)).partition(": ")[2] or str(exc)
        return {}, [
            error(
                "bibtex-syntax",
                f"the BibTeX cannot be read: {message}",
                Place(path, line, 1),
                "Look for a comma, quote or brace that is missing in this entry or the one before.",
            )
        ]
    found, problems = Found(), list[Diagnostic]()
    for key, entry in entries.items():
        at = lines.get(key, Place(path))
        try:
            item = _from_bibtex(entry)
        except UnicodeDecodeError as exc:  # of the codec that reads TeX
            message = f"the TeX in the source `{key}` cannot be read: {exc.reason}"
            hint = "Look for a backslash too many, or write the letters themselves."
            problems.append(error("bibtex-syntax", message, at, hint))
            continue
        if not item.get("title"):
            problems.append(error("missing-key", f"the source `{key}` has no title", at))
            continue
        found[key] = ({**item, "id": key}, at)
    return found, problems


def _from_bibtex(entry: Any) -> dict[str, Any]:
    item: dict[str, Any] = {"type": _BIB_TYPES.get(entry.type.lower(), "document")}
    for name, value in entry.fields.items():
        target = _BIB_FIELDS.get(name.lower())
        if target:
            item[target] = _untex(value).replace("--", "\u2013")
    for role, people in entry.persons.items():
        item[role.lower()] = [
            {
                "family": _untex(" ".join([*person.prelast_names, *person.last_names])),
                "given": _untex(" ".join([*person.first_names, *person.middle_names])),
            }
            if person.first_names
            else {"literal": _untex(" ".join(person.last_names))}
            for person in people
        ]
    date = entry.fields.get("date") or entry.fields.get("year")
    if date:
        item["issued"] = _date(date)
        month = str(entry.fields.get("month", ""))[:3].lower()
        parts = item["issued"].get("date-parts")
        if parts and len(parts[0]) == 1 and month in _MONTHS:
            parts[0].append(_MONTHS.index(month) + 1)
    if entry.fields.get("urldate"):
        item["accessed"] = _date(entry.fields["urldate"])
    return item


def _untex(text: str) -> str:
    r"""Return TeX's accents (`{\"u}`) as letters, without the braces that protect capitals."""
    import codecs

    import latexcodec  # noqa: F401  registers the codec "ulatex"

    decode: Any = codecs.decode  # the codec takes text
    plain = decode(text, "ulatex") if "\\" in text else text
    return re.sub(r"[{}]", "", str(plain))
