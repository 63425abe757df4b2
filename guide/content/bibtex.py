"""BibTeX and biblatex to CSL items: entries with their lines, names, dates, and what is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from guide.content.sourcedates import read_date
from guide.content.tex import from_tex
from guide.errors import Diagnostic, Place, error, note, warning

Found = dict[str, tuple[dict[str, Any], Place]]

_TYPES = {
    "article": "article-journal", "book": "book", "mvbook": "book", "booklet": "pamphlet", "inbook": "chapter", "bookinbook": "chapter", "suppbook": "chapter",
    "incollection": "chapter", "inproceedings": "paper-conference", "conference": "paper-conference", "collection": "book", "mvcollection": "book", "reference": "book",
    "inreference": "entry-encyclopedia", "manual": "report", "mastersthesis": "thesis", "phdthesis": "thesis", "thesis": "thesis", "bachelorsthesis": "thesis",
    "proceedings": "book", "mvproceedings": "book", "techreport": "report", "report": "report", "unpublished": "manuscript", "periodical": "periodical",
    "online": "webpage", "www": "webpage", "electronic": "webpage", "webpage": "webpage", "misc": "document", "patent": "patent", "standard": "standard",
    "legislation": "legislation", "legal": "legislation", "jurisdiction": "legal_case", "dataset": "dataset", "software": "software", "video": "motion_picture",
    "movie": "motion_picture", "audio": "song", "music": "song", "image": "graphic", "artwork": "graphic", "letter": "personal_communication", "newspaper": "article-newspaper",
    "review": "review", "performance": "performance", "speech": "speech", "map": "map",
}  # fmt: skip
_GENRES = {"mastersthesis": "Master’s thesis", "phdthesis": "PhD thesis", "bachelorsthesis": "Bachelor’s thesis",
           "mathesis": "Master’s thesis", "techreport": "", "resreport": "Research report", "candthesis": "Candidate thesis"}  # fmt: skip
_FIELDS = {
    "journal": "container-title", "journaltitle": "container-title", "shortjournal": "container-title-short", "booktitle": "container-title",
    "maintitle": "container-title", "publisher": "publisher", "institution": "publisher", "school": "publisher", "organization": "publisher",
    "address": "publisher-place", "location": "publisher-place", "volume": "volume", "pages": "page", "doi": "DOI", "url": "URL", "isbn": "ISBN", "issn": "ISSN",
    "edition": "edition", "chapter": "chapter-number", "series": "collection-title", "note": "note", "addendum": "note",
    "type": "genre", "version": "version", "pagetotal": "number-of-pages", "volumes": "number-of-volumes", "language": "language", "langid": "language",
    "eventtitle": "event-title", "venue": "event-place", "shorttitle": "title-short", "origtitle": "original-title", "origpublisher": "original-publisher",
    "origlocation": "original-publisher-place", "pubstate": "status", "part": "part-number", "pmid": "PMID", "pmcid": "PMCID", "library": "archive", "issue": "issue", "eid": "number",
    "lccn": "call-number", "howpublished": "medium",
}  # fmt: skip
_PEOPLE = {"author": "author", "editor": "editor", "translator": "translator", "bookauthor": "container-author", "director": "director",
           "holder": "author", "origauthor": "original-author", "illustrator": "illustrator", "composer": "composer", "interviewer": "interviewer"}  # fmt: skip
_DATES = {"urldate": "accessed", "lastchecked": "accessed", "eventdate": "event-date", "origdate": "original-date", "origyear": "original-date"}  # fmt: skip
# What programs write for themselves, and what no list of sources prints.
_IGNORED = re.compile(
    r"(?:bdsk-|date-|mendeley-|__|jabref|citeulike|x-|tex\.|zotero|ads|sort).*|abstract|keywords?|annot(?:e|ation)|origlanguage|.*\+an.*|mrclass|mrnumber|mrreviewer|zblnumber|"
    r"file|timestamp|owner|groups?|added-at|biburl|bibsource|interhash|intrahash|rating|read|review|comment|"
    r"ids|xdata|crossref|xref|options|label|presort|shorthand|hyphenation|gender|related.*|execute|entryset|"
    r"entrysubtype|index.*|acmid|key|month|year|date|day|priority|ranking|username|creationdate|modificationdate|"
    r"issn-.*|isbn-.*|langidopts|local-url|pdf|ps|numpages|bibdate|acknowledgement|checked|printed|qualityassured|"
    r"useprefix|nameaddon|editor[abc]?type|authortype|translatortype|bookpagination|pagination|eprinttype|eprintclass|archiveprefix|primaryclass|"
    r"shorteditor|shortauthor|shortseries|unique-id|researcherid.*|orcid.*|times-cited|doc-delivery-number|affiliation|cited-references|web-of-science.*|journal-iso|"
    r"number-of-cited-references|usage-count.*|author-email|funding.*|subject|category|categories|collection|articleno|issue_date|source|coden",
    re.I,
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_ENTRY = re.compile(r"@[ \t]*(\w+)\s*([{(])\s*([^,\s{}()=\"]*)\s*(=?)")
_TITLES = {"title": "subtitle", "booktitle": "booksubtitle", "journaltitle": "journalsubtitle", "journal": "journalsubtitle", "maintitle": "mainsubtitle"}  # fmt: skip
_TRAVELS = {
    "inbook",
    "incollection",
    "inproceedings",
    "conference",
    "bookinbook",
    "suppbook",
    "inreference",
}


@dataclass
class _Entry:
    """An entry as written: its type, its fields by name, and where it and each field begin."""

    kind: str
    key: str
    fields: dict[str, str]
    place: Place
    places: dict[str, Place] = field(default_factory=dict)

    def at(self, name: str) -> Place:
        """Return where a field begins."""
        return self.places.get(name, self.place)


def read_bibtex(
    text: str, path: str
) -> tuple[Found, list[Diagnostic], dict[str, Mapping[str, Place]]]:
    """Read a file of BibTeX: its sources, what is wrong with it, and where the fields of each are."""
    problems: list[Diagnostic] = []
    entries = list(_entries(text, path, problems))
    by_key = {entry.key.casefold(): entry for entry in entries}
    found, places = Found(), dict[str, Mapping[str, Place]]()
    for entry in entries:
        if entry.kind in {"xdata", "set"}:
            continue
        _inherit(entry, by_key)
        item = _Item(entry, problems).made()
        if not item.get("title"):
            hint = "Add `title = {...}`."
            problems.append(
                error("missing-key", f"the source `{entry.key}` has no title", entry.place, hint)
            )
            continue
        found[entry.key] = ({**item, "id": entry.key}, entry.place)
        places[entry.key] = {_FIELDS.get(name, name): at for name, at in entry.places.items()}
    return found, problems, places


def _entries(text: str, path: str, problems: list[Diagnostic]) -> Iterator[_Entry]:
    """Yield the entries that can be read, each key once."""
    from pybtex.database.input.bibtex import LowLevelParser, UndefinedMacro
    from pybtex.exceptions import PybtexError

    starts = _starts(text, path, problems)
    broken: list[Any] = []
    macros = dict.fromkeys(_MONTHS, "")
    macros |= {name: name for name in _MONTHS}

    def failed(exc: Any) -> None:
        line = int(getattr(exc, "lineno", 0) or 0)
        if isinstance(exc, UndefinedMacro):
            name = str(exc.args[0])
            message = f"`{name}` is not defined: there is no @string of that name"
            hint = (
                f"Write @string{{{name} = {{...}}}} before this entry, or put the text in braces."
            )
            problems.append(error("bibtex-syntax", message, Place(path, line, 1), hint))
        elif not any(problem.code == "bibtex-syntax" for problem in problems):
            # What follows from the first fault says nothing new.
            message = f"the BibTeX cannot be read: {_reason(exc)}"
            hint = (
                "Look for a comma, quote or brace that is missing in this entry or the one before."
            )
            problems.append(error("bibtex-syntax", message, Place(path, line, 1), hint))
        broken.append(exc)

    parser = LowLevelParser(text, handle_error=failed, macros=_Macros(macros))
    seen: dict[str, Place] = {}
    try:
        for command, body in parser:
            failures = len(broken)
            broken.clear()
            if command.lower() in {"string", "preamble", "comment"} or failures:
                continue
            key, written = body
            start = parser.command_start
            place, name_places = starts.get(start, (Place(path, parser.lineno, 1), {}))
            if not key or (key in seen and _repeated(key, place, seen, problems)):
                continue
            seen[key] = place
            fields: dict[str, str] = {}
            for name, values in written:
                fields.setdefault(name.lower(), "".join(values))
            yield _Entry(command.lower(), key, fields, place, name_places)
    except PybtexError as exc:
        failed(exc)


class _Macros(dict[str, str]):
    """The names of @string, in small letters as BibTeX reads them."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())


def _reason(exc: Any) -> str:
    from pybtex.textutils import normalize_whitespace

    return normalize_whitespace(str(exc)).partition(": ")[2] or str(exc)


def _repeated(
    key: str, place: Place, seen: Mapping[str, Place], problems: list[Diagnostic]
) -> bool:
    message = f"two sources have the key `{key}`; the first is on line {seen[key].line}"
    problems.append(error("duplicate-id", message, place, "Rename one of the two, or delete it."))
    return True


def _starts(
    text: str, path: str, problems: list[Diagnostic]
) -> dict[int, tuple[Place, dict[str, Place]]]:
    """Return where each entry and its fields begin, and report entries without a key."""
    matches = list(_ENTRY.finditer(text))
    found: dict[int, tuple[Place, dict[str, Place]]] = {}
    for number, match in enumerate(matches):
        kind = match[1].lower()
        if kind in {"comment", "string", "preamble"}:
            continue
        line = text.count("\n", 0, match.start()) + 1
        place = Place(path, line, match.start() - text.rfind("\n", 0, match.start()))
        end = matches[number + 1].start() if number + 1 < len(matches) else len(text)
        if match[4] or not match[3]:
            message = f"an entry of the type `{match[1]}` has no key"
            hint = f"Write a short key after the brace: @{match[1]}{{doe-2001, ..."
            problems.append(error("missing-key", message, place, hint))
        names: dict[str, Place] = {}
        for each in re.finditer(r"([A-Za-z][\w:.+/-]*)\s*=\s*[{\"\w]", text[match.start() : end]):
            at = match.start() + each.start()
            column = at - text.rfind("\n", 0, at)
            names.setdefault(each[1].lower(), Place(path, text.count("\n", 0, at) + 1, column))
        found[match.start()] = (place, names)
    return found


def _inherit(entry: _Entry, by_key: Mapping[str, _Entry]) -> None:
    """Give an entry what the one that it refers to says for both (crossref, xdata)."""
    for name in ("xdata", "crossref"):
        for key in entry.fields.get(name, "").split(","):
            parent = by_key.get(key.strip().casefold())
            if parent is None or parent is entry:
                continue
            given = dict(parent.fields)
            if name == "crossref" and entry.kind in _TRAVELS:
                title = given.pop("title", "")
                given.setdefault("booktitle", title)
                if "subtitle" in given:
                    given["booksubtitle"] = given.pop("subtitle")
            for field_name, value in given.items():
                if field_name not in {"crossref", "xdata", "ids", "label", "key"} and value:
                    entry.fields.setdefault(field_name, value)


class _Item:
    """A CSL item in the making, of one entry."""

    def __init__(self, entry: _Entry, problems: list[Diagnostic]) -> None:
        self.entry, self.problems = entry, problems
        self.item: dict[str, Any] = {"type": _TYPES.get(entry.kind, "document")}

    def made(self) -> dict[str, Any]:
        """Return the item; fields that cannot be printed are reported."""
        entry = self.entry
        if _GENRES.get(entry.kind):
            self.item["genre"] = _GENRES[entry.kind]
        for name, value in entry.fields.items():
            if value.strip():
                self._field(name, value)
        self._dates()
        if "event-title" in self.item or "event-place" in self.item:
            self.item.setdefault("event", self.item.get("event-title", ""))
        return {name: value for name, value in self.item.items() if value}

    def _field(self, name: str, value: str) -> None:
        if name in _PEOPLE:
            target = _PEOPLE[name]
            if name != "holder" or "author" not in self.entry.fields:
                self.item[target] = self._people(name, value)
        elif name in _TITLES or name == "titleaddon":
            self._title(name, value)
        elif name == "number":
            self.item[self._number()] = self.text(name, value)
        elif name == "eprint":
            self._eprint(value)
        elif name == "howpublished":
            self._howpublished(value)
        elif name in {"note", "addendum"}:
            self._add("note", self.text(name, value))
        elif name in _FIELDS:
            self._plain(name, value)
        elif name not in _DATES and name not in _TITLES.values() and not _IGNORED.fullmatch(name):
            self._lost(name, value)

    def _lost(self, name: str, value: str) -> None:
        shown = from_tex(value)[0]
        shown = shown if len(shown) < 40 else shown[:38] + " …"
        message = f"the field `{name}` of `{self.entry.key}` is not printed: {shown}"
        hint = "Move the text to `note` if readers need it; otherwise delete the field."
        self.problems.append(
            note("source-field", message, self.entry.at(name), hint, self.entry.key)
        )

    def text(self, name: str, value: str) -> str:
        """Return a field as text; commands that are not known are reported, their arguments stay."""
        made, unknown = from_tex(value)
        for command in dict.fromkeys(unknown):
            message = (
                f"the TeX command `\\{command}` in `{name}` of `{self.entry.key}` is not understood"
            )
            hint = "Write the letters themselves. Text in its braces is printed without it."
            self.problems.append(
                warning("bibtex-command", message, self.entry.at(name), hint, self.entry.key)
            )
        return made

    def _plain(self, name: str, value: str) -> None:
        target = _FIELDS[name]
        text = (
            value.strip()
            if target in {"URL", "DOI"} and "\\" not in value
            else self.text(name, value)
        )
        if target == "page":
            text = re.sub(r"\s*[-\u2013\u2014]+\s*", "–", text)
        if target == "DOI":
            text = re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", text, flags=re.I)
        if target == "edition":
            text = _ORDINALS.get(text.casefold(), text)
        if target == "language":
            text = _LANGUAGES.get(text.casefold(), text)
        if target == "container-title" and self.item.get(target) and name == "maintitle":
            return
        if name == "eid" and "number" in self.entry.fields and self._number() == "number":
            return
        if target == "genre":
            text = _GENRES.get(text, text) or text
        if (
            target == "publisher"
            and name == "organization"
            and {"publisher", "institution", "school"} & self.entry.fields.keys()
        ):
            return
        other = self.entry.fields.get("address", "").strip()
        if name == "location" and other and other != value.strip():
            self._lost(name, value)  # where the meeting was; the publisher's place is the other
            return
        self.item[target] = text

    def _title(self, name: str, value: str) -> None:
        target = "title" if name in {"title", "titleaddon"} else "container-title"
        if name == "titleaddon":
            return
        text = self.text(name, value)
        sub = self.entry.fields.get(_TITLES[name], "").strip()
        if sub:
            mark = " " if text.endswith(("?", "!", ":")) else ": "
            text = f"{text}{mark}{self.text(_TITLES[name], sub)}"
        addon = self.entry.fields.get("titleaddon", "").strip() if name == "title" else ""
        if addon:
            text = f"{text}. {self.text('titleaddon', addon)}"
        if name == "maintitle" and self.item.get(target):
            return
        self.item[target] = text

    def _number(self) -> str:
        """Return what a number counts in this kind of source."""
        if self.item["type"] in {
            "article-journal",
            "article-magazine",
            "article-newspaper",
            "periodical",
            "review",
        }:
            return "issue"
        return "collection-number" if "series" in self.entry.fields else "number"

    def _eprint(self, value: str) -> None:
        fields = self.entry.fields
        kind = fields.get("eprinttype") or fields.get("archiveprefix") or ""
        if kind.lower() == "arxiv" or re.fullmatch(r"\d{4}\.\d{4,5}(v\d+)?", value.strip()):
            self._add("note", f"arXiv:{value.strip().removeprefix('arXiv:')}")
        elif kind.lower() in {"", "url"} and value.startswith("http"):
            self.item.setdefault("URL", value.strip())
        else:
            self._add("note", f"{kind} {self.text('eprint', value)}".strip())

    def _howpublished(self, value: str) -> None:
        """Read the address out of `howpublished = {\\url{...}}`; other words are the medium."""
        match = re.search(r"https?://[^\s{}\\]+(?:\\[_%#&~][^\s{}\\]*)*", value)
        if match and "url" not in self.entry.fields:
            self.item["URL"] = re.sub(r"\\([_%#&~])", r"\1", match[0])
        rest = re.sub(r"\\url\s*\{[^{}]*\}|https?://\S+", "", value) if match else value
        text = (
            self.text("howpublished", rest).strip(" ,.;:")
            if match
            else self.text("howpublished", rest)
        )
        if text and text.casefold() not in {
            "online",
            "available at",
            "available",
            "accessed",
            "website",
        }:
            self._add("note" if match or self.item["type"] != "document" else "medium", text)

    def _add(self, target: str, text: str) -> None:
        before = self.item.get(target)
        if text:
            self.item[target] = f"{before.rstrip('.')}. {text}" if before else text

    def _dates(self) -> None:
        fields = self.entry.fields
        for name in ("date", "year"):
            if fields.get(name, "").strip():
                self.item["issued"] = self._date(name, fields[name])
                break
        issued = self.item.get("issued") or {}
        parts = issued.get("date-parts")
        if parts and len(parts) == 1 and len(parts[0]) == 1 and "month" in fields:
            self._month(parts, fields["month"], fields.get("day", ""))
        for name, target in _DATES.items():
            if fields.get(name, "").strip() and not self.item.get(target):
                self.item[target] = self._date(name, fields[name])

    def _date(self, name: str, value: str) -> dict[str, Any]:
        def report(message: str) -> None:
            hint = "Write 2001, 2001-06, 2001-06-12, 1999~ (about) or 1999/2001."
            self.problems.append(
                error("bad-date", message, self.entry.at(name), hint, self.entry.key)
            )

        text = value if re.fullmatch(r"[\d./~?%T:+Z -]+", value.strip()) else self.text(name, value)
        return read_date(text.strip(), report)

    def _month(self, parts: list[list[int]], month: str, day: str) -> None:
        words = re.findall(r"[^\W\d_]+|\d+", from_tex(month)[0])
        numbers = [_MONTHS.index(w[:3].lower()) + 1 for w in words if w[:3].lower() in _MONTHS]
        days = [int(w) for w in words if w.isdecimal() and int(w) <= 31]
        if not numbers and days and days[0] <= 12:
            numbers, days = days[:1], days[1:]
        if not numbers:
            if month.strip():
                self._lost("month", month)
            return
        days = days or ([int(day)] if day.strip().isdecimal() else [])
        year = parts[0][0]
        parts[0].append(numbers[0])
        if len(numbers) == 2 and not days:
            parts.append([year, numbers[1]])
        elif days:
            parts[0].append(days[0])
            if len(days) == 2:
                parts.append([year, numbers[-1], days[1]])

    def _people(self, name: str, value: str) -> list[dict[str, str]]:
        from pybtex.bibtex.utils import split_name_list
        from pybtex.exceptions import PybtexError

        people = []
        for written in split_name_list(value):
            if not written.strip():
                continue
            if _is_joined(written):
                self._joined(name, written)
            try:
                people.append(self._person(name, written.strip()))
            except PybtexError:
                people.append({"literal": self.text(name, written)})
        return people

    def _joined(self, name: str, written: str) -> None:
        shown = " ".join(written.split())
        shown = shown if len(shown) < 60 else shown[:58] + " …"
        message = f"`{shown}` in `{name}` of `{self.entry.key}` is read as one name"
        hint = (
            "Write `and` between names, `and others` for et al.: Doe, Jane and Roe, Richard. "
            "The name of a body goes in double braces: {{Doe & Roe}}."
        )
        self.problems.append(
            warning("joined-names", message, self.entry.at(name), hint, self.entry.key)
        )

    def _person(self, name: str, written: str) -> dict[str, str]:
        from pybtex.database import Person

        if re.match(r"\s*(?:family|given|prefix|suffix)\s*=", written):
            return self._extended(name, written)
        if written.startswith("{") and _closes_last(written):
            return {"literal": self.text(name, written)}
        if written.casefold() == "others":
            return {"literal": "others"}
        # `Doe, Jane, and Roe, Richard` is often seen; the last comma would make Jane a Jr.
        person = Person(_one_jr(written.rstrip(", \t\n")))

        def joined(*lists: list[str]) -> str:
            return " ".join(self.text(name, each) for names in lists for each in names)

        made = {
            "family": joined(person.last_names),
            "given": joined(person.first_names, person.middle_names),
            "non-dropping-particle": joined(person.prelast_names),
            "suffix": joined(person.lineage_names),
        }
        if not made["given"] and not made["suffix"] and not made["non-dropping-particle"]:
            return {"literal": made["family"]}
        return {key: value for key, value in made.items() if value}

    def _extended(self, name: str, written: str) -> dict[str, str]:
        """Read biblatex's `family=Doe, given=Jane, prefix=von`."""
        keys = {
            "prefix": "non-dropping-particle",
            "family": "family",
            "given": "given",
            "suffix": "suffix",
        }
        found: dict[str, str] = {}
        for part in written.split(","):
            key, _, value = part.partition("=")
            if key.strip().lower() in keys:
                found[keys[key.strip().lower()]] = self.text(name, value.strip(' "'))
        return found or {"literal": self.text(name, written)}


_JR = re.compile(r"(?:Jr|Sr|jun|sen|[IVX]+|\d(?:st|nd|rd|th))\.?", re.I)


def _closes_last(text: str) -> bool:
    """Return True if the brace that begins a text closes at its end."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return at == len(text) - 1
    return False


def _is_joined(written: str) -> bool:
    """Return True for what BibTeX reads as one name and is more: joined by other signs than `and`."""
    if re.match(r"\s*(?:family|given|prefix|suffix)\s*=", written):
        return False
    plain = re.sub(r"\{[^{}]*\}", "", written)
    if re.search(r";|(?<!\\)&|\bet\.? al\b", plain):
        return True
    parts = [part.strip() for part in plain.strip(", \t\n").split(",")]
    return len(parts) > 3 or (len(parts) == 3 and not any(map(_JR.fullmatch, parts[1:])))


def _one_jr(written: str) -> str:
    """Return `Doe, Jane, Jr.` in BibTeX's order: `Doe, Jr., Jane`."""
    parts = [part.strip() for part in written.split(",")]
    if len(parts) == 3 and _JR.fullmatch(parts[2]):
        return f"{parts[0]}, {parts[2]}, {parts[1]}"
    return written


_ORDINALS = {word: str(n) for n, word in enumerate(
    "first second third fourth fifth sixth seventh eighth ninth tenth".split(), 1)}  # fmt: skip
_ORDINALS |= {f"{n}{end}": str(n) for n in range(1, 40) for end in ("st", "nd", "rd", "th")}
_LANGUAGES = {"english": "en", "american": "en-US", "british": "en-GB", "german": "de", "ngerman": "de", "french": "fr", "spanish": "es",
              "italian": "it", "russian": "ru", "albanian": "sq", "serbian": "sr", "dutch": "nl", "polish": "pl"}  # fmt: skip
