"""What readers of an earlier version are told: a page, bars, dots in the contents, changes.json, sheets to print again."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pdfua
import pikepdf
import pypdfium2
import pytest
from click.testing import CliRunner, Result

from guide.cli import guide

PACK = {
    "pack.yaml": "format: 1\ntitle: Water\nversion: '1.0'\ndate: 2026-01-10\neditions: {short: {tags: [core]}}\n"
    "documents: {briefing: {}, flashcards: {derive: [], stock: a7}}\n",
    "sections/10-rain.md": "---\ntitle: Rain\n---\n\nThe first paragraph stays.\n\nThe second has a mistake.\n\n- one\n- two\n",
    "glossary.yaml": "- {term: Dew, definition: Water on gras., tags: [core]}\n- {term: Fog, definition: A cloud.}\n",
    "facts.yaml": "- {label: Sea, value: 97, unit: '%'}\n- {label: Ice, value: 2, unit: '%'}\n",
    "timeline.yaml": "- {date: 1953, title: A flood}\n",
    "cards.yaml": "".join(f"- {{front: What is number {n} of all?, back: It is {n * n}.}}\n" for n in range(1, 21)),
}
SINCE = "Changes since version 1.0"


def run(*arguments: Any) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(guide, [str(each) for each in arguments])


def edit(folder: Path, name: str, *pairs: str) -> None:
    """Replace texts in a file, in pairs of old and new."""
    text = (folder / name).read_text()
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    (folder / name).write_text(text)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Result]:
    """A pack that was released and edited, the folder of its build since then, and what was reported."""
    folder = tmp_path_factory.mktemp("changes") / "water"
    for name, text in PACK.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    assert run("release", folder).exit_code == 0
    edit(folder, "pack.yaml", "'1.0'", "'1.1'")
    edit(folder, "sections/10-rain.md", "a mistake", "none now", "- two", "- two and a half")
    edit(folder, "glossary.yaml", "gras.", "grass.", "- {term: Fog, definition: A cloud.}\n", "")
    edit(folder, "facts.yaml", "97", "96.5")
    edit(folder, "cards.yaml", "number 3 of", "the number 3 of", "It is 400.", "It is 400!")
    with (folder / "timeline.yaml").open("a") as stream:
        stream.write("- {date: 1962, title: Another flood}\n")
    out = folder.parent / "out"
    result = run("build", folder, "-o", out, "--since", "1.0", "--jobs", "1")
    assert result.exit_code == 0, result.output
    return folder, out / "water", result


def pages_of(path: Path) -> list[str]:
    """Return the text of each page."""
    document = pypdfium2.PdfDocument(path)
    return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def test_the_page_lists_new_changed_and_removed(built: tuple[Path, Path, Result]) -> None:
    """Part by part, with the earlier wording, and a line in the contents."""
    pages = pages_of(built[1] / "briefing.pdf")
    page = next(text for text in pages[2:] if SINCE in text)
    assert SINCE in pages[1]
    for words in ("Changed Rain", "Changed Dew – Water on grass. Before: Dew – Water on gras.", "Removed Fog – A cloud.",
                  "Changed Sea – 96.5 – % Before: Sea – 97 – %", "New Another flood", "Before: What is number 3 of all? – It is 9."):  # fmt: skip
        assert words in page, (words, page)
    assert "A flood" not in page


def test_bars_are_beside_what_changed(built: tuple[Path, Path, Result]) -> None:
    """One a paragraph or item, with a text for those who listen; the file stays accessible."""
    with pikepdf.open(built[1] / "briefing.pdf") as pdf:
        said = [str(each.get("/Alt", "")) for each in pdf.objects
                if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/Figure"]  # fmt: skip
    # Beside: the second paragraph, an item of the list, Dew, Sea, Another flood; in the contents: five.
    assert said.count("Changed since version 1.0") >= 4 and said.count("New since version 1.0") == 1, said
    report = pdfua.validate(str(built[1] / "briefing.pdf"))
    assert [str(each) for each in report.findings if each.severity == pdfua.Severity.ERROR] == []


def test_changes_json_and_sheets(built: tuple[Path, Path, Result]) -> None:
    """Programs read the same, and a deck names the sheets to print again."""
    folder, out, result = built
    told = json.loads((out / "changes.json").read_text())
    assert told["since"] == "1.0"
    found = {(each["change"], each["part"]) for each in told["items"]}
    assert found == {("changed", "sections"), ("changed", "glossary"), ("removed", "glossary"), ("changed", "facts"),
                     ("new", "timeline"), ("changed", "cards")}  # fmt: skip
    assert "note[changed-cards]: 2 cards are new or changed since 1.0: on sheets 1, 3" in result.output
    assert "changes.json" in (out / "build.json").read_text()
    cards = [each["id"] for each in told["items"] if each["part"] == "cards"]
    assert cards == ["what-is-number-3-of-all", "what-is-number-20-of-all"]  # known by the lock


def test_a_build_and_a_revision_are_earlier_states_too(built: tuple[Path, Path, Result], tmp_path: Path) -> None:
    """The build.json of a pack with a lock, and git; an edition has its own items alone."""
    folder, out, _ = built
    with_lock = json.loads((out / "changes.json").read_text())["items"]
    for arguments in (["init", "-q"], ["add", "-A"], ["-c", "user.email=a@b.c", "-c", "user.name=n", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", folder, *arguments], check=True)
    run("build", folder, "-o", tmp_path / "now", "--only", "briefing", "--jobs", "1", "--since", "HEAD")
    assert json.loads((tmp_path / "now/water/changes.json").read_text()) == {"since": "HEAD", "items": []}
    run("build", folder, "-o", tmp_path / "b", "--only", "briefing", "--jobs", "1", "--since", out / "build.json")
    assert json.loads((tmp_path / "b/water/changes.json").read_text()) == {"since": "1.1", "items": []}
    run("build", folder, "-o", tmp_path / "e", "--only", "briefing", "--jobs", "1", "--since", "1.0", "--edition", "short")
    short = json.loads((tmp_path / "e/water/short/changes.json").read_text())["items"]
    assert [each for each in with_lock if each["id"] == "dew"] == short
    refused = run("release", folder)
    assert refused.exit_code == 0 and re.search(r"version 1.1 released, \d+ items \(items: 1 new, 5 changed, 1 removed\)", refused.output)
    edit(folder, "facts.yaml", "96.5", "96")
    again = run("release", folder)
    assert again.exit_code == 1 and "pack.yaml:3:10: error[version-released]: version 1.1 was released on 2026-01-10" in again.output


def test_a_qr_code_leads_to_the_note(tmp_path: Path) -> None:
    """On each back, with the id of its item; both cards of a reversed one lead to one note; without {id} it is refused."""
    folder = tmp_path / "qr"
    folder.mkdir()
    deck = "documents: {flashcards: {qr: 'https://school.example/%s', derive: [glossary]}}\n"
    (folder / "pack.yaml").write_text("format: 1\ntitle: T\n" + deck % "{id}")
    (folder / "cards.yaml").write_text("- {id: a, front: One, back: Eins, reverse: true}\n")
    (folder / "glossary.yaml").write_text("- {id: dew, term: Dew, definition: Water on grass.}\n")
    run("build", folder, "-o", tmp_path, "--jobs", "1")
    with pikepdf.open(tmp_path / "qr/flashcards-screen.pdf") as pdf:
        said = [str(each.get("/Alt", "")) for each in pdf.objects
                if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/Figure"]  # fmt: skip
    assert sorted(said) == [f"QR code for https://school.example/{name}" for name in ("a", "a", "card-dew")]
    (folder / "pack.yaml").write_text("format: 1\ntitle: T\n" + deck % "all")
    assert "error[bad-value]: `https://school.example/all` is not an address with {id} in it" in run("build", folder).output
