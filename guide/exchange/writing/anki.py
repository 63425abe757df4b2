"""A deck as an Anki package (.apkg): the note types, and one note for each item.

The note types are frozen: a field or card type added later is a conflict for everybody who has imported a
deck. What comes later uses the spare fields. docs/export.md documents them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape

from guide.content.identity import day_of
from guide.exchange.ours import CARD as CARD_TYPE
from guide.exchange.ours import CLOZE as CLOZE_TYPE
from guide.exchange.ours import DATA, Own, packed
from guide.exchange.writing import ankifile
from guide.exchange.writing.ankifile import NoteType, Row, Template
from guide.exchange.writing.chosen import Export
from guide.exchange.writing.tables import data_of
from guide.exchange.writing.texts import Texts, cleaned
from guide.model.content import Flashcard
from guide.model.pack import Pack

_BASIC_LAYOUTS = {"basic", "image"}
_FIRST_DAY = "2020-01-01"  # of a pack without a date
_SECONDS_A_REVISION = 1

_COMMON = ("Topic", "Source", "Number", "Id", "Marking", DATA, "Spare")
_HEAD = '<div class="head">{{Topic}}<span class="number">{{#Number}}{{Number}} · {{/Number}}{{Id}}</span></div>'
_ASKED = '<div class="head">{{Topic}}<span class="number">{{Number}}</span></div>'
_FOOT = (
    '{{#Source}}<div class="source">{{Source}}</div>{{/Source}}'
    '{{#Marking}}<div class="marking">{{Marking}}</div>{{/Marking}}'
)
_MARKING = '{{#Marking}}<div class="marking">{{Marking}}</div>{{/Marking}}'
_HINT = '{{#Hint}}<div class="hint">{{Hint}}</div>{{/Hint}}'
_RULE = '<hr id="answer">'
STYLE = """.card { font-family: "Source Sans 3", "Source Sans Pro", Arial, sans-serif; font-size: 20px; line-height: 1.35;
  text-align: left; color: #1b1f24; background: #fff; max-width: 36em; margin: 0 auto; padding: 0.5em; }
.nightMode.card, .night_mode .card { color: #e8eaed; background: #2c2c2c; }
.head { display: flex; justify-content: space-between; gap: 1em; border-bottom: 1px solid #1f4e79; color: #4a5560;
  font-size: 0.7em; margin-bottom: 1em; }
.question { font-weight: 600; font-size: 1.18em; } .display { font-weight: 700; font-size: 1.6em; }
.value, .when { font-weight: 700; font-size: 1.6em; color: #1f4e79; }
.ask, .reminder, .hint { color: #4a5560; font-size: 0.8em; margin: 0.6em 0; } .hint { font-style: italic; }
.source, .marking { color: #4a5560; font-size: 0.65em; margin-top: 1.2em; } .marking { text-align: center; }
.cloze, strong.answer { font-weight: 700; color: #1f4e79; }
.nightMode .value, .nightMode .when, .nightMode .cloze, .nightMode strong.answer { color: #8ab4f8; }
.nightMode .head, .nightMode .ask, .nightMode .reminder, .nightMode .hint, .nightMode .source { color: #b0b6bd; }
ol.choices { list-style: upper-alpha; } img { max-width: 100%; } table { border-collapse: collapse; }
td, th { border: 1px solid #aab2ba; padding: 0.2em 0.5em; } p { margin: 0.4em 0; }
"""
CARD = NoteType(
    1_700_000_000_001, CARD_TYPE,
    ("Front", "Back", "Hint", "Front picture", "Back picture", "Reverse", *_COMMON),
    (
        Template(
            "Card", f'{_ASKED}<div class="question">{{{{Front}}}}</div>{{{{Front picture}}}}{_HINT}{_MARKING}',
            f"{_HEAD}<div>{{{{Front}}}}</div>{{{{Front picture}}}}{_RULE}{{{{Back}}}}{{{{Back picture}}}}{_FOOT}",
        ),
        Template(
            "Reverse",
            f'{{{{#Reverse}}}}{_ASKED}<div class="question">{{{{Back}}}}</div>{{{{Back picture}}}}{_MARKING}{{{{/Reverse}}}}',
            f"{_HEAD}<div>{{{{Back}}}}</div>{{{{Back picture}}}}{_RULE}{{{{Front}}}}{{{{Front picture}}}}{_FOOT}",
        ),
    ),
    STYLE,
)  # fmt: skip
CLOZE = NoteType(
    1_700_000_000_002, CLOZE_TYPE, ("Text", "Hint", "Front picture", "Back picture", *_COMMON),
    (
        Template(
            "Cloze", f"{_ASKED}{{{{cloze:Text}}}}{{{{Front picture}}}}{_HINT}{_MARKING}",
            f"{_HEAD}{{{{cloze:Text}}}}{{{{Front picture}}}}{{{{Back picture}}}}{_FOOT}",
        ),
    ),
    STYLE, cloze=True,
)  # fmt: skip


@dataclass
class _Package:
    """The notes of a package while they are made, its decks and its pictures."""

    export: Export
    texts: Texts
    name: str
    rows: list[Row] = field(default_factory=list)
    decks: dict[str, int] = field(default_factory=dict)
    media: dict[str, bytes] = field(default_factory=dict)

    def deck(self, topic: str) -> int:
        """Return the number of the deck for a topic."""
        title = self.export.pack.manifest.title.replace("::", ":")
        named = (
            f"{title}::{topic.replace('::', ':')}" if topic and self.export.wanted.decks else title
        )
        return self.decks.setdefault(named, number_of(f"deck {self.name} {named}"))

    def html(self, text: str) -> str:
        """Return HTML whose pictures are files of the package."""
        made, files = self.texts.pictures(text, lambda path: f"guide-{path.removeprefix('asset/')}")
        self.media |= files
        return made


def anki(export: Export) -> bytes:
    """Return the cards of a pack as an Anki package: the same pack, the same bytes."""
    pack = export.pack
    package = _Package(export, Texts(export), name_of(pack))
    for group in export.cards():
        _add(package, group)
    package.texts.finished()
    package.deck("")
    about = f"{pack.manifest.title}, {package.texts.labels('Version %(version)s') % {'version': pack.manifest.version}}"
    return ankifile.package(package.rows, (CARD, CLOZE), package.decks, package.media, about)


def name_of(pack: Pack) -> str:
    """Return the name by which other programs know a pack."""
    from guide.content.identity import lock_of

    return (pack.lock or lock_of(pack)).pack


def number_of(text: str) -> int:
    """Return a number for a text, as Anki numbers decks and notes: milliseconds since 1970, of a day long ago."""
    return 1_300_000_000_000 + int.from_bytes(hashlib.sha256(text.encode()).digest()[:5]) % 10**11


def guid_of(pack: str, part: str, name: str) -> str:
    """Return the GUID of a note: it depends on the pack and the id alone."""
    return hashlib.sha256(f"{pack}\0{part}\0{name}".encode()).hexdigest()[:16]


def changed_at(export: Export, part: str, name: str) -> int:
    """Return when an item last changed, in seconds since 1970: the day of its version, and a second for each change.

    Anki updates a note only if it changed later than the one that it has.
    """
    known = export.known(part, name)
    day = (known.date if known else day_of(export.pack)) or _FIRST_DAY
    start = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
    return start + _SECONDS_A_REVISION * (known.revision if known else 0)


def _add(package: _Package, group: Sequence[Flashcard]) -> None:
    """Add the note of an item."""
    first, export = group[0], package.export
    part, name = first.origin, first.of
    known = export.known(part, name)
    number = known.numbers.get("", 0) if known else 0
    common = (
        package.texts.topic(group), package.texts.source(first), str(number or ""), first.id,
        export.pack.manifest.marking,
    )  # fmt: skip
    if first.cloze:
        fields, kind = _cloze(package, group), CLOZE
    else:
        fields, kind = _sides(package, first, any(card.turned for card in group)), CARD
    guid = guid_of(package.name, part, name)
    seen = tuple(package.html(each) for each in fields)
    made = (*seen, *map(_escaped, common), _data(package, group, seen), "")
    tags = tuple(dict.fromkeys(tag.replace(" ", "-") for tag in first.tags))
    ords = _ords(package, group) if first.cloze else tuple(range(1 + bool(fields[5])))
    package.rows.append(Row(
        guid, number_of(guid), kind, made, tags, package.deck(common[0]),
        changed_at(export, part, name), number or len(package.rows) + 1, ords,
    ))  # fmt: skip


def _data(package: _Package, group: Sequence[Flashcard], seen: Sequence[str]) -> str:
    """Return the card as the pack has it; '' for one with a chart, of which the package has a picture alone."""
    card, pictures = data_of(group, package.export), dict[str, str]()
    assets = package.texts.faces.document.assets
    for path, figure in package.export.pack.figures.items():
        if any(path in value for value in card.values() if isinstance(value, str)):
            if figure.format == "chart":
                return ""
            pictures[path] = f"guide-{assets.figure(path)[0].removeprefix('asset/')}"
    return packed(Own(card, pictures), seen)


def _escaped(text: str) -> str:
    return escape(text, quote=False)


def _sides(package: _Package, card: Flashcard, reverse: bool) -> tuple[str, ...]:
    """Return the fields of a card with a front and a back."""
    texts = package.texts
    if texts.layout(card) not in _BASIC_LAYOUTS:
        front, back = texts.bodies(card)
        return front, back, "", "", "", "y" if reverse else ""
    view = texts.view(card)
    front, back = (
        _in(lang, str(side))
        for lang, side in zip(_langs(card), (view.front, view.back), strict=True)
    )
    return (
        front,
        back,
        str(view.hint),
        *_pictures(view.image, view.image_alt, card),
        "y" if reverse else "",
    )


def _langs(card: Flashcard) -> tuple[str, str]:
    return card.front_lang, card.back_lang


def _in(lang: str, html: str) -> str:
    return f'<div lang="{lang}">{cleaned(html)}</div>' if lang else cleaned(html)


def _pictures(image: str, alt: str, card: Flashcard) -> tuple[str, str]:
    """Return the picture of a card as fields for its front and for its back."""
    if not image:
        return "", ""
    shown = f'<img src="{image}" alt="{_escaped(alt)}">'
    return (shown, "") if card.image_side == "front" else ("", shown)


def _cloze(package: _Package, group: Sequence[Flashcard]) -> tuple[str, ...]:
    """Return the fields of a cloze."""
    first = group[0]
    item = package.export.by_id[first.of]
    view = package.texts.view(first)
    text = package.texts.clozed(item.cloze, item)
    return text, str(view.hint), *_pictures(view.image, view.image_alt, first)


def _ords(package: _Package, group: Sequence[Flashcard]) -> tuple[int, ...]:
    """Return which cards Anki makes of a cloze, from 0: the numbers of its gaps."""
    from guide.model import cloze

    text = package.export.by_id[group[0].of].cloze
    return tuple(side.number - 1 for side in cloze.sides(text))
