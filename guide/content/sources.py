"""Sources in three formats (YAML with CSL fields, CSL-JSON, BibTeX) to CSL-JSON items."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from guide.content.bibtex import read_bibtex
from guide.content.sourcedates import impossible, read_date
from guide.content.tables import json_syntax
from guide.content.validate import did_you_mean
from guide.content.yaml import Document, read_yaml
from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.model.lostfields import LostField, lost_notes

Found = dict[str, tuple[dict[str, Any], Place]]

# The variables of CSL 1.0.2, appendix IV, that a bibliography can print.
NAME_FIELDS = """author editor translator chair collection-editor compiler composer container-author contributor
curator director editorial-director editor-translator executive-producer guest host illustrator
interviewer narrator organizer original-author performer producer recipient reviewed-author script-writer
series-creator""".split()
DATE_FIELDS = "issued accessed available-date event-date original-date submitted".split()
TEXT_FIELDS = """abstract annote archive archive_collection archive_location archive-place authority call-number
chapter-number citation-key citation-label collection-number collection-title container-title
container-title-short dimensions division DOI edition event event-place event-title genre ISBN ISSN issue
journalAbbreviation jurisdiction keyword language license medium note number number-of-pages
number-of-volumes original-publisher original-publisher-place original-title page page-first part-number
part-title PMCID PMID printing-number publisher publisher-place references reviewed-genre reviewed-title
scale section shortTitle source status supplement-number title title-short URL version volume volume-title
volume-title-short year-suffix""".split()
TYPES = """article article-journal article-magazine article-newspaper bill book broadcast chapter
classic collection dataset document entry entry-dictionary entry-encyclopedia event figure graphic
hearing interview legal_case legislation manuscript map motion_picture musical_score pamphlet
paper-conference patent performance periodical personal_communication post post-weblog regulation
report review review-book software song speech standard thesis treaty webpage""".split()
# Fields in which programs keep their own affairs.
_OF_PROGRAMS = frozenset(
    """custom categories system_id key collections attachments indexed created deposited
published published-print published-online score prefix member reference-count references-count
is-referenced-by-count content-domain short-container-title alternative-id subject subtype link relation resource
update-policy assertion funder issn-type isbn-type journal-issue update-to libraryCatalog rights
dateadded datemodified zotero-item-key filepath date-added date-modified original-language aliases copyright
article-number short-title""".split()
)
_KNOWN = {
    name.lower(): name for name in ("id", "type", "tags", *NAME_FIELDS, *DATE_FIELDS, *TEXT_FIELDS)
}


def read_sources(
    text: str, path: str, fields: dict[str, Mapping[str, Place]] | None = None
) -> tuple[Found, list[Diagnostic]]:
    """Read a file of sources, by its ending: .yaml, .json or .bib.

    `fields` is given the places of the values of each source by its key.
    """
    if path.endswith(".bib"):
        sources, problems, places = read_bibtex(text, path)
        if fields is not None:
            fields.update(places)
        return sources, problems
    if path.endswith(".json"):
        try:
            json.loads(text)
        except json.JSONDecodeError as exc:
            return {}, [json_syntax(exc, Place(path, exc.lineno, exc.colno))]
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
    lost: list[LostField] = []
    entries: dict[str, Any] = {}
    if isinstance(data, dict):
        known = {key: item for key, item in data.items() if isinstance(item, dict | None)}
        entries = {key: {"id": key, **(item or {})} for key, item in known.items()}
    elif isinstance(data, list):
        entries = {str(number): item for number, item in enumerate(data)}
    if data is not None and not (isinstance(data, dict | list) and len(entries) == len(data)):
        at = document.nearest("", path)
        problems.append(error("wrong-type", "sources must be a list of items with CSL fields", at))
    for where, item in entries.items():
        at = document.places.get(where, Place(path, 1, 1))
        key = _one(item, where, at, document, found, problems, lost)
        if key:
            fields[key] = document.inside(where)
    return found, problems + lost_notes(lost)


def _one(
    item: Any, where: str, at: Place, document: Document, found: Found,
    problems: list[Diagnostic], lost: list[LostField],
) -> str:  # fmt: skip
    """Add a source to those found, and return its key; '' after noting what is wrong with it."""
    if not isinstance(item, dict):
        problems.append(error("wrong-type", "a source must be keys and values", at))
        return ""
    key = str(item.get("id") or "")
    hint = "Give it a short key."
    if not key:
        problems.append(error("missing-key", "a source has no `id`", at, hint))
        return ""
    if re.search(r"[\s;\]\[{}@,\"<>]", key):
        message = f"the source id {key!r} has a space or one of , ; [ ] {{ }} @"
        problems.append(error("bad-value", message, at, hint))
        return ""
    if key in found:
        first = found[key][1].line
        message = f"two sources have the id `{key}`; the first is on line {first}"
        problems.append(error("duplicate-id", message, at, "Rename one of the two."))
        return ""
    clean: dict[str, Any] = {"type": "webpage" if "URL" in item or "url" in item else "document"}
    for name, value in item.items():
        spot = document.keys.get(f"{where}.{name}", at)
        if not _field(str(name), value, clean, spot, problems):
            lost.append(LostField(str(name), key, str(value), spot))
    if at.path.endswith(".json"):
        _extra(clean, impossible(problems, at))
    clean = {name: value for name, value in clean.items() if value not in ({}, [], "")}
    if not clean.get("title"):
        message = f"the source `{key}` has no `title`"
        problems.append(error("missing-key", message, at, "Add `title: ...`."))
        return ""
    found[key] = ({**clean, "id": key}, at)
    return key


_ALSO_CALLED = {
    "date": "issued", "year": "issued", "published": "issued", "link": "URL", "website": "URL",
    "journal": "container-title", "pages": "page", "place": "publisher-place", "authors": "author",
}  # fmt: skip
"""Words that people use for fields of CSL."""


def _field(
    name: str, value: Any, clean: dict[str, Any], at: Place, problems: list[Diagnostic]
) -> bool:
    """Add a field to an item, or report what is wrong with it; return False if its text is lost."""
    known = _KNOWN.get(name.lower())
    if known is None and (name.startswith("_") or name.lower() in _OF_PROGRAMS):
        return True
    if known is None and at.path.endswith(".json"):
        return not _is_content(value)
    if known is None:
        meant = _ALSO_CALLED.get(name.lower(), "")
        hint = f"did you mean `{meant}`?" if meant else did_you_mean(name, _KNOWN.values())
        problems.append(error("unknown-key", f"unknown key `{name}`", at, hint))
    elif value is None or known == "tags":
        pass
    elif known == "type" and value not in TYPES:
        hint = did_you_mean(str(value), TYPES)
        problems.append(error("bad-value", f"`{value}` is not a CSL type", at, hint))
    elif known in NAME_FIELDS:
        clean[known] = _people(value)
    elif known in DATE_FIELDS:
        clean[known] = read_date(value, impossible(problems, at))
    elif isinstance(value, list) and all(isinstance(each, str) for each in value):
        clean[known] = "; ".join(value)  # as Crossref exports a title
    elif isinstance(value, dict | list):
        problems.append(error("wrong-type", f"`{name}` must be text", at))
    else:
        clean[known] = str(getattr(value, "text", value))
    return True


def _is_content(value: Any) -> bool:
    """Return True for text; numbers, lists and marks of another program are its own affair."""
    return (
        isinstance(value, str)
        and bool(re.search(r"[^\W\d_]{2}", value))
        and not value.startswith(("http", "file:", "/"))
    )


# What Zotero writes into its field Extra: `Key: value`, a line for each.
_EXTRA = re.compile(r"\{?:?\s*([A-Za-z][\w .#-]{0,40}?)\s*:\s+(.*?)\}?\s*")


def _extra(clean: dict[str, Any], report: Callable[[str], None]) -> None:
    """Put the fields that Zotero keeps in `note` where they belong; the rest stays a note."""
    text = str(clean.get("note", ""))
    rest = []
    for line in text.split("\n"):
        match = _EXTRA.fullmatch(line.strip())
        name = match[1].strip().lower().replace(" ", "-") if match else ""
        known = _KNOWN.get(name) or _KNOWN.get(name.replace("-", "_"))
        if match is None or (known is None and not _is_of_program(name)):
            rest.append(line)
        elif known in DATE_FIELDS and known not in clean:
            clean[known] = read_date(match[2], report)
        elif known in NAME_FIELDS:
            family, _, given = match[2].partition("||")
            person = (
                {"family": family.strip(), "given": given.strip()} if given else {"literal": family}
            )
            clean.setdefault(known, []).append(person)
        elif known in TEXT_FIELDS and known != "note":
            clean.setdefault(known, match[2])
        elif known == "type" and match[2] in TYPES:
            clean["type"] = match[2]
    clean["note"] = "\n".join(rest).strip()


def _is_of_program(name: str) -> bool:
    own = ("tex.", "_", "zscc", "zotero", "accession", "citation-key", "read_", "google-books", "bibcode",
           "adsnote", "isi", "mag-id", "s2id", "openalex", "titolo", "issn-")  # fmt: skip
    return name.startswith(own) or name in _OF_PROGRAMS


def _people(value: Any) -> list[dict[str, str]]:
    result = []
    for person in value if isinstance(value, list) else [value]:
        if isinstance(person, dict):
            given = {str(k): v for k, v in person.items() if v not in (None, "")}
            named = {name: str(getattr(v, "text", v)) for name, v in given.items()}
            if "name" in named and "family" not in named:
                named["literal"] = named.pop("name")
            result.append(named)
        elif person is not None:
            text = str(getattr(person, "text", person)).strip()
            result.append(_person(text) if text else {})
    return [person for person in result if person]


_SUFFIX = re.compile(r"(?:Jr|Sr|jun|sen)\.?|[IVX]{1,4}\.?", re.I)
_NEVER_GIVEN = re.compile(r"(?:Jr|Sr|jun|sen)\.?|[IVX]{2,4}", re.I)


def _person(text: str) -> dict[str, str]:
    """Read `Family, Given`, with a suffix in the middle or at the end; else a body's name."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) == 1:
        return {"literal": text}
    is_suffix = _SUFFIX if len(parts) > 2 else _NEVER_GIVEN  # `Roe, I.` has a first name
    suffix = next((part for part in reversed(parts[1:]) if is_suffix.fullmatch(part)), "")
    rest = [part for part in parts[1:] if part != suffix]
    if len(rest) > 1:
        return {"family": parts[0], "given": ", ".join(parts[1:])}
    if not rest and not suffix:
        return {"literal": parts[0]}
    made = {"family": parts[0], "given": rest[0] if rest else "", "suffix": suffix}
    return {key: value for key, value in made.items() if value}
