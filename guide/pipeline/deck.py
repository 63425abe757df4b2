"""A deck through the stages: which cards are known, which are set anew, and what is made of them.

Cards are set in chunks, by all processes, each card for itself: its faces are kept under the digest
of what they depend on, so that a card that is added, moved or edited is the only one that is set.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from guide.diagnostics.diagnostic import Severity
from guide.model.artifacts import FaceSet, Fault, FontFace, FontObjects, Html, SetFace
from guide.pipeline.inputs import digest_of_code
from guide.pipeline.jobs import Marked, fonts_job, prove_deck_job, set_faces_job
from guide.system.cache import Store
from guide.system.digest import digest
from guide.system.pool import Job, Workers

if TYPE_CHECKING:
    from guide.html.faces import Faces
    from guide.html.sheet_margins import Furniture
    from guide.model.kinds import Stock
    from guide.model.printers import Registration
    from guide.sheets.plan_cards import Side

MOST = 60  # items in a chunk: a second's work, and little memory
TIGHTEST = 40  # cards on a contact sheet
VERDICTS = ("fits", "shrunk", "rejected")
_NAMED = 3  # cards that a message names
LEAST = 8  # a smaller chunk is not worth a process


_NO_GLYPH = "missing-glyph"


def key_in_store(*values: Any) -> str:
    """Return the store's key for what depends on values and on this program."""
    return digest(*values, digest_of_code())


@dataclass
class _Kept:
    """What the store has of one environment: faces by their keys, and the fonts of all."""

    faces: dict[str, tuple[SetFace, ...]]
    fonts: dict[str, FontFace]


@dataclass
class _Chunk:
    names: list[str]
    keys: list[str]
    job: Job


@dataclass
class _Started:
    """Items that are being set: the key of each, and the work that was handed out."""

    keys: dict[str, str]
    chunks: list[_Chunk]
    size: float


@dataclass
class Setting:
    """Sets items of one environment, each of one or several faces, and keeps them.

    `render` makes the document of some items by name; `faces_each` says how many faces it has for
    each. `faults` are those that belong to no face.
    """

    store: Store
    pool: Workers
    environment: str
    faces_each: int
    render: Callable[[Sequence[str]], Html]
    progress: Callable[[float], None] = lambda _: None
    faults: list[Fault] = field(default_factory=list)
    fonts: dict[str, FontFace] = field(default_factory=dict)
    cached: bool = True
    _known: dict[str, tuple[SetFace, ...]] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._key = f"faces:{key_in_store(self.environment)}"
        kept: _Kept | None = self.store.value(self._key, _Kept)
        if kept is not None:
            self._known, self.fonts = kept.faces, kept.fonts

    def start(
        self, names: Sequence[str], key_of: Callable[[str], str], size: float = 0
    ) -> _Started:
        """Begin to set items by name, all at one size if given.

        A key is asked for one by one: workers have something to do while others are made.
        """
        keys: dict[str, str] = {}
        chunks: list[_Chunk] = []
        unknown: list[str] = []
        for number, name in enumerate(names, 1):
            key = key_of(name)
            keys[name] = f"{key}@{size:g}" if size else key
            if keys[name] not in self._known:
                unknown.append(name)
            left = len(names) - number + len(unknown)
            if unknown and len(unknown) >= _share(left, len(chunks), self.pool.workers):
                chunks.append(self._submitted(unknown, keys, size))
                unknown = []
        if unknown:
            chunks.append(self._submitted(unknown, keys, size))
        self.cached = self.cached and not chunks
        return _Started(keys, chunks, size)

    def _submitted(self, names: list[str], keys: Mapping[str, str], size: float) -> _Chunk:
        html = self.render(names)
        html = replace(html, sizes=(size,)) if size else html
        size_of = len(html.markup) + sum(len(face.markup) for face in html.faces)
        job = self.pool.submit(set_faces_job, html, size=size_of)
        return _Chunk(names, [keys[name] for name in names], job)

    def finish(self, started: _Started) -> dict[str, tuple[SetFace, ...]]:
        """Return the faces of each item; raises what a job raises."""
        fresh: dict[str, tuple[SetFace, ...]] = {}
        total = sum(len(chunk.names) for chunk in started.chunks)
        for chunk in started.chunks:
            found: FaceSet = chunk.job.result()
            self.faults += [fault for fault in found.faults if fault not in self.faults]
            self.fonts.update({font.name: font for font in found.fonts})
            each = self.faces_each
            told = [*found.faults, *(fault for face in found.faces for fault in face.faults)]
            partial = bool(found.faults) or any(f.code == "missing-glyph" for f in told)
            for n, (name, key) in enumerate(zip(chunk.names, chunk.keys, strict=True)):
                fresh[name] = found.faces[n * each : (n + 1) * each]
                # What belongs to no face, or is said of the first card that has it alone, must be
                # said again the next time.
                if not partial:
                    self._known[key] = fresh[name]
            self.progress(len(fresh) / total)
        self._used |= set(started.keys.values())
        return {name: fresh.get(name) or self._known[key] for name, key in started.keys.items()}

    def keep(self, everything: bool = False) -> None:
        """Keep the faces that were asked for, and no others: an entry does not grow for ever.

        `everything` keeps the others as well, for a selection from a deck.
        """
        if self.cached:
            return
        used = self._known if everything else self._used
        kept = {key: faces for key, faces in self._known.items() if key in used}
        self.store.keep(self._key, _Kept(kept, self.fonts))


def _share(left: int, number: int, workers: int) -> int:
    """Return how many items chunk `number` (from 0) has when at most `left` are still to be set.

    All processes have some soon, and end at nearly the same time: chunks become smaller towards the
    end (guided self-scheduling, Polychronopoulos and Kuck 1987). The first ones are small, so that
    nobody waits while this process renders them.
    """
    share = -(-left // (2 * workers)) if workers > 1 else MOST
    most = 2 * LEAST if number < workers > 1 else MOST
    return max(LEAST, min(most, share))


@dataclass(frozen=True)
class Made:
    """A file of a deck: its name without the folder, and its number of pages.

    `items` texts (faces, on sheets) were looked for in it, and `missing` of them are not there.
    """

    name: str
    data: bytes
    pages: int
    items: int = 0
    missing: int = 0


@dataclass
class Deck:
    """One deck under way: `begin` hands out work, `files` waits for it."""

    source: Faces
    furniture: Furniture
    sides: Sequence[Side]
    stock: Stock
    store: Store
    pool: Workers
    registration: Registration
    progress: Callable[[float], None] = lambda _: None
    selection: bool = False
    faces: list[SetFace] = field(default_factory=list)
    losses: list[Fault] = field(default_factory=list)

    def begin(self) -> None:
        """Look up every card, and begin to set those that are not known; raises TemplateFault."""
        cards = {card.id: card for card in self.source.request.cards}

        def render(names: Sequence[str]) -> Html:
            return self.source.html([cards[name] for name in names])

        self.setting = Setting(
            self.store, self.pool, self.source.environment, 2, render, self.progress
        )
        self._cards = self.setting.start([*cards], lambda name: self.source.key(cards[name]))
        margins = self.furniture
        self.margins = Setting(self.store, self.pool, margins.environment, 1, margins.html)
        keys = margins.keys
        self._margins = self.margins.start([*keys], keys.__getitem__)

    @property
    def options(self) -> Mapping[str, Any]:
        """The document's options."""
        return self.source.request.options

    @property
    def cached(self) -> bool:
        """Tell whether nothing was set anew."""
        return self.setting.cached and self.margins.cached

    def finish(self) -> list[Fault]:
        """Wait for the faces, and return what is wrong with them."""
        made = self.setting.finish(self._cards)
        if self.options["fit"] == "uniform":
            size = min(face.size for both in made.values() for face in both)
            others = [name for name, both in made.items() if both[0].size != size]
            cards = {card.id: card for card in self.source.request.cards}
            again = self.setting.start(others, lambda name: self.source.key(cards[name]), size)
            made |= self.setting.finish(again)
        self.faces = self._numbered(made)
        self._begin_fonts()
        self.setting.keep(self.selection)  # while workers make the fonts
        faults = [fault for face in self.faces for fault in face.faults]
        around = [
            *self.margins.faults, *(fault for face in self._furniture for fault in face.faults)
        ]  # fmt: skip
        # Margins are measured before they are set: what is turned there is not too wide.
        around = [fault for fault in around if fault.code != "card-overflow"]
        told = [*self.source.forgotten, *self.setting.faults, *faults, *around]
        return [*told, *self._small()]

    def _small(self) -> list[Fault]:
        """Say which cards are set in type that is smaller than the stock should have."""
        least = self.stock.least
        small = sorted((f.size, f.at) for f in self.faces[::2] if f.size < least and not f.over)
        if not small:
            return []
        named = ", ".join(f'"{at}" ({size:g} pt)' for size, at in small[:_NAMED])
        more = f" and {len(small) - _NAMED} more" if len(small) > _NAMED else ""
        what = "1 card is" if len(small) == 1 else f"{len(small)} cards are"
        message = f"{what} set in less than {least:g} pt on {self.stock.name}: {named}{more}"
        hint = "Use larger stock, or shorten these texts; `--fit-report` lists every card."
        at = f"pack:documents.{self.source.request.kind.name}.stock"
        return [Fault("small-print", message, at, hint, Severity.WARNING)]

    def _numbered(self, made: Mapping[str, tuple[SetFace, ...]]) -> list[SetFace]:
        """Return the faces with the numbers of their cards: no face that is kept has one."""
        from guide.pdf.numbers import numbered

        words = self.source.number_of
        cards = {card.id: card for card in self.source.request.cards}
        return [numbered(face, words(cards[name])) for name, both in made.items() for face in both]

    def _begin_fonts(self) -> None:
        """Begin to make the fonts of the deck, and those of its sheets, which have margins as well."""
        margins = self.margins.finish(self._margins)
        self._furniture = [face for one in margins.values() for face in one]
        self._made_fonts = (
            self._fonts(self.faces), self._fonts([*self.faces, *self._furniture])
        )  # fmt: skip
        self.margins.keep(self.selection)

    def fit_report(self, stem: str) -> list[Made]:
        """Return how each card fits, as JSON, and a contact sheet of the tightest."""
        from guide.html.own_documents import fit_captions
        from guide.pdf.assemble import About
        from guide.pdf.uses import union
        from guide.sheets.contact import contact_sheet, judged, spots

        request = self.source.request
        fits = judged(self.faces[::2], self.faces[1::2], self.stock.sizes[0])
        pages = spots(fits[:TIGHTEST], self.stock.card, request.paper)
        manifest = request.pack.manifest
        about_fit = f"{manifest.title}: {len(fits)}"
        html = fit_captions(pages, request.paper, manifest.lang, about_fit, manifest.marking)
        captions: FaceSet = self.pool.submit(set_faces_job, html).result()
        pairs = zip(self.faces[::2], self.faces[1::2], strict=True)
        by_id = {front.at: (front, back) for front, back in pairs}
        shown = [face for page in pages for spot in page for face in by_id[spot.fit.id]]
        known = {font.name: font for font in captions.fonts} | self.setting.fonts
        uses = union([*shown, *captions.faces])
        fonts = self.pool.submit(fonts_job, tuple(known[u.name] for u in uses), uses).result()
        about = About(f"{manifest.title}: fit", manifest.lang)
        sheet = contact_sheet(pages, by_id, captions.faces, fonts, request.paper, about)
        table = {
            "stock": self.stock.name,
            "cards": len(fits),
            "counts": {name: sum(f.verdict == name for f in fits) for name in VERDICTS},
            "fits": [asdict(fit) for fit in fits],
        }
        text = json.dumps(table, indent=1, ensure_ascii=False) + "\n"
        return [
            Made(f"{stem}-fit.json", text.encode(), 0),
            Made(f"{stem}-fit.pdf", sheet.data, sheet.pages),
        ]

    def files(self, stem: str) -> list[Made]:
        """Return the deck for the screen and the sheets for the printer.

        `losses` then has what should be in one of them and is not.
        """
        from guide.proof.prove import expected_of

        wanted = tuple(map(expected_of, self.faces))
        looking = []
        for made, sides in self._made(stem):
            marked = self._marked(sides)
            where = self._spots(sides) if sides is not None else None
            job = self.pool.submit(
                prove_deck_job, wanted, where, made.data, marked, size=len(made.data)
            )
            looking.append((made, job))
        done = []
        # What is too large or has no glyph is told as that, and may be accepted.
        told = {f.at for f in self.faces if f.over or any(x.code == _NO_GLYPH for x in f.faults)}
        for made, job in looking:  # while the next file was made
            proof, unmarked = job.result()
            self.losses += unmarked if not self._lacks_glyphs else []
            known = told | {fault.at for fault in self.losses}
            self.losses += [fault for fault in proof.faults if fault.at not in known]
            done.append(replace(made, items=proof.items, missing=proof.missing))
        return done

    @property
    def _lacks_glyphs(self) -> bool:
        around = (fault for face in (*self.faces, *self._furniture) for fault in face.faults)
        return any(fault.code == _NO_GLYPH for fault in (*self.margins.faults, *around))

    def _marked(self, sides: Sequence[Side] | None) -> Marked:
        """Return how often the pages of a file must show the marking: on each face and margin."""
        shell = self.source.shell
        if sides is None:
            return Marked(shell.marking, (1,) * len(self.faces), shell.own)
        margins = self.furniture.markings() if self._furniture else [0] * len(self.sides)
        around = dict(zip(map(id, self.sides), margins, strict=True))
        counts = tuple(len(side.placements) + around[id(side)] for side in sides)
        return Marked(shell.marking, counts, shell.own)

    def _spots(self, sides: Sequence[Side]) -> list[list[Any]]:
        from guide.sheets.impose_cards import spots

        return [spots(self.stock, side) for side in sides]

    def _made(self, stem: str) -> Iterator[tuple[Made, Sequence[Side] | None]]:
        """Yield the files, those of sheets with their sides."""
        from guide.pdf.assemble import About, assemble

        furniture, (own, all_fonts) = self._furniture, self._made_fonts
        manifest = self.source.request.pack.manifest
        about = About(manifest.title, manifest.lang, tuple(manifest.authors))
        screen = assemble(self.faces, own(), about)
        yield Made(f"{stem}-screen.pdf", screen, len(self.faces)), None
        yield from self._sheets(stem, furniture, about, all_fonts())

    def _sheets(
        self, stem: str, furniture: list[SetFace], about: Any, fonts: FontObjects
    ) -> Iterator[tuple[Made, Sequence[Side]]]:
        """Yield the files of sheets with their sides; a worker would have to be sent all faces, and be later."""
        from guide.sheets.impose_cards import Layout, impose

        options = self.options
        layout = Layout(
            str(options["duplex"]), str(options["marks"]), bool(options["corners"]),
            bool(options["ruler"]), self.registration,
        )  # fmt: skip
        pairs = list(zip(self.sides, furniture, strict=True)) if furniture else []
        parts = {stem: (list(self.sides), furniture)}
        if layout.duplex == "none":
            parts = {
                f"{stem}-{name}": (
                    [side for side in self.sides if side.back == back],
                    [face for side, face in pairs if side.back == back],
                )
                for name, back in (("fronts", False), ("backs", True))
            }
        for name, (sides, under) in parts.items():
            made = impose(self.faces, sides, self.stock, layout, fonts, about, under)
            yield Made(f"{name}.pdf", made.data, made.pages), sides

    def _fonts(self, faces: Iterable[SetFace]) -> Callable[[], FontObjects]:
        """Begin to make the fonts of faces, each with the glyphs that they use together.

        What is returned waits for them: as PDF objects.
        """
        from guide.pdf.uses import union

        uses = union(faces)
        known = {**self.margins.fonts, **self.setting.fonts}
        wanted = tuple(known[use.name] for use in uses)
        key = f"fonts:{key_in_store(uses, [font.name for font in wanted])}"
        found: FontObjects | None = self.store.value(key, FontObjects)
        if found is not None:
            kept = found
            return lambda: kept
        job = self.pool.submit(fonts_job, wanted, uses)

        def made() -> FontObjects:
            objects: FontObjects = job.result()
            self.store.keep(key, objects)
            return objects

        return made
