"""BibTeX and biblatex to CSL items: entries with their lines, names, dates, and what is lost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guide.content.bibentries import Entry, read_entries
from guide.content.bibnames import people
from guide.content.bibtables import (
    DATES,
    EDITORS,
    FIELDS,
    GENRES,
    IGNORED,
    LANGUAGES,
    MONTHS,
    ORDINALS,
    PEOPLE,
    TITLES,
    TYPES,
)
from guide.content.sourcedates import impossible, read_date
from guide.content.tex import from_tex
from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning
from guide.model.lostfields import LostField, lost_notes

Found = dict[str, tuple[dict[str, Any], Place]]
_ARTICLES = frozenset(
    ("article-journal", "article-magazine", "article-newspaper", "periodical", "review")
)
_PUBLISHERS = frozenset(("publisher", "institution", "school"))
# Words of `howpublished` that say no more than the address beside them.
_ONLINE = frozenset(("online", "available at", "available", "accessed", "website"))


def read_bibtex(
    text: str, path: str
) -> tuple[Found, list[Diagnostic], dict[str, Mapping[str, Place]]]:
    """Read a file of BibTeX: its sources, what is wrong with it, and where the fields of each are."""
    problems: list[Diagnostic] = []
    lost: list[LostField] = []
    found, places = Found(), dict[str, Mapping[str, Place]]()
    for entry in read_entries(text, path, problems):
        if entry.kind in {"xdata", "set"}:
            continue
        item = _Item(entry, problems, lost, {"type": TYPES.get(entry.kind, "document")}).made()
        if not item.get("title"):
            hint = "Add `title = {...}`."
            message = f"the source `{entry.key}` has no title"
            problems.append(error("missing-key", message, entry.place, hint))
            continue
        if entry.parents:
            item["custom"] = {"parents": entry.parents}
        found[entry.key] = ({**item, "id": entry.key}, entry.place)
        places[entry.key] = {FIELDS.get(name, name): at for name, at in entry.places.items()}
    return found, problems + lost_notes(lost), places


@dataclass
class _Item:
    """A CSL item in the making, of one entry."""

    entry: Entry
    problems: list[Diagnostic]
    lost: list[LostField]
    item: dict[str, Any]

    def made(self) -> dict[str, Any]:
        """Return the item; fields that cannot be printed are reported."""
        entry = self.entry
        if GENRES.get(entry.kind) and not entry.fields.get("type", "").strip():
            self.item["genre"] = GENRES[entry.kind]
        for name, value in entry.fields.items():
            if value.strip():
                self._field(name, value)
        self._dates()
        if "event-title" in self.item or "event-place" in self.item:
            self.item.setdefault("event", self.item.get("event-title", ""))
        return {name: value for name, value in self.item.items() if value}

    def _field(self, name: str, value: str) -> None:
        if name in PEOPLE or name in {"editora", "editorb", "editorc"}:
            self._people(name, value)
        elif name in TITLES:
            self._title(name, value)
        elif name == "titleaddon":
            if "title" not in self.entry.fields:
                self._lost(name, value)
        elif name == "number":
            counted = "collection-number" if "series" in self.entry.fields else "number"
            target = "issue" if self.item["type"] in _ARTICLES else counted
            self._set(name, target, self.text(name, value))
        elif name == "eprint":
            self._eprint(value)
        elif name == "howpublished":
            self._howpublished(value)
        elif name in {"note", "addendum"}:
            self._note(self.text(name, value))
        elif name in FIELDS:
            self._plain(name, value)
        elif name in TITLES.values():
            if not any(
                self.entry.fields.get(whole) for whole, sub in TITLES.items() if sub == name
            ):
                self._lost(name, value)
        elif name not in DATES and not IGNORED.fullmatch(name):
            self._lost(name, value)

    def _lost(self, name: str, value: str) -> None:
        text = from_tex(value)[0]
        self.lost.append(LostField(name, self.entry.key, text, self.entry.at(name)))

    def _warn(self, code: str, name: str, message: str, hint: str) -> None:
        place = self.entry.at(name)
        self.problems.append(warning(code, message, place, hint, self.entry.key))

    def _set(self, name: str, target: str, text: str) -> None:
        """Set a field of the item; what has no place beside another field is reported."""
        before = self.item.get(target)
        if before and before != text:
            self._lost(name, self.entry.fields[name])
        else:
            self.item[target] = text

    def text(self, name: str, value: str) -> str:
        """Return a field as text; commands that are not known are reported, their arguments stay."""
        made, unknown = from_tex(value)
        for command in dict.fromkeys(unknown):
            message = (
                f"the TeX command `\\{command}` in `{name}` of `{self.entry.key}` is not understood"
            )
            hint = "Write the letters themselves. Text in its braces is printed without it."
            self._warn("bibtex-command", name, message, hint)
        return made

    def _plain(self, name: str, value: str) -> None:
        target = FIELDS[name]
        bare = target in {"URL", "DOI"} and "\\" not in value
        text = value.strip() if bare else self.text(name, value)
        if target == "page":
            text = re.sub(r"\s*[-\u2013\u2014]+\s*", "–", text)
        elif target == "DOI":
            text = re.sub(
                r"^(?:(?:https?://)?[\w.-]*doi[\w.-]*/|doi:\s*)+(?=10\.)", "", text, flags=re.I
            )
        elif target == "edition":
            text = ORDINALS.get(text.casefold(), text)
        elif target == "language":
            self.item.setdefault(target, LANGUAGES.get(text.casefold(), text))
            return
        elif target == "genre":
            text = GENRES.get(text, text) or text
        if name == "organization" and _PUBLISHERS & self.entry.fields.keys():
            others = {self.entry.fields.get(other, "").strip() for other in _PUBLISHERS}
            if value.strip() not in others:
                self._lost(name, value)
            return
        other = self.entry.fields.get("address", "").strip()
        if name == "location" and other and other != value.strip():
            self._lost(name, value)  # where the meeting was; the publisher's place is the other
            return
        self._set(name, target, text)

    def _title(self, name: str, value: str) -> None:
        """Set the title, or that of the whole in which it is, each with its subtitle."""
        fields = self.entry.fields
        target = "title" if name == "title" else "container-title"
        text = self._with_subtitle(name, value)
        if name == "title" and fields.get("titleaddon", "").strip():
            text = f"{text}. {self.text('titleaddon', fields['titleaddon'])}"
        main = fields.get("maintitle", "").strip()
        volume = "title" if self.item["type"] == "book" else "booktitle"  # of a work in several
        if name == "maintitle" and fields.get(volume):
            return  # printed before the title of its volume
        if main and name == volume:
            text = f"{self._with_subtitle('maintitle', main)}: {text}"
        article = self.item["type"] in _ARTICLES
        whole = "journal" if article else "booktitle"
        if target == "container-title" and name != whole and fields.get(whole, "").strip():
            if fields[whole].strip() != value.strip():
                self._lost(name, value)
            return
        self._set(name, target, text)

    def _with_subtitle(self, name: str, value: str) -> str:
        text = self.text(name, value)
        sub = self.entry.fields.get(TITLES[name], "").strip()
        if not sub:
            return text
        mark = " " if text.endswith(("?", "!", ":")) else ": "
        return f"{text}{mark}{self.text(TITLES[name], sub)}"

    def _eprint(self, value: str) -> None:
        fields = self.entry.fields
        kind = fields.get("eprinttype") or fields.get("archiveprefix") or ""
        field = (fields.get("eprintclass") or fields.get("primaryclass") or "").strip()
        if kind.lower() == "arxiv" or re.fullmatch(r"\d{4}\.\d{4,5}(v\d+)?", value.strip()):
            number = value.strip().removeprefix("arXiv:")
            self._note(f"arXiv:{number} [{field}]" if field else f"arXiv:{number}")
        elif kind.lower() in {"", "url"} and value.startswith("http"):
            self.item.setdefault("URL", value.strip())
        else:
            self._note(f"{kind} {self.text('eprint', value)}".strip())

    def _howpublished(self, value: str) -> None:
        """Read the address out of `howpublished = {\\url{...}}`; other words become a note."""
        match = re.search(r"https?://[^\s{}\\]+(?:\\[_%#&~][^\s{}\\]*)*", value)
        if match and "url" not in self.entry.fields:
            self.item["URL"] = re.sub(r"\\([_%#&~])", r"\1", match[0])
        rest = re.sub(r"\\url\s*\{[^{}]*\}|https?://\S+", "", value) if match else value
        text = self.text("howpublished", rest)
        text = text.strip(" ,.;:") if match else text
        if text and text.casefold() not in _ONLINE:
            self._note(text)

    def _note(self, text: str) -> None:
        before = self.item.get("note")
        if text:
            self.item["note"] = f"{before.rstrip('.')}. {text}" if before else text

    def _dates(self) -> None:
        fields = self.entry.fields
        for name in ("date", "year"):
            if fields.get(name, "").strip():
                self.item["issued"] = self._date(name, fields[name])
                break
        issued = self.item.get("issued") or {}
        parts = issued.get("date-parts")
        if fields.get("month", "").strip():
            alone = parts and len(parts) == 1 and len(parts[0]) == 1
            if not parts or (
                alone and not _with_month(parts, fields["month"], fields.get("day", ""))
            ):
                self._lost("month", fields["month"])
        for name, target in DATES.items():
            if fields.get(name, "").strip() and not self.item.get(target):
                self.item[target] = self._date(name, fields[name])

    def _date(self, name: str, value: str) -> dict[str, Any]:
        text = value if re.fullmatch(r"[\d./~?%T:+Z -]+", value.strip()) else self.text(name, value)
        report = impossible(self.problems, self.entry.at(name), self.entry.key)
        return read_date(text.strip(), report)

    def _people(self, name: str, value: str) -> None:
        fields = self.entry.fields
        if name == "holder" and "author" in fields:
            if fields["author"].strip() != value.strip():
                self._lost(name, value)
            return
        target = PEOPLE.get(name, "contributor")
        if name.startswith("editor"):
            target = EDITORS.get(fields.get(f"{name}type", "").strip().lower(), target)
        hint = (
            "Write `and` between names, `and others` for et al.: Doe, Jane and Roe, Richard. "
            "The name of a body goes in double braces: {{Doe & Roe}}."
        )

        def joined(written: str) -> None:
            shown = " ".join(written.split())
            shown = shown if len(shown) < 60 else shown[:58] + " …"
            message = f"`{shown}` in `{name}` of `{self.entry.key}` is read as one name"
            self._warn("joined-names", name, message, hint)

        found = people(value, lambda text: self.text(name, text), joined)
        self.item.setdefault(target, []).extend(found)


def _with_month(parts: list[list[int]], month: str, day: str) -> bool:
    """Add month and day to a date that is a year, and perhaps a second date; False if there is none."""
    words = re.findall(r"[^\W\d_]+|\d+", from_tex(month)[0])
    numbers = [MONTHS.index(w[:3].lower()) + 1 for w in words if w[:3].lower() in MONTHS]
    days = [int(w) for w in words if w.isdecimal() and int(w) <= 31]
    if not numbers and days and days[0] <= 12:
        numbers, days = days[:1], days[1:]
    if not numbers:
        return False
    days = days or ([int(day)] if day.strip().isdecimal() else [])
    year = parts[0][0]
    parts[0].append(numbers[0])
    if len(numbers) == 2 and not days:
        parts.append([year, numbers[1]])
    elif days:
        parts[0].append(days[0])
        if len(days) == 2:
            parts.append([year, numbers[-1], days[1]])
    return True
