"""What a reader sees of numbers, scripts, notes, lists and tags, read from the finished PDFs."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from click.testing import CliRunner

from guide.cli import guide

FILES = {
    "pack.yaml": "format: 1\ntitle: Gesetz\nlang: de\ndate: 2026-11-01\n"
    "documents: {briefing: {}, flashcards: {}, quiz: {}}\n",
    "sections/10-a.md": """---
title: "CO~2~ und $E = mc^2$"
summary: "24. März 1999 begann es."
key_points: ["> 4500 Mann"]
---
1945. Der Krieg endet.

1. Absatz
   1. erstens
      1. ganz unten
      2. und weiter
   2. zweitens
2. Ende

4. vier
5. fünf
7. sieben

## Paragraph 9(c) mit Note[^n]

Es kostet $10-$20 im Jahr.<!-- geheim -->

[^n]: Eine Note

    - mit Liste
""",
    "facts.yaml": '- {label: Stärke, value: "> 4*500*", unit: Mann}\n',
    "glossary.yaml": "- term: Dosis\n  definition: |\n    Eine Menge:\n\n    - klein\n    - gross\n",
    "questions.yaml": """
- prompt: |
    Was druckt es?

    ```python
    print(1)
    ```
  options: ["# 2", "1) 11", "9(c)"]
  answer: "9(c)"
  explanation: "24. März"
""",
    "cards/a.csv": 'front,back\nWas ist <b>KFOR</b>?,"Eine Truppe<br>seit 1999&nbsp;an"\nSchritte,"• eins\n• zwei"\n'
    "Jahr?,1860.\nGrad?,+ 5 Grad\n",
}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the pack once, and return the folder of its documents."""
    folder = tmp_path_factory.mktemp("written") / "gesetz"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    out = folder.parent / "out"
    result = CliRunner().invoke(guide, ["build", str(folder), "-o", str(out), "--jobs", "1"], prog_name="guide")
    assert result.exit_code == 0, result.output
    return out / "gesetz"


def lines(path: Path) -> list[str]:
    """Return the lines of a PDF as a reader sees them."""
    found = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path)]
    return [" ".join(line.split()) for line in "\n".join(found).splitlines() if line.strip()]


def test_the_briefing_prints_numbers_as_written(printed: Path) -> None:
    """Dates keep their numbers, lists begin where they are written, laws are numbered as laws."""
    found = lines(printed / "briefing.pdf")
    for line in ["24. März 1999 begann es.", "1945. Der Krieg endet.", "1. Absatz", "(a) erstens", "(i) ganz unten",
                 "(ii) und weiter", "(b) zweitens", "2. Ende", "4. vier", "5. fünf", "7. sieben", "• mit Liste",
                 "Es kostet $10-$20 im Jahr.", "• klein", "• gross", "print(1)"]:  # fmt: skip
        assert line in found, (line, found)
    assert "> 4*500* Mann" in found
    assert not any("geheim" in line or "9©" in line or "python" in line for line in found)


def test_a_note_in_a_heading_looks_like_any_other(printed: Path) -> None:
    """The note of a heading is set in the regular text face, not in the bold one of the heading."""
    fonts = {}
    for page in pypdfium2.PdfDocument(printed / "briefing.pdf"):
        words = page.get_textpage()
        for item in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT], textpage=words):
            fonts[item.extract().strip()] = item.get_font().get_base_name()
    assert "Bold" not in next(font for text, font in fonts.items() if "Eine Note" in text)
    assert "Bold" in next(font for text, font in fonts.items() if "9(c) mit" in text)


def test_titles_are_read_in_bookmarks_and_running_heads(printed: Path) -> None:
    """A formula in a title is words where no picture can be."""
    with pikepdf.open(printed / "briefing.pdf") as pdf, pdf.open_outline() as outline:
        titles = [item.title for item in outline.root]
    assert "CO2 und E = mc²" in titles
    assert "CO2 und E = mc² Gesetz" in lines(printed / "briefing.pdf")


def test_cards_print_cells_as_written(printed: Path) -> None:
    """Breaks and bullets of a cell, a number, a sign and the value of a fact are on the card."""
    found = lines(printed / "flashcards-screen.pdf")
    for line in ["Was ist KFOR?", "Eine Truppe", "seit 1999 an", "• eins", "• zwei", "1860.", "+ 5 Grad", "> 4*500* Mann"]:
        assert line in found, (line, found)


def test_the_quiz_sets_code_as_a_block(printed: Path) -> None:
    """Code in a question has its own line, and signs in options are printed."""
    found = lines(printed / "quiz.pdf")
    assert "print(1)" in found and any(line.endswith("Was druckt es?") for line in found)
    text = " ".join(found)
    assert "# 2" in text and "1) 11" in text and "9(c)" in text
    assert any("24. März" in line for line in lines(printed / "quiz-answers.pdf"))
