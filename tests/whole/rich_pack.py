"""A pack with one of everything that can be printed, on few pages."""

from __future__ import annotations

from pathlib import Path

from pictures import drawing, photo, saved

_SENTENCE = "The Sun Force stood there on that day, and what it did is told in this sentence again. "
_ROWS = "".join(f"| Day {n} | {n * 7} | told by **somebody** |\n" for n in range(1, 41))

RICH = {
    "pack.yaml": (
        "format: 1\ntitle: A Rich Pack\nsubtitle: With one of everything\nlang: en\ndate: 2026-11-01\n"
        "version: '1.2'\nauthors: [A. Writer, B. Reader]\npublisher: Training Branch\nmarking: FOR TRAINING\n"
        "summary: A pack for tests.\nurl: https://example.org/pack\n"
        "documents:\n  briefing: {}\n  flashcards: {stock: a7, front_lang: de, back_lang: en, title-card: true,\n"
        "    contents-card: true, derive: [glossary, timeline, actors, facts, questions]}\n  handout: {}\n"
        "  handout-notes: {}\n  worksheet: {}\n  quiz: {answer-sheet: true}\n  planner: {rest: [sat, sun]}\n"
    ),
    "sections/10-one.md": (
        "---\ntitle: The beginning of it\nid: one\nsummary: How it began.\nobjectives: [Know it., Tell it.]\n"
        "key_points: [It is so., It was so.]\ntags: [core]\n---\n"
        "## First head\n\nThe Sun Force is here [@k1, p. 3]; see @fig-one and @tbl-one.[^1] He said [Guten Tag]{lang=de}\n"
        "to `all` of **them**, and [a site with a rather long name that is printed over more than one line of\n"
        "text](https://example.org/site){.qr} says more.\n\n[^1]: A note with *emphasis* and [@k1].\n\n"
        "![A figure.](figures/one.vl.yaml){#fig-one}\n\n"
        "| Day | Number | Who |\n|---|--:|---|\n" + _ROWS + ": A long table {#tbl-one}\n\n"
        "::: note Mind\nA box with $x^2$ inside.\n:::\n\n::: warning\nA warning.\n:::\n\n"
        "### Lower head\n\n- one\n  - nested one\n  - nested two\n- two\n\n1. first\n2. second\n\n"
        "- [ ] open\n- [x] done\n\nTerm\n: What it means.\n: And more.\n\nOther\n: Something else.\n\n"
        "> A quotation of some words.\n\n$$\\frac{a}{b}$$\n\n```python\ndef f(x):  # comment\n    return \"s\" + str(1)\n```\n\n"
        + _SENTENCE * 42 + "\n"
    ),
    "sections/20-two.md": (
        "---\ntitle: The end\nid: two\n---\n## Second head\n\nThe Actor left in **1999** [@k1]. ![](figures/deco.svg){.inline-image "
        "decorative=true}\n\n"
        '![A photo of the valley.](figures/valley.jpg){#fig-valley width=60mm alt="a valley"}\n\n'
        '![The plan of the camp.](figures/plan.png){#fig-plan width=30mm alt="a plan"}\n'
    ),
    "figures/one.vl.yaml": (
        "description: Two bars, one of 3 and one of 5.\n"
        "data: {values: [{a: x, b: 3}, {a: y, b: 5}]}\nmark: bar\nwidth: 200\nheight: 100\n"
        "encoding: {x: {field: a, type: nominal}, y: {field: b, type: quantitative}}\n"
    ),
    "figures/deco.svg": (
        '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><circle cx="10" cy="10" r="8" fill="#1f4e79"/></svg>'
    ),
    "timeline.yaml": (
        "- {date: 1999-03-24, end: 1999-06-10, title: The event, detail: It took long., sources: [k1], tags: [core]}\n"
        "- {date: 1999-06-12, title: Another event, sources: [k1]}\n- {date: 2001, title: A later one, sources: [k1]}\n"
    ),
    "glossary.yaml": (
        "- {term: Sun Force, abbreviation: SF, aliases: [Force of the Sun], definition: A force., sources: [k1], tags: [core]}\n"
        "- {term: Moon Force, definition: Another force., sources: [k1]}\n"
    ),
    "actors.yaml": (
        "- {name: The Actor, abbreviation: TA, kind: state, role: Acts., detail: Much., from: 1990, sources: [k1]}\n"
        "- {name: The Other, kind: organisation, role: Acts too., sources: [k1]}\n"
    ),
    "facts.yaml": "- {label: Days, value: 78, unit: days, as_of: 1999, sources: [k1], tags: [core]}\n",
    "cards.yaml": (
        "- {front: Vorderseite, back: Back side, hint: a hint, sources: [k1], tags: [core]}\n"
        '- {cloze: "It lasted {{78::number}} days.", sources: [k1]}\n'
        "- {front: Mit Liste, back: \"- one\\n- two\", sources: [k1]}\n"
        "- {front: Welches Tal?, back: The valley., image: figures/valley.jpg, sources: [k1]}\n"
        '- {front: "Was zeigt ![plan](figures/plan.png){width=20mm}?", back: "A plan ![](figures/veil.png){width=10mm '
        'decorative=true}", sources: [k1]}\n'
    ),
    "questions.yaml": (
        "- {prompt: Which?, options: [aa, bb, cc], answer: bb, explanation: So it is., sources: [k1]}\n"
        "- {prompt: Which two?, options: [aa, bb, cc, dd], answer: [bb, cc], sources: [k1]}\n"
        "- {prompt: Is it so?, type: true-false, answer: true, sources: [k1]}\n"
        "- {prompt: Say why., type: short, answer: Because., lines: 3, sources: [k1]}\n"
        "- {prompt: Match them., type: match, pairs: {one: eins, two: zwei, three: drei}, sources: [k1]}\n"
        '- {prompt: "What is this: ![a plan](figures/plan.png){width=20mm}", type: short, answer: A plan., sources: [k1]}\n'
        "- {prompt: Order them., type: order, items: [first, second, third], sources: [k1]}\n"
    ),
    "sources.yaml": "- {id: k1, type: book, title: A Book, author: 'Smith, Jane', issued: 1999, URL: 'https://example.org/b'}\n",
}


def figures() -> dict[str, bytes]:
    """Return the pictures of pixels: a photo, a plan in black and white, one with transparent parts."""
    veil = photo(90, 60).convert("RGBA")
    veil.putalpha(photo(90, 60).convert("L"))
    return {
        "figures/valley.jpg": saved(photo(600, 400), "JPEG", quality=85),
        "figures/plan.png": saved(drawing(1400, 1050).convert("1"), "PNG"),
        "figures/veil.png": saved(veil, "PNG"),
    }


def write(folder: Path) -> Path:
    """Write the pack into a folder and return it."""
    for name, text in RICH.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for name, data in figures().items():
        (folder / name).write_bytes(data)
    return folder
