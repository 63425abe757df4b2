"""Fixtures for all stages: a cache of the session's own, and a small pack."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import settings

from guide.system import sandbox

sys.path.insert(0, str(Path(__file__).parent))  # tests/support.py
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci")

if threading.current_thread() is threading.main_thread():
    # Under nohup, or in the background of a script, signals are ignored, and the commands that tests start
    # would inherit that. A handler is not inherited; and this process still ignores the signal.
    for _name in ("SIGINT", "SIGHUP", "SIGTERM", "SIGQUIT"):
        if signal.getsignal(getattr(signal, _name)) == signal.SIG_IGN:
            signal.signal(getattr(signal, _name), lambda *_: None)

SMALL = {
    "pack.yaml": (
        "format: 1\ntitle: A Small Pack\nlang: en\ndate: 2026-11-01\nauthors: [A. Writer]\n"
        "documents: {briefing: {}, flashcards: {}}\n"
        "marking: FOR TRAINING\nsummary: A pack for tests.\n"
        "editions:\n  short: {tags: [core]}\n"
    ),
    "sections/10-one.md": (
        "---\ntitle: One\nid: one\nobjectives: [Know it.]\nkey_points: [It is so.]\ntags: [core]\n---\n"
        "## Head\n\nThe Sun Force is here [@k1, p. 3]; see @fig-one and @tbl-one.\n\n"
        "![A figure.](figures/one.vl.yaml){#fig-one}\n\n"
        "| a | b |\n|---|---|\n| left cell | right cell |\n| third | fourth |\n: A table. {#tbl-one}\n\n"
        "::: note Mind\nA box with $x^2$ inside.\n:::\n"
    ),
    "figures/one.vl.yaml": (
        "description: Two bars, one of 3 and one of 5.\n"
        "data: {values: [{a: x, b: 3}, {a: y, b: 5}]}\nmark: bar\nwidth: 200\nheight: 100\n"
        "encoding: {x: {field: a, type: nominal}, y: {field: b, type: quantitative}}\n"
    ),
    "timeline.yaml": "- {date: 1999-03-24, end: 1999-06-10, title: The event, sources: [k1], tags: [core]}\n",
    "glossary.yaml": "- {term: Sun Force, abbreviation: SF, definition: A force., sources: [k1], tags: [core]}\n",
    "actors.yaml": "- {name: The Actor, kind: state, role: Acts., from: 1990, sources: [k1]}\n",
    "facts.yaml": "- {label: Days, value: 78, unit: days, as_of: 1999, sources: [k1]}\n",
    "cards.yaml": (
        "- {front: FRONTWORD one, back: BACKWORD one, sources: [k1], tags: [core]}\n"
        '- {cloze: "It lasted {{78::number}} days.", sources: [k1]}\n'
    ),
    "questions.yaml": "- {prompt: Which?, options: [aa, bb, cc], answer: bb, sources: [k1]}\n",
    "sources.yaml": "- {id: k1, type: book, title: A Book, author: 'Smith, Jane', issued: 1999}\n",
}


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["GUIDE_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))
    os.environ.pop("GUIDE_DEBUG", None)
    # Builds that tests start in this process stay in it; those of the command as a process do not.
    sandbox.here = True


@pytest.fixture
def small_pack(tmp_path: Path) -> Path:
    """A pack with one of everything, in a separate folder."""
    folder = tmp_path / "small"
    for name, text in SMALL.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder
