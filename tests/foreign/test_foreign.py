"""PDFs from elsewhere: what `verify` believes, and files that are broken, forged or made to do harm."""

from __future__ import annotations

import io
import json
import resource
import shutil
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from click.testing import Result
from pikepdf import Array, Dictionary, Name, Stream

from guide.delivery import document, recipe
from guide.diagnostics.diagnostic import GuideError
from guide.system import sandbox
from guide.foreign.apart import RealTime, apart

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def confining(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read in processes of their own, as users have it."""
    monkeypatch.setattr(sandbox, "here", False)


@pytest.fixture
def sent(run: Run, report_pdf: Path, tmp_path: Path) -> Path:
    """A copy in out/, and its ledger beside the list in the current folder."""
    (tmp_path / "r.csv").write_text("name\nAnna\n")
    with pytest.MonkeyPatch.context() as patch:  # a process that has set type is not to be forked
        patch.setattr(sandbox, "here", True)
        said = run("distribute", "report.pdf", "--to", "r.csv", "--send", "-o", "out")
    assert said.exit_code == 0, said.output
    return next((tmp_path / "out").glob("*.pdf"))


def verified(run: Run, *words: Any) -> tuple[list[dict[str, object]], Result]:
    said = run("verify", *words, "--json")
    assert said.stdout, said.output or said.exception
    return json.loads(said.stdout), said


def codes(each: dict[str, object]) -> list[str]:
    return [problem["code"] for problem in each["diagnostics"]]  # type: ignore[attr-defined]


def test_a_forged_checksum_never_makes_a_file_intact(run: Run, sent: Path, tmp_path: Path) -> None:
    """Not with the ledger, which says that it was changed, nor without."""
    import hashlib

    evil = tmp_path / "evil"
    evil.mkdir()
    with pikepdf.open(sent) as pdf:
        pdf.pages[0].contents_add(b"q 1 g 0 0 600 800 re f Q")
        pdf.save(evil / "copy.pdf")
    digest = hashlib.sha256((evil / "copy.pdf").read_bytes()).hexdigest()
    (evil / "SHA256SUMS").write_text(f"{digest}  copy.pdf\n")
    (evil / "manifest.json").write_text(json.dumps({"copies": [{"sha256": digest}]}))
    (found,), said = verified(run, evil / "copy.pdf", "--to", "r.csv")
    assert (found["bytes"], said.exit_code) == ("changed", 1)
    assert codes(found) == ["copy-changed"]
    (tmp_path / "r.ledger.db").unlink()
    (found,), said = verified(run, evil / "copy.pdf")
    assert found["bytes"] == "unknown"
    assert codes(found) == ["unproved-copy"]


def test_verify_says_on_what_it_rests(run: Run, sent: Path, tmp_path: Path) -> None:
    """A named ledger, one in the current folder; one beside the file is named and proves nothing."""
    (found,), _ = verified(run, sent, "--to", "r.csv")
    assert (found["bytes"], found["rests_on"]) == ("intact", "the ledger r.ledger.db")
    (found,), _ = verified(run, sent)
    assert found["bytes"] == "intact"
    assert found["rests_on"] == "the ledger r.ledger.db, found in the current folder"
    shutil.move(tmp_path / "r.ledger.db", sent.parent / "theirs.ledger.db")
    (found,), _ = verified(run, sent)
    assert (found["bytes"], found["rests_on"]) == ("unknown", "")
    assert codes(found) == ["ledger-beside"]
    assert "theirs.ledger.db" in str(found["ledger"])


def blank(path: Path, content: bytes = b"", **info: str) -> Path:
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(300, 300))
        pdf.pages[0].obj.Contents = pdf.make_stream(content)
        for key, value in info.items():
            pdf.docinfo[f"/{key}"] = value
        pdf.save(path)
    return path


def entangled(path: Path) -> Path:
    """150 forms with shared resources, each of which draws all."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(300, 300))
        drawn = b" ".join(b"/F%d Do" % n for n in range(150))
        forms = [pdf.make_indirect(Stream(pdf, drawn)) for _ in range(150)]
        shared = pdf.make_indirect(
            Dictionary(XObject=Dictionary({f"/F{n}": f for n, f in enumerate(forms)}))
        )
        for form in forms:
            form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, Array([0, 0, 9, 9])
            form.Resources = shared
        page = pdf.pages[0].obj
        page.Resources, page.Contents = shared, pdf.make_stream(b"/F0 Do")
        pdf.save(path)
    return path


def bomb(path: Path) -> Path:
    """140 MB of drawing in a few hundred kilobytes."""
    packer, block = zlib.compressobj(9), b"0 0 1 9 re f " * 80_000
    packed = b"".join(packer.compress(block) for _ in range(150)) + packer.flush()
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(300, 300))
        pdf.pages[0].obj.Contents = pdf.make_indirect(Stream(pdf, packed, Filter=Name.FlateDecode))
        pdf.save(path)
    return path


MALFORMED = [
    b"1 0 0 cm",
    b"0 0 re f",
    b"m l h f",
    b"/F Do",
    b"BI ID EI Q Q Q",
    b"(never ended",
    b"/x y cm q",
]


def test_one_broken_file_does_not_hide_the_others(run: Run, sent: Path, tmp_path: Path) -> None:
    """Malformed instructions, forms that name each other, a bomb, a long title; the good copy last."""
    bad = [blank(tmp_path / f"m{n}.pdf", content) for n, content in enumerate(MALFORMED)]
    bad += [entangled(tmp_path / "forms.pdf"), bomb(tmp_path / "bomb.pdf")]
    bad.append(blank(tmp_path / "title.pdf", Title="T" * 20_000_000, GuideCopy="ab" * 16))
    (tmp_path / "cut.pdf").write_bytes(sent.read_bytes()[:500])
    bad.append(tmp_path / "cut.pdf")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    found, said = verified(run, *bad, sent, "--to", "r.csv")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "internal error" not in said.output
    assert said.exit_code == 1
    assert len(found) == len(bad) + 1
    assert found[-1]["bytes"] == "intact"
    assert all(each["diagnostics"] for each in found[:-1])
    assert codes(found[7]) == ["not-a-copy"]
    assert len(str(found[-3]["title"])) == 200
    assert after.ru_utime - before.ru_utime < 12  # one of them alone took minutes


def spin() -> None:
    while True:
        pass


def hoard() -> int:
    return len(b"x" * 900_000_000)


@pytest.mark.parametrize(("function", "limit"), [(spin, "seconds=1"), (hoard, "")])
def test_what_takes_too_much_is_a_diagnostic(
    function: Callable[[], object], limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time or memory; the file is named."""
    monkeypatch.setenv("GUIDE_LIMITS", limit)
    with pytest.raises(GuideError) as caught:
        apart(function, name="strange.pdf")
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.place.path) == ("pdf-limit", "strange.pdf")


def test_steps_of_reading_share_their_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that keeps each step waiting is given up soon; a step may always compute as it may alone."""
    monkeypatch.setenv("GUIDE_LIMITS", "seconds=1,wall=2")
    shared = RealTime()
    apart(time.sleep, 1.2, name="strange.pdf", shared=shared)
    apart(time.sleep, 0.1, name="strange.pdf", shared=shared)
    assert 1.2 < shared.used < 4
    began = time.monotonic()
    with pytest.raises(GuideError) as caught:
        apart(time.sleep, 30, name="strange.pdf", shared=shared)
    assert time.monotonic() - began < 8
    assert "took longer than 1 s" in caught.value.diagnostics[0].message
    apart(time.sleep, 0.1, name="strange.pdf")  # another file has its own


def test_all_steps_of_a_distribution_share_their_time(
    run: Run, report_pdf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many languages the list has, each of which takes a reading of the PDF."""
    steps: list[tuple[str, RealTime | None]] = []

    def noted(function: Callable[..., object], *arguments: Any, **more: Any) -> object:
        steps.append((function.__name__, more["shared"]))
        return apart(function, *arguments, **more)

    monkeypatch.setattr(sandbox, "here", True)
    monkeypatch.setattr(document, "apart", noted)
    monkeypatch.setattr(recipe, "apart", noted)
    (tmp_path / "r.csv").write_text("name,language\nAnna,de\nBoris,fr\nClara,en\n")
    said = run("distribute", "report.pdf", "--to", "r.csv", "--send", "-o", "out")
    assert said.exit_code == 0, said.output
    assert [name for name, _ in steps] == ["look_at", *["Stamper"] * 3]
    assert len({id(shared) for _, shared in steps}) == 1
    assert steps[0][1] is not None


def test_zips_that_are_damaged_or_hold_nothing(run: Run, sent: Path, tmp_path: Path) -> None:
    """Each member is reported by itself."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.pdf", sent.read_bytes())
        archive.writestr("b.pdf", sent.read_bytes())
    data = bytearray(made.getvalue())
    data[300:400] = b"\xff" * 100
    (tmp_path / "damaged.zip").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    found, said = verified(run, "damaged.zip", "none.zip", "--to", "r.csv")
    assert [codes(each) for each in found] == [["not-a-pdf"], [], ["not-a-copy"]]
    assert found[1]["bytes"] == "intact"
    assert said.exit_code == 1
