"""guide print on a real CUPS: what the printer is told, and what comes out of it."""

from __future__ import annotations

import json
import os
import platform
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from click.testing import CliRunner, Result
from printing.virtual import CARDS, Virtual, missing

from guide.cli import guide

Run = Callable[..., Result]
ROOT = Path(__file__).parents[2]
A4, LETTER, A3 = (595.28, 841.89), (612, 792), (841.89, 1190.55)


@pytest.fixture(scope="session")
def cups() -> Iterator[Virtual]:
    """A CUPS of this session's own with an office printer, a plain one and one for cards."""
    if lacking := missing():
        why = f"not installed: {', '.join(lacking)} (.ci/printer installs them)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    virtual = Virtual()
    try:
        virtual.start()
        virtual.printer("office")
        virtual.printer("plain", duplex=False)
        virtual.printer("cards", attributes=CARDS)
        virtual.printer("slow", script="sleep 6")
        yield virtual
    finally:
        virtual.stop()


@pytest.fixture
def run(cups: Virtual, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a function that runs `guide` in this process, against that CUPS."""
    for name in ("PATH", "CUPS_SERVER", "CUPS_SERVERROOT", "HOME"):
        monkeypatch.setenv(name, cups.env[name])
    for name in ("PRINTER", "LPDEST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GUIDE_CONFIG_DIR", str(tmp_path / "config"))
    return lambda *words: CliRunner().invoke(guide, [str(w) for w in words], prog_name="guide")


@pytest.fixture(autouse=True)
def _queues_as_they_were(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "cups" in request.fixturenames:
        virtual = request.getfixturevalue("cups")
        for queue in virtual.uris:
            virtual.tool("cancel", "-a", queue)
            virtual.tool("cupsaccept", queue)
            virtual.tool("cupsenable", queue)
        shutil.rmtree(virtual.root / "home" / ".cups", ignore_errors=True)
        (virtual.root / "etc" / "lpoptions").unlink(missing_ok=True)


def pdf(path: Path, sizes: list[tuple[float, float]], duplex: str = "", **page: Any) -> Path:
    """Write a PDF with a number near the top left of each page."""
    with pikepdf.new() as made:
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        for number, (width, height) in enumerate(sizes, 1):
            made.add_blank_page(page_size=(width, height))
            last = made.pages[-1]
            last.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
            last.Contents = made.make_stream(b"BT /F 30 Tf 20 %d Td (page %d) Tj ET" % (height - 50, number))
            for key, value in page.items():
                last.obj[f"/{key}"] = value
        if duplex:
            made.Root.ViewerPreferences = pikepdf.Dictionary(Duplex=pikepdf.Name(duplex))
        made.save(path)
    return path


@dataclass
class Came:
    """A job as it came to the printer: its attributes, and the file on paper."""

    attributes: dict[str, str]
    path: Path

    @property
    def pages(self) -> list[str]:
        document = pypdfium2.PdfDocument(self.path)
        found = [" ".join(page.get_textpage().get_text_range().split()) for page in document]
        document.close()
        return found

    @property
    def size(self) -> tuple[int, int]:
        match = re.search(r"x-dimension=(\d+) y-dimension=(\d+)", self.attributes["media-col"])
        assert match
        return int(match[1]), int(match[2])


def number_of_jobs(cups: Virtual, queue: str) -> int:
    """Return how many jobs a printer has had, by its own record."""
    return cups.logs[queue].read_text("utf-8", "replace").count("Create-Job successful-ok")


def arrived(cups: Virtual, queue: str, before: int) -> list[Came]:
    """Return the jobs that a printer has had after so many, from its record and the folder of its paper."""
    # The printer names the file of its n-th job n-..., and there is none for one that was cancelled early.
    paper = {int(path.name.partition("-")[0]): path for path in (cups.root / f"paper-{queue}").glob("*.pdf")}
    found = []
    numbers = range(before + 1, number_of_jobs(cups, queue) + 1)
    for number in numbers:
        words = ["ipptool", "-tv", f"{cups.uris[queue]}/{number}", "get-job-attributes.test"]
        said = subprocess.run(words, env=cups.env, capture_output=True, text=True, timeout=30).stdout
        found.append(dict(re.findall(r"^ +(\S+) \([^)]*\) = (.*)$", said.partition("RECEIVED")[2], re.M)))
    return [Came(each, paper.get(number, Path())) for number, each in zip(numbers, found, strict=True)]


@pytest.fixture
def came(cups: Virtual) -> Callable[[str], list[Came]]:
    """Return a function that returns the jobs that came to a printer in this test."""
    before = {queue: number_of_jobs(cups, queue) for queue in cups.uris}
    return lambda queue="office": arrived(cups, queue, before[queue])  # type: ignore[misc]


def asked(cups: Virtual, job: str) -> str:
    """Return a job's attributes in CUPS, as ipptool shows them."""
    uri = f"ipp://localhost:{cups.port}/jobs/{job.rpartition('-')[2]}"
    words = ["ipptool", "-tv", uri, "get-job-attributes.test"]
    return subprocess.run(words, env=cups.env, capture_output=True, text=True, timeout=30).stdout


def letters(path: Path) -> list[list[tuple[str, float, float]]]:
    """Return the letters of each page with their places in points."""
    document = pypdfium2.PdfDocument(path)
    found = []
    for page in document:
        text = page.get_textpage()
        every = text.get_text_range()
        assert text.count_chars() == len(every)
        found.append([(c, *text.get_charbox(n)[:2]) for n, c in enumerate(every) if c.strip()])
    document.close()
    return found


# What the printer is told


@pytest.mark.parametrize("edge", ["long-edge", "short-edge"])
def test_cards_of_a_pack_are_printed_as_their_sheets_ask(
    edge: str, run: Run, came: Callable[..., list[Came]], cups: Virtual, small_pack: Path, tmp_path: Path
) -> None:
    """Sides by the flip edge, copies, paper, tray, no scaling; and every letter where the file has it."""
    done = run("print", small_pack, "--kind", "flashcards", "-D", f"documents.flashcards.duplex={edge}",
               "-o", tmp_path / "out", "--printer", "office", "--copies", 3, "--tray", "by-pass-tray")  # fmt: skip
    assert done.exit_code == 0, done.output
    (job,) = came()
    assert job.attributes["sides"] == f"two-sided-{edge}"
    assert job.attributes["copies"] == "3"
    assert job.attributes["multiple-document-handling"] == "separate-documents-collated-copies"
    assert job.size == (21000, 29700)
    assert "media-source=by-pass-tray" in job.attributes["media-col"]
    told = asked(cups, done.stdout.strip())
    assert re.search(r"print-scaling \(\w+\) = none", told)
    assert re.search(r"media \(\w+\) = iso_a4_210x297mm", told)
    assert re.search(r"media-source \(\w+\) = by-pass-tray", told)
    assert re.search(r"collate \(\w+\) = true", told)
    sheets = tmp_path / "out" / "small" / "flashcards.pdf"
    for one, other in zip(letters(sheets), letters(job.path), strict=True):
        assert [c for c, *_ in one] == [c for c, *_ in other]
        assert max(abs(a - b) for p, q in zip(one, other, strict=True) for a, b in zip(p[1:], q[1:], strict=True)) < 0.05
    assert "flashcards-screen" not in job.attributes["job-name"]


@pytest.mark.parametrize(
    ("sizes", "duplex", "words", "sides", "media"),
    [
        ([A4] * 3, "", (), "two-sided-long-edge", (21000, 29700)),
        ([LETTER] * 2, "", (), "two-sided-long-edge", (21590, 27940)),
        ([A4[::-1]] * 3, "", (), "two-sided-short-edge", (21000, 29700)),
        ([A4], "", (), "one-sided", (21000, 29700)),
        ([A4], "/DuplexFlipLongEdge", (), "one-sided", (21000, 29700)),
        ([A4] * 3, "/Simplex", (), "one-sided", (21000, 29700)),
        ([A4] * 3, "/DuplexFlipShortEdge", (), "two-sided-short-edge", (21000, 29700)),
        ([A4] * 3, "/DuplexFlipShortEdge", ("--sides", "long-edge"), "two-sided-long-edge", (21000, 29700)),
        ([A4] * 3, "", ("--sides", "one"), "one-sided", (21000, 29700)),
        ([A4] * 3, "", ("--pages", "2"), "one-sided", (21000, 29700)),
        ([(595, 842), (595.4, 841.5)], "", (), "two-sided-long-edge", (21000, 29700)),
        ([A4, A3, A4], "", ("--pages", "1,3"), "two-sided-long-edge", (21000, 29700)),
        ([A3] * 2, "", ("--media", "a4", "--fit"), "two-sided-long-edge", (21000, 29700)),
    ],
)
def test_a_pdf_says_what_it_needs(
    sizes: list[tuple[float, float]], duplex: str, words: tuple[str, ...], sides: str,
    media: tuple[int, int], run: Run, came: Callable[..., list[Came]], tmp_path: Path,
) -> None:  # fmt: skip
    """From its preferences, its pages' size and direction, their number, and the command line."""
    done = run("print", pdf(tmp_path / "a.pdf", sizes, duplex), "--printer", "office", *words)
    assert done.exit_code == 0, done.output
    (job,) = came()
    assert (job.attributes["sides"], job.size) == (sides, media)


@pytest.mark.parametrize("rotate", [0, 90, 270])
def test_landscape_sheets_turn_as_one(rotate: int, run: Run, came: Callable[..., list[Came]], tmp_path: Path) -> None:
    """Both sides are laid on the paper by the same turn of a quarter, so a back stays behind its front."""
    size = A4 if rotate else A4[::-1]
    path = pdf(tmp_path / "a.pdf", [size] * 2, "/DuplexFlipLongEdge", Rotate=rotate)
    assert run("print", path, "--printer", "office").exit_code == 0
    (job,) = came()
    front, back = letters(job.path)
    for one, other in zip(front[:4], back[:4], strict=True):  # `page`; the number differs
        assert one[0] == other[0]
        assert one[1:] == pytest.approx(other[1:], abs=0.01)
    with pikepdf.open(job.path) as printed:
        assert [float(n) for n in printed.pages[0].mediabox] == pytest.approx([0, 0, *A4], abs=0.1)


def test_only_some_pages(run: Run, came: Callable[..., list[Came]], tmp_path: Path) -> None:
    """Ranges in any order, and what is counted is what is printed."""
    path = pdf(tmp_path / "a.pdf", [A4] * 12)
    done = run("print", path, "--printer", "office", "--pages", "8,3-5, 11-", "--copies", "2")
    assert done.exit_code == 0, done.output
    assert "pages 3-5,8,11-12 of 12" in done.stderr
    assert "3 a copy, 6 in all" in done.stderr
    (job,) = came()
    assert job.pages == ["page 3", "page 4", "page 5", "page 8", "page 11", "page 12"]


def test_the_tray_by_either_name_and_from_the_profile(run: Run, came: Callable[..., list[Came]], tmp_path: Path) -> None:
    """The queue's own spelling works too; the command line goes before the profile."""
    path = pdf(tmp_path / "a.pdf", [A4])
    run("printers", "set", "mine", "--queue", "office", "--tray", "manual")
    for words in (["--tray", "ByPassTray"], [], ["--tray", "by-pass-tray"]):
        assert run("print", path, "--printer", "mine", *words).exit_code == 0
    trays = [re.search(r"media-source=(\S+)", job.attributes["media-col"])[1] for job in came()]
    assert trays == ["by-pass-tray", "manual", "by-pass-tray"]
    done = run("print", path, "--printer", "mine", "--tray", "top -o sides=x")
    assert done.exit_code == 1
    assert "error[unknown-tray]" in done.stderr
    assert "`by-pass-tray`" in done.stderr
    assert len(came()) == 3


def test_defaults_of_the_user_and_the_queue_do_not_spoil_sheets(
    run: Run, came: Callable[..., list[Came]], cups: Virtual, tmp_path: Path
) -> None:
    """Two pages a side, one-sided and fit-to-page, set as defaults, are for other programs."""
    cups.tool("lpoptions", "-p", "office", "-o", "number-up=2", "-o", "sides=one-sided", "-o", "fit-to-page=true",
              "-o", "page-ranges=1", "-o", "page-set=odd", "-o", "outputorder=reverse", "-o", "media=na_letter_8.5x11in")  # fmt: skip
    path = pdf(tmp_path / "a.pdf", [A4] * 4, "/DuplexFlipLongEdge")
    assert run("print", path, "--printer", "office", "--pages", "1-2").exit_code == 0
    (job,) = came()
    assert job.attributes["sides"] == "two-sided-long-edge"
    assert job.pages == ["page 1", "page 2"]
    assert run("print", path, "--printer", "office").exit_code == 0
    assert came()[1].pages == ["page 1", "page 2", "page 3", "page 4"]


def test_cards_one_a_sheet_and_sizes_of_ones_own(run: Run, came: Callable[..., list[Came]], tmp_path: Path) -> None:
    """Index cards by their name, other small cards by a custom size that the printer takes."""
    index = pdf(tmp_path / "index.pdf", [(360, 216)] * 2, "/DuplexFlipShortEdge")
    own = pdf(tmp_path / "own.pdf", [(90 / 25.4 * 72, 60 / 25.4 * 72)] * 2)
    for path in (index, own):
        done = run("print", path, "--printer", "cards")
        assert done.exit_code == 0, done.output
    first, second = came("cards")
    assert (first.size, first.attributes["sides"]) == ((7620, 12700), "two-sided-short-edge")
    assert second.size == pytest.approx((6000, 9000), abs=10)  # CUPS counts in whole points
    assert "60 x 90 mm (custom_60x90mm_60x90mm)" in done.stderr


# What it is checked against


def test_media_that_a_printer_does_not_have(run: Run, came: Callable[..., list[Came]], tmp_path: Path) -> None:
    """Named, with what the printer has; nothing is sent."""
    for path, queue, has in (
        (pdf(tmp_path / "a3.pdf", [A3]), "office", "A4, 210 x 297 mm"),
        (pdf(tmp_path / "a4.pdf", [A4]), "cards", "Index-3x5, 76.2 x 127 mm"),
        (pdf(tmp_path / "tiny.pdf", [(100, 100)]), "cards", "A6, 105 x 148 mm"),
    ):
        done = run("print", path, "--printer", queue)
        assert done.exit_code == 1
        assert "error[media-not-supported]" in done.stderr
        assert has in done.stderr
        assert done.stdout == ""
        assert came(queue) == []


def test_pages_of_different_sizes(run: Run, came: Callable[..., list[Came]], tmp_path: Path) -> None:
    """Refused with the pages of each size; A4 upright and across is one size."""
    done = run("print", pdf(tmp_path / "a.pdf", [A4, A4, A3, A4]), "--printer", "office")
    assert done.exit_code == 1
    assert "error[mixed-sizes]" in done.stderr
    assert "A4, 210 x 297 mm: 1-2,4; A3, 297 x 420 mm: 3" in done.stderr
    assert "error[page-too-large]" in run("print", tmp_path / "a.pdf", "--printer", "office", "--media", "a4").stderr
    assert came() == []
    assert run("print", pdf(tmp_path / "b.pdf", [A4, A4[::-1]]), "--printer", "office").exit_code == 0


def test_a_printer_without_duplexer(
    run: Run, came: Callable[..., list[Came]], small_pack: Path, tmp_path: Path
) -> None:
    """Sheets are refused with the way by hand; a text is printed one-sided; a profile knows better."""
    sheets = pdf(tmp_path / "sheets.pdf", [A4] * 4, "/DuplexFlipLongEdge")
    done = run("print", sheets, "--printer", "plain")
    assert done.exit_code == 1
    assert "error[no-duplexer]" in done.stderr
    assert "--manual-duplex" in done.stderr
    assert came("plain") == []
    text = pdf(tmp_path / "text.pdf", [A4] * 3)
    done = run("print", text, "--printer", "plain")
    assert done.exit_code == 0
    assert "no duplexer" in done.stderr
    assert "3 a copy, 3 in all" in done.stderr
    assert run("print", text, "--printer", "plain", "--sides", "long-edge").exit_code == 1
    run("printers", "set", "plain", "--duplex", "yes")
    done = run("print", sheets, "--printer", "plain")  # sent, for the profile says so, and the printer knows better
    assert done.exit_code == 1
    assert "Printer cannot print with supplied options" in done.stderr
    run("printers", "set", "o", "--queue", "office", "--duplex", "no")
    assert "error[no-duplexer]" in run("print", sheets, "--printer", "o").stderr


def test_fronts_are_not_parted_from_backs(run: Run, came: Callable[..., list[Came]], tmp_path: Path) -> None:
    """Pages of sheets begin with a front; the remedy names the whole sheets."""
    sheets = pdf(tmp_path / "sheets.pdf", [A4] * 8, "/DuplexFlipLongEdge")
    for pages in ("7-", "1-2,5-6", "4"):  # a single side is meant
        assert run("print", sheets, "--printer", "office", "--pages", pages, "--dry-run").exit_code == 0
    for pages, whole in (("2-3", "1-4"), ("1,3", "1-4"), ("6-8", "5-8")):
        done = run("print", sheets, "--printer", "office", "--pages", pages)
        assert done.exit_code == 1
        assert "error[torn-sheets]" in done.stderr
        assert f"--pages {whole};" in done.stderr
    assert came() == []
    assert run("print", sheets, "--printer", "office", "--pages", "2-3", "--sides", "one").exit_code == 0
    assert came()[0].pages == ["page 2", "page 3"]


@pytest.mark.parametrize("pages", ["0", "13", "3-2", "a", "1-99", "--", "-", "1,,2", "1 2", "9999999999", "²"])
def test_pages_that_are_none(pages: str, run: Run, came: Callable[..., list[Came]], tmp_path: Path) -> None:
    """A diagnostic that says what to write."""
    done = run("print", pdf(tmp_path / "a.pdf", [A4] * 12), "--printer", "office", f"--pages={pages}")
    assert done.exit_code == 1
    assert "error[bad-pages]" in done.stderr
    assert came() == []


# Which printer


def test_an_unknown_printer_and_none(run: Run, tmp_path: Path) -> None:
    """The queues are listed, with a suggestion; without a default one must choose."""
    path = pdf(tmp_path / "a.pdf", [A4])
    done = run("print", path, "--printer", "ofice")
    assert done.exit_code == 1
    assert "error[unknown-queue]: there is no printer `ofice`" in done.stderr
    assert "did you mean `office`?" in done.stderr
    done = run("print", path)
    assert done.exit_code == 1
    assert "more than one printer and no default" in done.stderr
    for queue in ("office", "plain", "cards"):
        assert f"`{queue}`" in done.stderr


def test_the_default_of_profiles_goes_before_that_of_cups(
    run: Run, came: Callable[..., list[Came]], cups: Virtual, tmp_path: Path
) -> None:
    """Named, else the profile's default, else that of CUPS with the price of its profile."""
    path = pdf(tmp_path / "a.pdf", [A4])
    cups.tool("lpoptions", "-d", "plain")
    run("printers", "set", "p", "--queue", "plain", "--cost-per-sheet", "0.5")
    done = run("print", path)
    assert done.stdout.startswith("plain-")
    assert "0.50 a copy" in done.stderr
    run("printers", "set", "cheap", "--queue", "office", "--default")
    assert run("print", path).stdout.startswith("office-")
    assert run("print", path, "--printer", "p").stdout.startswith("plain-")
    assert len(came("plain")) == 2
    assert len(came("office")) == 1


def test_a_printer_that_is_stopped_or_takes_no_jobs(
    run: Run, came: Callable[..., list[Came]], cups: Virtual, tmp_path: Path
) -> None:
    """Said with its reason before anything is sent."""
    path = pdf(tmp_path / "a.pdf", [A4])
    cups.tool("cupsdisable", "-r", "toner is on order", "office")
    done = run("print", path, "--printer", "office")
    assert done.exit_code == 1
    assert "error[printer-stopped]: `office` is stopped: toner is on order" in done.stderr
    cups.tool("cupsenable", "office")
    cups.tool("cupsreject", "-r", "closed for the holidays", "office")
    done = run("print", path, "--printer", "office")
    assert done.exit_code == 1
    assert "error[printer-refuses]: `office` is not accepting jobs: closed for the holidays" in done.stderr
    assert "cupsaccept office" in done.stderr
    assert "closed" in run("printers").stdout
    cups.tool("cupsaccept", "office")
    assert came() == []


# Before and after sending


def test_a_dry_run_sends_nothing_and_shows_the_command(
    run: Run, came: Callable[..., list[Came]], cups: Virtual, tmp_path: Path
) -> None:
    """The command is on stdout, and does the same when a shell runs it."""
    path = pdf(tmp_path / "a name; with $signs 'é'.pdf", [A4] * 4, "/DuplexFlipShortEdge")
    done = run("print", path, "--printer", "office", "--copies", "2", "--pages", "3-4", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "nothing was sent" in done.stderr
    assert came() == []
    assert cups.tool("lpstat", "-o", "office") == ""
    words = shlex.split(done.stdout)
    assert words[0] == "lp"
    assert words[-1] == str(path)
    sent = subprocess.run(done.stdout, shell=True, env=cups.env, capture_output=True, text=True, timeout=30)
    job = re.search(r"request id is (\S+)", sent.stdout)[1]
    wait_for(lambda: "9" in re.findall(r"job-state \(enum\) = (\w+)", asked(cups, job)) or "= completed" in asked(cups, job))
    (printed,) = came()
    assert printed.pages == ["page 3", "page 4"]
    assert printed.attributes["sides"] == "two-sided-short-edge"
    assert printed.attributes["copies"] == "2"


def wait_for(ready: Callable[[], object], patience: float = 30) -> None:
    limit = time.monotonic() + patience
    while not ready():
        assert time.monotonic() < limit
        time.sleep(0.1)


def test_what_it_costs_is_shown_before(run: Run, tmp_path: Path) -> None:
    """Sheets and sides by the profile's prices, a copy and in all."""
    run("printers", "set", "office", "--cost-per-sheet", "0.01", "--cost-per-side", "0,025", "--currency", "EUR")
    path = pdf(tmp_path / "a.pdf", [A4] * 5)
    said = run("print", path, "--printer", "office", "--copies", "10", "--dry-run").stderr
    assert "3 a copy, 30 in all" in said
    assert "0.155 EUR a copy, 1.55 EUR in all" in said
    said = run("print", path, "--printer", "office", "--copies", "10", "--sides", "one", "--dry-run").stderr
    assert "0.175 EUR a copy, 1.75 EUR in all" in said


def test_many_sheets_without_a_terminal(run: Run, came: Callable[..., list[Came]], tmp_path: Path) -> None:
    """51 are refused where nobody can answer, 50 are not, and --yes is an answer."""
    path = pdf(tmp_path / "a.pdf", [A4] * 2)
    done = run("print", path, "--printer", "office", "--copies", "51")
    assert done.exit_code == 1
    assert "error[nobody-to-ask]: 51 sheets are more than 50" in done.stderr
    assert came() == []
    assert run("print", path, "--printer", "office", "--copies", "50").exit_code == 0
    assert run("print", path, "--printer", "office", "--copies", "51", "--yes").exit_code == 0
    assert [job.attributes["copies"] for job in came()] == ["50", "51"]


class Terminal:
    """`python -m guide` on a terminal of its own."""

    def __init__(self, cups: Virtual, folder: Path, *words: Any) -> None:
        master, slave = pty.openpty()
        env = {**cups.env, "PYTHONPATH": str(ROOT), "GUIDE_CONFIG_DIR": str(folder / "config"), "TERM": "xterm",
               "HOME": cups.env["HOME"], "NO_COLOR": "1"}  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "guide", *map(str, words)], cwd=folder, env=env, stdin=slave,
            stdout=slave, stderr=slave, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.said, self.master = "", master
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        try:
            while data := os.read(self.master, 4096):
                self.said += data.decode("utf-8", "replace")
        except OSError:
            pass

    def until(self, text: str) -> None:
        wait_for(lambda: text in self.said or self.process.poll() is not None)
        assert text in self.said, self.said

    def answer(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self) -> int:
        try:
            code = self.process.wait(60)
            self.reader.join(5)
            return code
        finally:
            self.process.kill()


def test_many_sheets_on_a_terminal(cups: Virtual, came: Callable[..., list[Came]], tmp_path: Path) -> None:
    """The question names the number; no is no, yes is yes."""
    path = pdf(tmp_path / "a.pdf", [A4] * 2)
    words = ("print", path, "--printer", "office", "--copies", "60")
    for answer, code, jobs in (("n\n", 1, 0), ("\n", 1, 0), ("y\n", 0, 1)):
        terminal = Terminal(cups, tmp_path, *words)
        terminal.until("Print 60 sheets?")
        terminal.answer(answer)
        assert terminal.end() == code, terminal.said
        assert len(came()) == jobs


@pytest.mark.parametrize(("answer", "backs"), [("\n", ["page 2", "page 4", ""]), ("l\n", ["", "page 4", "page 2"])])
def test_both_sides_by_hand(
    answer: str, backs: list[str], cups: Virtual, came: Callable[..., list[Came]], tmp_path: Path
) -> None:
    """Fronts, then, when the stack is turned, backs in the order in which its sheets are drawn."""
    path = pdf(tmp_path / "a.pdf", [A4] * 5, "/DuplexFlipShortEdge")
    terminal = Terminal(cups, tmp_path, "print", path, "--printer", "plain", "--manual-duplex", "--copies", "2")
    terminal.until("Enter when it lies ready")
    assert "over its short edge" in terminal.said
    assert len(came("plain")) == 1
    terminal.answer(answer)
    assert terminal.end() == 0, terminal.said
    first, second = came("plain")
    assert first.pages == ["page 1", "page 3", "page 5"]
    assert second.pages == backs
    assert [job.attributes["sides"] for job in (first, second)] == ["one-sided"] * 2
    assert [job.attributes["copies"] for job in (first, second)] == ["2", "2"]
    assert "3 a copy, 6 in all" in terminal.said


def test_fronts_and_backs_in_two_files_are_turned_by_hand(
    cups: Virtual, came: Callable[..., list[Came]], small_pack: Path, tmp_path: Path
) -> None:
    """A pack whose cards have `duplex: none` asks between the two."""
    terminal = Terminal(cups, tmp_path, "print", small_pack, "--kind", "flashcards", "--printer", "plain",
                        "-D", "documents.flashcards.duplex=none", "-o", tmp_path / "out")  # fmt: skip
    terminal.until("Enter when it lies ready")
    terminal.answer("\n")
    assert terminal.end() == 0, terminal.said
    fronts, backs = came("plain")
    assert "FRONTWORD" in fronts.pages[0]
    assert "BACKWORD" in backs.pages[0]
    assert "BACKWORD" not in fronts.pages[0]
    assert "1 a copy, 1 in all" in terminal.said


def test_nobody_turns_the_stack_without_a_terminal(run: Run, came: Callable[..., list[Came]], tmp_path: Path) -> None:
    """Not even fronts are printed then."""
    path = pdf(tmp_path / "a.pdf", [A4] * 4)
    done = run("print", path, "--printer", "plain", "--manual-duplex", "--yes")
    assert done.exit_code == 1
    assert "error[nobody-to-ask]" in done.stderr
    assert came("plain") == []


# How it ends


def test_a_job_is_followed_to_its_end(run: Run, tmp_path: Path) -> None:
    """Its id is on stdout, its end on stderr; --no-wait does not wait."""
    path = pdf(tmp_path / "a.pdf", [A4])
    begun = time.monotonic()
    done = run("print", path, "--printer", "slow", "--no-wait")
    assert done.exit_code == 0
    assert time.monotonic() - begun < 4
    assert re.fullmatch(r"slow-\d+\n", done.stdout)
    assert f"cancel {done.stdout.strip()}" in done.stderr
    done = run("print", path, "--printer", "office")
    assert done.exit_code == 0
    assert done.stderr.rstrip().endswith(f"{done.stdout.strip()}: printed")


def test_a_job_that_somebody_cancels(run: Run, cups: Virtual, tmp_path: Path) -> None:
    """Exit 1, and it says so."""
    timer = threading.Timer(1.5, lambda: cups.tool("cancel", "-a", "slow"))
    timer.start()
    done = run("print", pdf(tmp_path / "a.pdf", [A4]), "--printer", "slow")
    timer.join()
    assert done.exit_code == 1
    assert "was cancelled" in done.stderr


def test_a_printer_that_is_stopped_meanwhile(run: Run, cups: Virtual, tmp_path: Path) -> None:
    """The job waits, and the command does not."""
    timer = threading.Timer(1.5, lambda: cups.tool("cupsdisable", "-r", "out of order", "slow"))
    timer.start()
    done = run("print", pdf(tmp_path / "a.pdf", [A4]), "--printer", "slow")
    timer.join()
    assert done.exit_code == 1
    assert "the printer is stopped" in done.stderr
    assert "cupsenable slow" in done.stderr


def test_a_printer_that_is_switched_off(run: Run, cups: Virtual, tmp_path: Path) -> None:
    """Nothing changes for --timeout seconds: it says how things stand and ends."""
    cups.printer("away")
    cups.end("away")
    try:
        done = run("print", pdf(tmp_path / "a.pdf", [A4]), "--printer", "away", "--timeout", "3")
        assert done.exit_code == 1
        assert "nothing has changed for 3 s" in done.stderr or "the printer is stopped" in done.stderr
    finally:
        cups.tool("lpadmin", "-x", "away")
        del cups.uris["away"], cups.logs["away"]


def test_ctrl_c_leaves_the_job_to_the_printer(cups: Virtual, came: Callable[..., list[Came]], tmp_path: Path) -> None:
    """It says that the job goes on and how to cancel it; the job is printed."""
    terminal = Terminal(cups, tmp_path, "print", pdf(tmp_path / "a.pdf", [A4]), "--printer", "slow")
    terminal.until("processing")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 130
    job = re.search(r"slow-\d+", terminal.said)[0]
    assert f"{job} goes on printing; cancel it: cancel {job}" in terminal.said
    assert "Traceback" not in terminal.said
    wait_for(lambda: "= completed" in asked(cups, job))


# Packs


def test_a_pack_of_several_kinds_wants_a_choice(
    run: Run, came: Callable[..., list[Came]], small_pack: Path, tmp_path: Path
) -> None:
    """Which there are is said; the file for the screen is no kind, and is printed by its name."""
    out = ("-o", tmp_path / "out", "--printer", "office")
    done = run("print", small_pack, *out)
    assert done.exit_code == 1
    assert "error[choose-kind]" in done.stderr
    assert "--kind briefing (" in done.stderr
    assert "--kind flashcards (2 pages)" in done.stderr
    assert "--kind flashcards-screen" not in done.stderr
    done = run("print", small_pack, "--kind", "flashcard", *out)
    assert done.exit_code == 1
    assert "--kind: error[unknown-kind]" in done.stderr
    assert "did you mean `flashcards`?" in done.stderr
    done = run("print", small_pack, "--kind", "flashcards-nothing", *out)
    assert done.exit_code == 1
    assert "error[choose-kind]: the pack makes no `flashcards-nothing`" in done.stderr
    assert came() == []
    (small_pack / "pack.yaml").write_text("format: 1\ntitle: Small\ndocuments: {flashcards: {}}\n", "utf-8")
    assert run("print", small_pack, *out).exit_code == 0
    assert [job.attributes["job-name"] for job in came()] == ["flashcards.pdf"]


def test_two_kinds_are_two_jobs(run: Run, came: Callable[..., list[Came]], small_pack: Path, tmp_path: Path) -> None:
    """Each as it needs to be, and a sum."""
    done = run("print", small_pack, "--kind", "briefing", "--kind", "flashcards", "-o", tmp_path / "out",
               "--printer", "office", "--copies", "2")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "2 documents, " in done.stderr
    assert sorted(job.attributes["job-name"] for job in came()) == ["briefing.pdf", "flashcards.pdf"]
    assert len(done.stdout.split()) == 2


def test_a_pack_with_errors_is_not_printed(run: Run, came: Callable[..., list[Came]], small_pack: Path, tmp_path: Path) -> None:
    """The errors are those of a build."""
    (small_pack / "cards.yaml").write_text("- {front: A, bakc: B}\n", "utf-8")
    done = run("print", small_pack, "--kind", "flashcards", "-o", tmp_path / "out", "--printer", "office")
    assert done.exit_code == 1
    assert "error[unknown-key]" in done.stderr
    assert "nothing was printed" in done.stderr
    assert came() == []


def test_backs_are_moved_as_the_printer_was_calibrated(
    run: Run, came: Callable[..., list[Came]], small_pack: Path, tmp_path: Path
) -> None:
    """On paper, the back lies 2 mm further right and the front where it was."""
    words = ("print", small_pack, "--kind", "flashcards", "-o", tmp_path / "out", "--printer", "office")
    assert run(*words).exit_code == 0
    assert run("calibrate", "--save", "office", "--read", "C=2,0").exit_code == 0
    assert run(*words).exit_code == 0
    before, after = (letters(job.path) for job in came())
    for page, moved in ((0, 0.0), (1, 2 / 25.4 * 72)):
        for one, other in zip(before[page], after[page], strict=True):
            assert other[1] - one[1] == pytest.approx(moved, abs=0.05)


def test_what_is_no_file_for_a_printer(run: Run, came: Callable[..., list[Came]], tmp_path: Path) -> None:
    """Every one a diagnostic with a remedy, never a traceback."""
    (tmp_path / "text.pdf").write_text("hello")
    (tmp_path / "empty.pdf").write_bytes(b"")
    good = pdf(tmp_path / "good.pdf", [A4] * 2).read_bytes()
    (tmp_path / "cut.pdf").write_bytes(good[:120])
    with pikepdf.open(tmp_path / "good.pdf") as made:
        made.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(owner="o", user="u"))
        no = pikepdf.Permissions(print_lowres=False, print_highres=False)
        made.save(tmp_path / "private.pdf", encryption=pikepdf.Encryption(owner="o", user="", allow=no))
        made.save(tmp_path / "owned.pdf", encryption=pikepdf.Encryption(owner="o", user=""))
    with pikepdf.new() as made:
        made.save(tmp_path / "none.pdf")
    pdf(tmp_path / "flat.pdf", [A4], MediaBox=pikepdf.Array([0, 0, 0, 0]))
    for name, code in {
        "text.pdf": "not-a-pdf", "empty.pdf": "not-a-pdf", "cut.pdf": "not-a-pdf", "none.pdf": "not-a-pdf",
        "flat.pdf": "not-a-pdf", "locked.pdf": "locked-pdf",
        "private.pdf": "print-forbidden", "nothing.pdf": "unreadable-file",
    }.items():  # fmt: skip
        done = run("print", tmp_path / name, "--printer", "office")
        assert done.exit_code == 1, name
        assert f"{name}: error[{code}]" in done.stderr
        assert isinstance(done.exception, SystemExit)
    assert came() == []
    assert run("print", tmp_path / "owned.pdf", "--printer", "office").exit_code == 0
    assert came()[0].pages == ["page 1", "page 2"]


def test_wrong_usage(run: Run, tmp_path: Path) -> None:
    """What only packs have is not for files; copies are counted from one."""
    path = pdf(tmp_path / "a.pdf", [A4])
    for words in (["--kind", "flashcards"], ["--edition", "x"], ["--copies", "0"], ["--sides", "both"]):
        assert run("print", path, *words).exit_code == 2


# Without CUPS, or with less of it


def folder_of(tools: list[str], path: Path, cups: Virtual) -> str:
    """Return a folder with only these programs, to be the PATH."""
    path.mkdir()
    for tool in tools:
        (path / tool).symlink_to(shutil.which(tool, path=cups.env["PATH"]))
    return str(path)


def test_without_cups_it_says_how_to_get_it_and_what_to_choose(
    run: Run, monkeypatch: pytest.MonkeyPatch, small_pack: Path, tmp_path: Path
) -> None:
    """The settings are those of this very file."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    sheets = pdf(tmp_path / "sheets.pdf", [A4[::-1]] * 4, "/DuplexFlipShortEdge")
    done = run("print", sheets, "--copies", "3", "--pages", "3-4")
    assert done.exit_code == 1
    assert "error[no-cups]" in done.stderr
    assert re.search(r"two-sided +on, flip on short edge", done.stderr)
    assert re.search(r"paper +A4, 210 x 297 mm", done.stderr)
    assert re.search(r"scaling +actual size, 100 %", done.stderr)
    assert re.search(r"copies +3", done.stderr)
    assert re.search(r"pages +3-4", done.stderr)
    done = run("print", small_pack, "--kind", "flashcards", "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "out/small/flashcards.pdf from a viewer" in done.stderr
    assert re.search(r"two-sided +on, flip on long edge", done.stderr)
    assert run("printers").exit_code == 0


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, "apt-get install cups"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "dnf install cups"),
        ({"ID": "arch"}, "pacman -S cups"),
        ({"ID": "opensuse-leap"}, "zypper install cups"),
        ({"ID": "strange"}, "Debian and Ubuntu: sudo apt-get"),
    ],
)
def test_how_to_install_it_on_each_system(
    release: dict[str, str], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what os-release says of this machine."""
    from guide.printing import without_cups

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)
    assert command in without_cups.remedy(missing=True).hint
    monkeypatch.setattr(sys, "platform", "win32")
    assert "viewer" in without_cups.remedy(missing=True).hint


def test_a_scheduler_that_does_not_run(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Is said to be the reason, with the settings all the same."""
    monkeypatch.setenv("CUPS_SERVER", "localhost:1")
    done = run("print", pdf(tmp_path / "a.pdf", [A4]))
    assert done.exit_code == 1
    assert "error[no-cups]: CUPS does not answer: localhost:1 is not running" in done.stderr
    assert "from a viewer" in done.stderr


def test_without_ipptool_it_asks_the_queues_options(
    run: Run, came: Callable[..., list[Came]], cups: Virtual, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Duplexer, tray and paper are known from there, and ends from lpstat."""
    monkeypatch.setenv("PATH", folder_of(["lp", "lpstat", "lpoptions"], tmp_path / "bin", cups))
    sheets = pdf(tmp_path / "sheets.pdf", [A4] * 2, "/DuplexFlipLongEdge")
    done = run("print", sheets, "--printer", "office", "--tray", "by-pass-tray")
    assert done.exit_code == 0, done.output
    assert done.stderr.rstrip().endswith("printed")
    assert came()[0].attributes["sides"] == "two-sided-long-edge"
    assert "media-source=by-pass-tray" in came()[0].attributes["media-col"]
    assert "error[no-duplexer]" in run("print", sheets, "--printer", "plain").stderr
    assert "error[media-not-supported]" in run("print", pdf(tmp_path / "a3.pdf", [A3]), "--printer", "office").stderr


# Profiles


def test_profiles_are_kept_beside_what_was_calibrated(run: Run, tmp_path: Path) -> None:
    """A file of an older guide is read; calibrating keeps the queue, setting keeps the offset."""
    file = tmp_path / "config" / "printers.json"
    file.parent.mkdir()
    file.write_text('{"office": {"right": 0.4, "down": -0.8, "scale": 100.0, "rotation": 0.0}}')
    assert run("printers", "set", "office", "--queue", "plain", "--tray", "main", "--duplex", "no", "--default").exit_code == 0
    said = run("printers").stdout
    assert "default, queue plain, tray main, prints one side, backs 0.4, -0.8 mm off" in said
    assert run("calibrate", "--save", "office", "--read", "C=1,1").exit_code == 0
    stored = json.loads(file.read_text())
    assert stored == {"office": {"right": 1, "down": 1, "scale": 100, "rotation": 0, "queue": "plain",
                                 "tray": "main", "duplex": False, "default": True}}  # fmt: skip
    assert run("printers", "set", "other", "--queue", "office", "--default").exit_code == 0
    assert json.loads(file.read_text())["office"].get("default") is None
    assert run("printers", "set", "office", "--tray", "", "--duplex", "auto").exit_code == 0
    assert "tray" not in json.loads(file.read_text())["office"]
    assert run("printers", "remove", "office").exit_code == 0
    assert [*json.loads(file.read_text())] == ["other"]
    assert "error[unknown-printer]" in run("printers", "remove", "office").stderr


@pytest.mark.parametrize(
    "words",
    [
        ["--cost-per-sheet", "dear"], ["--cost-per-sheet", "-1"], ["--cost-per-side", "nan"],
        ["--cost-per-side", "1e99"], ["--duplex", "maybe"], ["--queue", "a\nb"], [],
    ],
)  # fmt: skip
def test_profiles_that_cannot_be(words: list[str], run: Run) -> None:
    """Wrong usage, and nothing stored."""
    assert run("printers", "set", "x", *words).exit_code == 2
    assert "no profiles" in run("printers").stdout


@pytest.mark.parametrize(
    "entry",
    ['{"cost_per_sheet": "many"}', '{"queue": 5}', '{"duplex": "yes"}', '{"colour": 1}', '{"cost_per_side": [1]}', "[]"],
)
def test_a_file_of_profiles_that_makes_no_sense(entry: str, run: Run, tmp_path: Path) -> None:
    """A diagnostic that names the file."""
    file = tmp_path / "config" / "printers.json"
    file.parent.mkdir()
    file.write_text(f'{{"office": {entry}}}')
    done = run("print", pdf(tmp_path / "a.pdf", [A4]))
    assert done.exit_code == 1
    assert "printers.json:1:1: error[bad-profile]" in done.stderr
