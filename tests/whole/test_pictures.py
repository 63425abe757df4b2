"""Pictures come out as they are, of every kind, in every document and every copy of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pictures import kinds, seen, unlike

from guide.copies.encrypt import encrypt
from guide.copies.stamp import Stamper
from guide.model.copies import CopyLabel, StampStyle
from guide.pipeline import Built, Settings, build
from guide.sheets.impose_pages import Scheme, impose_pdf

NEAR = 9.0  # of 255: JPEG, sampling and anti-aliased edges
FIRST = ("rgb.jpg", "cmyk.jpg", "turn-6.jpg", "rgba.png", "grey-16.png", "palette-4.png")  # each on a card


def _row(width: int) -> str:
    return " ".join(f"![{name}](figures/{name}){{width={width}mm alt=a}}" for name in kinds())


def write(folder: Path) -> Path:
    """Write a pack in which each kind of document shows each kind of picture."""
    files = {
        "pack.yaml": (
            "format: 1\ntitle: Pictures\nlang: en\ndate: 2026-11-01\nversion: '1'\n"
            "documents: {briefing: {}, handout: {}, handout-notes: {}, worksheet: {}, quiz: {},\n"
            "  flashcards: {stock: a6, corners: false}}\n"
            "editions: {few: {tags: [core]}}\n"
            "accept: [{code: low-resolution, because: tests}, {code: missing-source, because: tests}]\n"
        ),
        "sections/10-a.md": (
            "---\ntitle: One\ntags: [core]\nkey_points: [A point.]\n---\n"
            + '![All.](figures/rgb.jpg){#fig-all width=60mm alt="a photo"}\n\n' + _row(15) + "\n"
        ),
        "cards.yaml": (
            "".join(f'- {{front: "Which {n}?", back: B, image: figures/{name}, tags: [core]}}\n'
                    for n, name in enumerate(FIRST))
            + f'- {{front: Which are these?, back: "{_row(9)}"}}\n'
        ),
        "questions.yaml": f'- {{prompt: "{_row(12)}", options: ["![x](figures/rgb.png){{width=9mm}}", b], answer: b}}\n',
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "figures").mkdir()
    for name, (data, _) in kinds().items():
        (folder / "figures" / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("pack") / "pictures")


Make = Callable[..., dict[str, bytes]]


@pytest.fixture(scope="module")
def made(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Return a function that builds the pack and returns its PDFs; cards are set once for all."""

    def run(**settings: Any) -> dict[str, bytes]:
        out = tmp_path_factory.mktemp("out")
        built: Built = build(pack, out, Settings(**{"jobs": 1, **settings}))
        assert [str(d) for d in built.diagnostics if d.severity != "note"] == []
        return {path.stem: path.read_bytes() for path in sorted(out.rglob("*.pdf"))}

    return run


@pytest.fixture(scope="module")
def plain(made: Make) -> dict[str, bytes]:
    return made()


def check(data: bytes, names: list[str], **how: Any) -> None:
    """Check that a PDF shows pictures of these names and no others, in this order."""
    shown = [image for page in seen(data, **how) for image in page]
    assert len(shown) == len(names)
    far = {f"{n} {name}": unlike(image, kinds()[name][1]) for n, (image, name) in
           enumerate(zip(shown, names, strict=True))}  # fmt: skip
    assert {name: by for name, by in far.items() if by > NEAR} == {}


def check_all(data: bytes, names: list[str]) -> None:
    """Check that sheets show each of these pictures, and nothing that resembles none of them."""
    shown = [image for page in seen(data) for image in page]
    assert len(shown) == len(names)
    for name in names:
        assert min(unlike(image, kinds()[name][1]) for image in shown) <= NEAR, name
    for n, image in enumerate(shown):
        assert min(unlike(image, kinds()[name][1]) for name in names) <= NEAR, n


SECTION = ["rgb.jpg", *kinds()]
QUIZ = [*kinds(), "rgb.png"]
BRIEFING = [*SECTION, *QUIZ]
DECK = [*FIRST, *kinds()]


def test_pages_show_each_picture(plain: dict[str, bytes]) -> None:
    """Briefing, handout, quiz and answers print photos, scans and drawings as they are."""
    check(plain["briefing"], BRIEFING)
    check(plain["handout"], ["rgb.jpg"])
    check(plain["quiz"], QUIZ)


def test_cards_show_each_picture(plain: dict[str, bytes]) -> None:
    """The deck for the screen and the sheets: nothing is compressed twice."""
    check(plain["flashcards-screen"], DECK)
    check_all(plain["flashcards"], DECK)


@pytest.mark.parametrize("how", [{"duplex": "fold"}, {"duplex": "short-edge", "archive": True},
                                 {"duplex": "none", "edition": "few", "theme": "ink-saver"}])  # fmt: skip
def test_other_decks_show_each_picture(made: Make, how: dict[str, object]) -> None:
    """Folded sheets; an archive, printed over the short edge; single sides of an edition in another theme."""
    found = made(kinds=("flashcards",), **how)
    names = list(FIRST) if "edition" in how else DECK
    check(found["flashcards-screen"], names)
    sheets = [data for name, data in found.items() if name != "flashcards-screen"]
    assert sum(len(page) for data in sheets for page in seen(data, 1.0)) == len(names)
    if len(sheets) == 1:
        check_all(sheets[0], names)


def test_an_archived_briefing_shows_each_picture(made: Make) -> None:
    """PDF/A forbids what a CMYK photo would be; it is printed as sRGB."""
    check(made(kinds=("briefing",), archive=True)["briefing"], BRIEFING)


@pytest.mark.parametrize("kind", ["booklet", "n-up", "poster"])
def test_imposed_documents_show_each_picture(plain: dict[str, bytes], kind: str) -> None:
    """A booklet, two pages a sheet; a poster shows a picture on each of its sheets."""
    pressed = impose_pdf(plain["quiz"], Scheme(kind)).sheets.data
    with pikepdf.open(io.BytesIO(plain["quiz"])) as one, pikepdf.open(io.BytesIO(pressed)) as other:
        before, after = ({hash(o.read_raw_bytes()) for o in pdf.objects
                          if isinstance(o, pikepdf.Stream) and o.get("/Subtype") == "/Image"}
                         for pdf in (one, other))  # fmt: skip
        assert before == after
    if kind == "n-up":
        check_all(pressed, QUIZ)


def test_stamped_copies_show_each_picture(plain: dict[str, bytes]) -> None:
    """A numbered copy, also one with a password."""
    label = CopyLabel(1, 2, "Anna Krasniqi", "Staff College", "0123456789abcdef0123456789abcdef")
    copy = Stamper(plain["briefing"], [label], StampStyle(version="1", control="Version 1")).copy(label)
    check(copy, BRIEFING)
    check(encrypt(copy, "open sesame"), BRIEFING, scale=2.0, password="open sesame")  # noqa: S106
