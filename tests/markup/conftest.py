"""Small packs as documents, and the comparison with stored HTML."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from documents import load, make  # noqa: F401

GOLDEN = Path(__file__).with_name("golden")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that stores what was found as what is wanted."""
    parser.addoption("--update-golden", action="store_true", help="write tests/markup/golden anew")


def check_golden(found: str, path: Path, update: bool) -> None:
    """Compare with a stored file, whatever the digests of assets are; store it when asked to."""
    order: dict[str, str] = {}
    plain = re.sub(r"asset/[0-9a-f]{20}", lambda m: order.setdefault(m[0], f"asset/{len(order) + 1}"), found)
    if update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(plain, "utf-8")
        return
    if not path.is_file():
        pytest.fail(f"there is no {path.name}; make it: pytest --update-golden")
    wanted = path.read_text("utf-8")
    if wanted != plain:
        lines = difflib.unified_diff(wanted.splitlines(), plain.splitlines(), path.name, "found", lineterm="", n=1)
        pytest.fail("\n".join([*lines, "if this is right: pytest --update-golden"]))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return a function that compares a text with tests/markup/golden/<name>.html."""
    update = bool(request.config.getoption("--update-golden", default=False))
    return lambda name, found: check_golden(found, GOLDEN / f"{name}.html", update)


@pytest.fixture
def compare() -> Callable[[str, Path, bool], None]:
    """Return the comparison itself, to be tested."""
    return check_golden
