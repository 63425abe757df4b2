"""What people read is plain English: every message and hint, the README and the docs."""

from __future__ import annotations

import ast
import importlib.util
import io
import re
import tokenize
from pathlib import Path
from types import ModuleType

import pytest
from plain import PATTERN

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "ARCHITECTURE.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]


def messages() -> ModuleType:
    """Return docs/messages.py as a module."""
    spec = importlib.util.spec_from_file_location("messages", ROOT / "docs/messages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_messages_is_current() -> None:
    """docs/messages.md has every message and hint of the code: `python docs/messages.py`."""
    assert (ROOT / "docs/messages.md").read_text("utf-8") == messages().page()


def test_a_message_is_found_wherever_its_words_are(tmp_path: Path) -> None:
    """A text given by itself, by a name, in two branches and by who calls a function."""
    code = '''
def one(place, many):
    message = "two of them" if many else "one of them"
    return error("a-code", message, place, "Write it again.")

def two(place, message):
    return error("a-code", message, place)

def three(place, name):
    return two(place, f"no {name} here")
'''
    module = messages()
    found = {text for _, texts in module.diagnostics(module.ast.parse(code), frozenset({"a-code"})) for text in texts}
    assert found == {"two of them", "one of them", "Write it again.", "no {name} here"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_words_that_read_like_a_translation_stay_out(page: Path) -> None:
    """Each has a plain one; code and what stands in quotes is not judged."""
    prose = re.sub(r"```.*?```|``.*?``|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.S)
    found = [
        f"{page.name}: ...{prose[max(0, match.start() - 30) : match.end() + 20]!r}"
        for match in PATTERN.finditer(prose)
    ]
    assert found == []


def _notes(path: Path) -> str:
    """Return the docstrings and comments of a module, without code in backticks."""
    text = path.read_text("utf-8")
    kept = [token.string for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.COMMENT]
    for node in ast.walk(ast.parse(text)):
        value = node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            kept.append(value.value)
    return re.sub(r"`[^`]*`", "", "\n".join(kept))


def test_docstrings_and_comments_are_in_the_same_english() -> None:
    """Of the program, as of the pages; a quotation is in backticks."""
    found = [
        f"{path.relative_to(ROOT)}: ...{notes[max(0, match.start() - 30) : match.end() + 20]!r}"
        for path in sorted((ROOT / "guide").rglob("*.py"))
        for notes in [_notes(path)]
        for match in PATTERN.finditer(notes)
    ]
    assert found == []
