"""Text from elsewhere is printed as it was written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from imports import TEXTS, printing, words

from guide.exchange.reading.plain import as_markdown

@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(TEXTS)
@example("a\n- b\n1. c\n# d\n> e\n| f |\n|---|\n: g\n=====\n--- --")
@example("C:\\new\\table and \\(x\\) and \\[y\\]")
def test_a_plain_text_is_printed_as_it_was_written(make: Callable[..., Any], text: str) -> None:
    """No sign of a plain text is read as markup, in one line or in several."""
    document = printing(make)
    shown = words(str(document.flowing(as_markdown(text))))
    assert shown == " ".join(text.split())
