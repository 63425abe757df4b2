"""Personal copies of a briefing, each typeset again: with WeasyPrint, or with Typst.

python briefing_script.py weasyprint|typst PACK OUT COPIES

What an afternoon's script does: sections as prose, timeline, glossary and sources as tables, and the
addressee at the foot of every page. No citations, index, figures, tags or links are made.
"""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

import yaml
from markdown_it import MarkdownIt

FONTS = "'Gentium Book Plus', serif"
CSS = """
@page { size: A4; margin: 25mm 22mm; @bottom-center { content: "%s"; font: 8pt 'Source Sans 3' }
  @bottom-right { content: "page " counter(page) " of " counter(pages); font: 8pt 'Source Sans 3' } }
body { font: 10.5pt/1.5 'Gentium Book Plus', serif; hyphens: auto }
h1 { break-before: page; font: 700 20pt 'Source Sans 3' } h2 { font: 700 12pt 'Source Sans 3' }
table { border-collapse: collapse; width: 100%% } td { border-bottom: .4pt solid #ccc; padding: 1mm;
  vertical-align: top }
"""
TYPST = """
#set page(paper: "a4", margin: (x: 22mm, y: 25mm), footer: context [
  #set text(size: 8pt, font: "Source Sans 3")
  #h(1fr) %s #h(1fr) page #counter(page).display() of #counter(page).final().first()])
#set text(font: "Gentium Book Plus", size: 10.5pt, lang: "en", hyphenate: true)
#set par(leading: .75em, justify: false)
#show heading: set text(font: "Source Sans 3")
#set table(stroke: (bottom: .4pt + gray), inset: 1mm)
"""
_SPECIAL = re.compile(r"([\\#*_`$<>@\[\]~=+\-/\"'])")


def content(pack: Path) -> tuple[list[tuple[str, str]], list[tuple[str, list[tuple[str, str]]]]]:
    """Return the sections (title, Markdown), and tables (title, rows of two cells)."""
    sections = []
    for path in sorted(pack.glob("sections/*.md")):
        head, _, body = path.read_text("utf-8").removeprefix("---\n").partition("\n---\n")
        body = re.sub(r"(?m)^:::.*$", "", re.sub(r"\[@[^\]]*\]|\{[^}]*\}", "", body))
        sections.append((str(yaml.safe_load(head)["title"]), body))
    tables = []
    for name in ("timeline", "glossary", "actors", "sources"):
        path = pack / f"{name}.yaml"
        if not path.is_file():
            continue
        entries = yaml.safe_load(path.read_text("utf-8"))
        rows = entries.items() if isinstance(entries, dict) else ((e, e) for e in entries)
        table = []
        for key, entry in rows:
            values = [str(v) for v in entry.values()] if isinstance(entry, dict) else [str(entry)]
            table.append((values[0] if not isinstance(key, str) else key, " ".join(values[1:])))
        tables.append((name.capitalize(), table))
    return sections, tables


def with_weasyprint(pack: Path, out: Path, copies: int) -> None:
    """Write each copy from HTML."""
    import weasyprint

    markdown = MarkdownIt().enable("table")
    sections, tables = content(pack)
    for n in range(1, copies + 1):
        parts = [f"<h1>{html.escape(t)}</h1>{markdown.render(body)}" for t, body in sections]
        for title, rows in tables:
            cells = "".join(
                f"<tr><td>{html.escape(a)}<td>{html.escape(b)}" for a, b in rows
            )
            parts.append(f"<h1>{title}</h1><table>{cells}</table>")
        who = f"Copy {n} of {copies} · Person Number {n} · Organisation {n}"
        page = f"<html lang=en><style>{CSS % who}</style>{''.join(parts)}"
        weasyprint.HTML(string=page).write_pdf(out / f"copy-{n}.pdf")


def with_typst(pack: Path, out: Path, copies: int) -> None:
    """Write each copy from Typst's markup; every file is compiled by itself."""
    import typst

    def plain(text: str) -> str:
        return _SPECIAL.sub(r"\\\1", text)

    sections, tables = content(pack)
    parts = []
    for title, body in sections:
        parts.append(f"#pagebreak(weak: true)\n= {plain(title)}\n")
        for block in re.split(r"\n\s*\n", body):
            head = re.match(r"#+ (.*)", block)
            parts.append(f"== {plain(head[1])}\n" if head else plain(" ".join(block.split())) + "\n")
    for title, rows in tables:
        cells = "".join(f"[{plain(a)}],[{plain(b)}],\n" for a, b in rows)
        parts.append(f"#pagebreak(weak: true)\n= {title}\n#table(columns: (1fr, 4fr), {cells})\n")
    for n in range(1, copies + 1):
        who = f"Copy {n} of {copies} · Person Number {n} · Organisation {n}"
        source = out / f"copy-{n}.typ"
        source.write_text(TYPST % who + "\n".join(parts), "utf-8")
        typst.compile(str(source), output=str(out / f"copy-{n}.pdf"))


if __name__ == "__main__":
    how, folder, target, number = sys.argv[1:]
    Path(target).mkdir(parents=True, exist_ok=True)
    program = {"weasyprint": with_weasyprint, "typst": with_typst}[how]
    program(Path(folder), Path(target), int(number))
