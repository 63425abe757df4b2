"""A pack with a card of every layout, and real Anki in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from documents import load, make  # noqa: F401
from pictures import drawing, saved

ROOT = Path(__file__).parents[2]
JUDGE = Path(__file__).parent / "anki_judge.py"
PACK = {
    "pack.yaml": "format: 1\ntitle: Water\nversion: '1.0'\ndate: 2026-01-10\nmarking: FOR TRAINING\n"
    "documents: {flashcards: {derive: [glossary, timeline, actors, facts, questions]}, quiz: {}}\n"
    "editions: {short: {tags: [core]}}\n",
    "cards.yaml": (
        "- {id: melt, front: At what **temperature** does ice melt?, back: '0 °C & 273 K', hint: Celsius, reverse: true,"
        " tags: [ice, core], sources: ['k1, p. 3']}\n"
        "- {id: drop, front: 'How large is $r^2<4$?', back: 'Small: $$\\frac{1}{2}$$', image: figures/drop.png, sources: [k1]}\n"
        "- {id: gaps, cloze: 'Water is {{c1::H~2~O::formula}}, and $E = {{c2::mc^{2}}}$ holds; so does {{c1::**this**}}.'}\n"
        "- {id: turn, front: Which way?, back: '![The arrow](figures/drop.png)', tags: [core]}\n"
        "- {id: agua, front: el agua, back: water, front_lang: es, back_lang: en}\n"
    ),
    "glossary.yaml": "- {id: dew, term: Dew, abbreviation: D, definition: Water on grass., sources: [k1]}\n",
    "timeline.yaml": "- {id: flood, date: 1953-01-31, title: The flood, detail: In the night.}\n",
    "actors.yaml": "- {id: office, name: The Office, kind: agency, role: Measures., from: 1990}\n",
    "facts.yaml": "- {id: sea, label: Water in the sea, value: 97, unit: '%', as_of: 2020}\n",
    "questions.yaml": (
        "- {id: choice, prompt: 'Where is *most* water?', options: [In the sea, 'In lakes: {a} = b', In ice], answer: In the sea,"
        " explanation: About 97 %., points: 2, level: 3, tags: [core]}\n"
        "- {id: several, prompt: Which are solid?, options: [Ice, Snow, Steam], answer: [Ice, Snow]}\n"
        "- {id: truth, type: true-false, prompt: 'Ice floats: $\\rho_1<\\rho_2$.', answer: true, explanation: It is lighter.}\n"
        "- {id: short, type: short, prompt: 'Name the gas ![A drop](figures/drop.png)', answer: Vapour}\n"
        "- {id: match, type: match, prompt: Match., pairs: {solid: ice, liquid: water, gas: vapour}}\n"
        "- {id: order, type: order, prompt: Coldest first., items: [ice, water, steam]}\n"
    ),
    "sources.yaml": "- {id: k1, type: book, title: A Book, author: 'Smith, Jane', issued: 1999}\n",
}


def write(folder: Path, **changed: str) -> Path:
    """Write the pack into a folder; `cards_yaml` is another cards.yaml."""
    files = PACK | {name.replace("_", "."): text for name, text in changed.items()}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "figures").mkdir(exist_ok=True)
    (folder / "figures/drop.png").write_bytes(saved(drawing(40, 30), "PNG"))
    return folder


@pytest.fixture
def water(tmp_path: Path) -> Path:
    """The pack."""
    return write(tmp_path / "water")


Ask = Callable[..., list[Any]]


@pytest.fixture(scope="session")
def anki() -> Ask:
    """Real Anki: called with a collection and steps, it returns the answers. `.ci/judges` installs it."""
    folder = Path(os.environ.get("GUIDE_TEST_ANKI", ROOT / ".venv/anki"))
    python = folder / "bin/python"
    if not python.exists():
        pytest.skip(".ci/judges installs Anki for this test")

    def ask(collection: Path, *steps: dict[str, Any]) -> list[Any]:
        run = subprocess.run([python, JUDGE, collection], input=json.dumps(steps), capture_output=True, text=True, check=True)
        return [json.loads(line) for line in run.stdout.splitlines()]

    return ask
