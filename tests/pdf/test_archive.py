"""PDF/A-3b that the validator approves, and from which the printed thing can be made again."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import pdfa

from guide.copies.stamp import Stamper
from guide.model.copies import CopyLabel, StampStyle
from guide.pipeline import Built, Settings, build
from guide.pdf.archive import Source, archived, source_of
from guide.sheets.impose_pages import Scheme, impose_pdf

SOURCE = Source("small-source.zip", b"PK" * 100, (2026, 11, 1))


@pytest.fixture
def plain(small_pack: Path, tmp_path: Path) -> bytes:
    """Return a document that is no archive yet."""
    build(small_pack, tmp_path / "plain", Settings(jobs=1, kinds=("planner",)))
    return (tmp_path / "plain" / "small" / "planner.pdf").read_bytes()


def test_the_same_document_gives_the_same_archive(plain: bytes) -> None:
    """No clock and no random number is in it."""
    assert archived(plain, SOURCE) == archived(plain, SOURCE)


def test_a_booklet_is_an_archive_too(plain: bytes) -> None:
    """The filters of what is imposed stand in the streams themselves."""
    booklet = impose_pdf(plain, Scheme("booklet"), "planner.pdf").sheets.data
    made = archived(booklet, SOURCE)
    assert made.startswith(b"%PDF-1.7")


def test_a_source_is_the_same_zip_every_time() -> None:
    """Names in order, one date, no owner; files in any order give the same bytes."""
    files = {"pack.yaml": b"format: 1\n", "sections/10-a.md": b"a"}
    one = source_of("p", files, (2026, 11, 1), "how")
    other = source_of("p", dict(reversed(files.items())), (2026, 11, 1), "how")
    assert one == other
    with zipfile.ZipFile(io.BytesIO(one.data)) as found:
        assert found.namelist() == ["p/pack.yaml", "p/sections/10-a.md", "rebuild.txt"]
        assert {entry.date_time for entry in found.infolist()} == {(2026, 11, 1, 0, 0, 0)}
    early = source_of("p", files, (-43, 1, 1), "how")
    assert early.day == (1980, 1, 1)


@pytest.fixture
def private(small_pack: Path) -> Path:
    """Return a pack that has things beside it which are no source."""
    text = (small_pack / "pack.yaml").read_text("utf-8")
    (small_pack / "pack.yaml").write_text(text.replace("flashcards: {}", "flashcards: {}, planner: {}"), "utf-8")
    for name in ("recipients.csv", "recipients-2026.yaml", ".hidden", "people.csv", "key.p12", "build/old.pdf",
                 "recipients.csv.ledger.db"):  # fmt: skip
        (small_pack / name).parent.mkdir(exist_ok=True)
        (small_pack / name).write_text("name\nAnna\n", "utf-8")
    return small_pack


def made(folder: Path, out: Path, **settings: Any) -> Built:
    return build(folder, out, Settings(**{"jobs": 1, "archive": True, "cache": False, **settings}))


def test_the_printed_thing_can_be_made_again_from_its_pdf(private: Path, tmp_path: Path) -> None:
    """The source is taken out of the PDF and built elsewhere: the same bytes, and nothing private in it."""
    asked = {"theme": "ink-saver", "overrides": (("summary", "Another one"),)}
    built = made(private, tmp_path / "one", **asked)
    assert built.diagnostics == ()
    record = json.loads((tmp_path / "one" / "small" / "build.json").read_text("utf-8"))
    assert record["archive"] == "PDF/A-3b"
    with pikepdf.open(tmp_path / "one" / "small" / "briefing.pdf") as pdf:
        data = pdf.attachments["small-source.zip"].get_file().read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        names = source.namelist()
        assert "Anna" not in "".join(source.read(name).decode() for name in names)
        assert "guide build small --archive --theme ink-saver -D 'summary=Another one'" in (
            source.read("rebuild.txt").decode()
        )
        source.extractall(tmp_path / "elsewhere")
    assert set(names) == {"rebuild.txt", *(f"small/{path}" for path in (
        "actors.yaml", "cards.yaml", "facts.yaml", "figures/one.vl.yaml", "glossary.yaml", "pack.yaml",
        "questions.yaml", "sections/10-one.md", "sources.yaml", "timeline.yaml",
    ))}  # fmt: skip
    again = made(tmp_path / "elsewhere" / "small", tmp_path / "two", **asked)
    assert [(Path(o.path).name, o.sha256) for o in again.outputs] == [
        (Path(o.path).name, o.sha256) for o in built.outputs
    ]
    assert {Path(o.path).name for o in built.outputs} == {
        "briefing.pdf", "flashcards.pdf", "flashcards-screen.pdf", "planner.pdf"
    }


def test_a_form_is_refused_before_it_is_made(small_pack: Path, tmp_path: Path) -> None:
    """The quiz as a form is an error that names what to do; the other documents are made."""
    overrides = (("documents", "{quiz: {form: true}, planner: {}}"),)
    built = made(small_pack, tmp_path / "out", overrides=overrides)
    assert [d.code for d in built.diagnostics] == ["not-archivable"]
    assert "--archive" in built.diagnostics[0].hint
    assert [o.kind for o in built.outputs] == ["planner"]


def test_what_the_validator_does_not_know_is_left_out(small_pack: Path, tmp_path: Path) -> None:
    """A template with a gradient: the document is refused, and the reason named."""
    page = small_pack / "templates" / "planner" / "page.css"
    page.parent.mkdir(parents=True)
    page.write_text("body { background: linear-gradient(#fff, #eee) }", "utf-8")
    built = made(small_pack, tmp_path / "out", overrides=(("documents", "{planner: {}}"),))
    assert [d.code for d in built.diagnostics] == ["not-archivable"]
    assert "pattern" in built.diagnostics[0].message or "shading" in built.diagnostics[0].message
    assert built.outputs == ()


def test_a_numbered_copy_of_an_archive_breaks_no_rule(plain: bytes) -> None:
    """The validator does not know the marks of a copy, and says so; it finds nothing that is forbidden."""
    archive = archived(plain, SOURCE)
    label = CopyLabel(1, 2, "Anna", "", "0" * 32)
    copy = Stamper(archive, [label], StampStyle(version="1")).copy(label)
    report = pdfa.validate_written(io.BytesIO(copy), "3b")
    assert {finding.kind for finding in report.findings} == {"unsupported"}
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        assert pdf.attachments["small-source.zip"].get_file().read_bytes() == SOURCE.data
