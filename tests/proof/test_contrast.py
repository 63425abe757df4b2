"""Text too pale for its background, on laid-out pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guide.diagnostics.diagnostic import Severity
from guide.model.artifacts import Html, OfCss, Pdf
from guide.proof.trouble import contrast

Page = Callable[..., Html]
Typeset = Callable[[Html], Pdf]


def colour(text: str) -> tuple[float, float, float]:
    red, green, blue = (int(text[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return red, green, blue


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [("#ffffff", "#000000", 21.0), ("#777777", "#ffffff", 4.48), ("#767676", "#ffffff", 4.54), ("#ff0000", "#ffffff", 4.0), ("#123456", "#123456", 1.0)],
)
def test_the_ratio_is_that_of_wcag(first: str, second: str, ratio: float) -> None:
    """Known pairs, either way round."""
    assert contrast(colour(first), colour(second)) == pytest.approx(ratio, abs=0.01)
    assert contrast(colour(second), colour(first)) == pytest.approx(ratio, abs=0.01)


DARK = '<div style="background: #222222">{}</div>'
GOOD = [
    '<p style="color: #767676">Text</p>',
    '<p style="color: #949494; font-size: 18pt">Text</p>',
    '<p style="color: #949494; font-size: 14pt; font-weight: bold">Text</p>',
    DARK.format('<p style="color: #ffffff">Text</p>'),
    '<p style="color: #ffffff; visibility: hidden">Text</p><p>A</p>',
    '<p style="color: transparent">Text</p>',
    # Over another box, by position: what lies behind it is not what it stands in.
    '<div style="background: #222222; height: 20mm"></div><p style="color: #ffffff; margin-top: -15mm">Text</p>',
]
BAD = [
    ('<p data-at="x" style="color: #777777">Text</p>', "#777777 on #ffffff has a contrast of 4.5:1; 4.5:1"),
    ('<p data-at="x" style="color: #999999; font-size: 18pt">Text</p>', "#999999 on #ffffff has a contrast of 2.8:1; 3:1"),
    (DARK.format('<p data-at="x" style="color: #333333">Text</p>'), "#333333 on #222222"),
    ('<p data-at="x" style="color: rgba(0, 0, 0, .3)">Text</p>', "#b2b2b2 on #ffffff"),
    ('<div style="opacity: .3"><p data-at="x" style="color: #000000">Text</p></div>', "#b2b2b2 on #ffffff"),
    ('<div style="background: rgba(0, 0, 0, .5)"><p data-at="x" style="color: #333333">Text</p></div>', "#333333 on #808080"),
    ('<div style="background: #222222"><div style="background: #ffffff"><p data-at="x" style="color: #eeeeee">Text</p></div></div>', "#eeeeee on #ffffff"),
]  # fmt: skip


@pytest.mark.parametrize("body", GOOD)
def test_what_can_be_read_is_no_fault(body: str, page: Page, typeset: Typeset) -> None:
    """4.5:1, or 3:1 for large type; on its own ground or another's."""
    assert [fault for fault in typeset(page(body)).faults if fault.code != "lost-content"] == []


@pytest.mark.parametrize(("body", "message"), BAD)
def test_pale_text_is_a_warning_at_its_item(body: str, message: str, page: Page, typeset: Typeset) -> None:
    """The colours as they are seen, through what lets them through."""
    (fault,) = [each for each in typeset(page(body)).faults if each.code != "unreadable-text"]  # below 1.5:1
    assert (fault.code, fault.at, fault.severity, fault.word) == ("low-contrast", "x", Severity.WARNING, "Text")
    assert message in fault.message


def test_a_pair_of_colours_is_told_once_where_it_is_declared(page: Page, typeset: Typeset) -> None:
    """In a stylesheet of the pack's own, at the line; comments do not count."""
    css = "/* color: #aaaaaa */\np {\n  color: #aaaaaa;\n}"
    (fault,) = typeset(page("<p>One</p><p>Two</p>", css)).faults
    assert fault.cause == OfCss("own.css", 3, 3)


def test_one_fault_for_each_pair(page: Page, typeset: Typeset) -> None:
    """Two colours are two faults, each at its first text."""
    body = '<p data-at="a" style="color: #aaaaaa">One</p><p data-at="b" style="color: #bbbbbb">Two</p><p data-at="c" style="color: #aaaaaa">Three</p>'
    assert [fault.at for fault in typeset(page(body)).faults] == ["a", "b"]
