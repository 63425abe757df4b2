"""A document in parts, put together: its margins, its fonts, the file, and the proof of what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from guide.model.artifacts import FontFace, FontObjects, Html, Pdf
from guide.model.setparts import MarginPage, Margins, Proved, Proving, SetPart
from guide.pipeline.faces import NO_GLYPH, begin_fonts, begun, key_in_store
from guide.pipeline.jobs import prove_parts_job, set_margins_job
from guide.pipeline.partfaults import all_faults
from guide.pipeline.parts import Parts
from guide.system.cache import Store
from guide.system.digest import digest
from guide.system.pool import Workers

_PAGES = 150  # at least, whose margins are made in one job
_READ = 20  # pages that are worth a job: it is handed the whole file
_MM = 72 / 25.4  # pt


def bound(parts: Parts) -> Pdf:
    """Return a document; raises Unsettled for one that is to be set whole, and what a job raises."""
    done = parts.settle()
    book = _Bound(parts, done)
    return book.pdf()


@dataclass
class _Bound:
    parts: Parts
    done: Sequence[SetPart]

    def __post_init__(self) -> None:
        self.store: Store = self.parts.store
        self.pool: Workers = self.parts.pool
        self.html: Html = self.parts.html

    def pdf(self) -> Pdf:
        """Put the parts together, and prove what is new."""
        from guide.pdf.book import Book

        margins = [wait() for wait in [*self._margins()]]
        fonts = self._fonts(margins)
        data = Book(self.done, margins, fonts, self._about()).data()
        proved = self._proved(data, margins, digest(repr(fonts)))
        faults = all_faults(self.html, self.done, margins, proved)
        pages = [page for part in self.done for page in part.pages]
        sizes = tuple((round(p.width / _MM, 2), round(p.height / _MM, 2)) for p in pages)
        items, missing = (sum(getattr(p, name) for p in proved) for name in ("items", "missing"))
        return Pdf(data, sizes, faults, items=items, missing=missing)

    # Margins ----------------------------------------------------------------------------------

    def _margins(self) -> Iterator[Callable[[], Margins]]:
        """Begin to make the margins, of so many whole parts at a time as have some pages."""
        frame, total = self.parts.frame(), sum(len(part.pages) for part in self.done)
        sizes, pages, count = self.done[0].sizes, list(self._margin_pages()), 0
        waiting: list[MarginPage] = []
        for number, part in enumerate(self.done):
            waiting += pages[count : count + len(part.pages)]
            count += len(part.pages)
            if len(waiting) >= _PAGES or number + 1 == len(self.done):
                yield self._begun(frame, tuple(waiting), total, sizes)
                waiting = []

    def _begun(
        self, frame: Html, pages: tuple[MarginPage, ...], total: int, sizes: Any
    ) -> Callable[[], Margins]:
        key = f"margins:{key_in_store(frame, pages, total, sizes)}"
        return begun(
            self.store, self.pool, key, Margins, set_margins_job, frame, pages, total, sizes
        )

    def _margin_pages(self) -> Iterator[MarginPage]:
        last: dict[str, str] = {}
        index = 0
        for part in self.done:
            for page in part.pages:
                strings = tuple((name, texts, name in page.starts) for name, texts in page.strings)
                yield MarginPage(
                    page.kind, index, strings, tuple(sorted(last.items())), page.reaching
                )
                last |= {name: texts[-1] for name, texts in page.strings}
                index += 1

    # Fonts ------------------------------------------------------------------------------------

    def _fonts(self, margins: Sequence[Margins]) -> FontObjects:
        drawn: list[SetPart | Margins] = [*self.done, *margins]
        known: dict[str, FontFace] = {face.name: face for each in drawn for face in each.faces}
        return begin_fonts(self.store, self.pool, known, drawn)()

    def _about(self) -> Any:
        from guide.pdf.assemble import About

        said = dict(self.done[0].about)
        authors = said.get("authors", "")
        return About(
            said.get("title", ""), said.get("lang", self.html.lang),
            tuple(authors.split("\n")) if authors else (),
            said.get("subject", ""), said.get("keywords", ""),
        )  # fmt: skip

    # Proof ------------------------------------------------------------------------------------

    def _proved(self, data: bytes, margins: Sequence[Margins], fonts: str) -> list[Any]:
        """Prove the parts that are not proved yet, as they are in the file; `fonts` tells its fonts."""
        told = [fault for part in self.done for faults in part.faults for fault in faults]
        if any(fault.code == NO_GLYPH for fault in told):
            return []
        contents = [content for each in margins for content in each.contents]
        found: list[Proved | None] = []
        wanted: list[tuple[int, Proving, str, str]] = []
        first = 0
        for number, part in enumerate(self.done):
            count = len(part.pages)
            texts = f"proof:{digest(self.parts.keys[number], fonts)}"
            shown = contents[first : first + count]
            marks = f"marked:{digest(self.html.marking, self.parts.keys[number], shown, fonts)}"
            known: Proved | None = self.store.value(texts, Proved)
            marked: Proved | None = self.store.value(marks, Proved)
            found.append(known and marked and _both(known, marked))
            if known is None or marked is None:
                cut = tuple(
                    str(f.at) for fs in part.faults for f in fs if f.code == "text-overflow"
                )
                what = Proving(
                    first, count, part.wanted if known is None else None, cut, self.html.marking
                )
                wanted.append((number, what, texts, marks))
                found[-1] = known
            first += count
        self._read_back(data, first, wanted, found)
        return [each or Proved() for each in found]

    def _read_back(
        self, data: bytes, pages: int, wanted: Sequence[tuple[int, Any, str, str]],
        found: list[Any],
    ) -> None:  # fmt: skip
        count = sum(each.count for _, each, _, _ in wanted)
        many = max(1, min(self.pool.workers, -(-count // _READ)))
        chunks = [wanted[n::many] for n in range(many)]
        jobs = [
            (chunk, self.pool.submit(prove_parts_job, data, [each for _, each, _, _ in chunk], pages))
            for chunk in chunks if chunk
        ]  # fmt: skip
        for chunk, job in jobs:
            for (number, what, texts, marks), proved in zip(chunk, job.result(), strict=True):
                if what.wanted is not None:
                    found[number] = proved
                    self.store.keep(texts, proved)
                else:
                    found[number] = _both(found[number], proved)
                self.store.keep(marks, proved)


def _both(texts: Any, marked: Any) -> Any:
    """Return the proof of a part's texts with that of its marking."""
    return replace(texts, unmarked=marked.unmarked)
