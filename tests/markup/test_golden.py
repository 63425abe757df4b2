"""Every feature of the Markdown, as stored HTML; and the comparison with what is stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SVG = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 10'><title>A map</title></svg>"
SOURCES = "- id: s\n  title: Source\n  issued: 1999\n- id: t\n  title: Other\n  issued: 2001\n"
GLOSSARY = (
    "- term: enclave\n  definition: d\n- term: Kosovo Force\n  abbreviation: KFOR\n  definition: d\n"
)

TEXTS = """\
Plain *emphasis*, **strong**, ~~struck~~, `code`, a\\
hard break and \\*escaped\\* signs: a < b & "quoted" 'text' -- dash --- long... 5 +- 1.

# Head {#sec-head}

## Below

A [span]{.small} and [link](https://example.org/a?b=1&c=2), again [link](https://example.org/a?b=1&c=2),
[with a code](https://example.org/q){.qr}, <https://example.org/auto>, [inside](#sec-head).

> A quotation.
> In two lines.

---

Cited [@s], [see @t, p. 3; @s, ch. 2]; see @sec-head, @sec-2, @fig-map, @tbl-t.
A [[enclave]], [[Kosovo Force|the force]], KFOR again, [[none]].

A note.[^1] And one more.[^long]

[^1]: The *note* with [@t].
[^long]: First paragraph.

    Second paragraph.
"""
BLOCKS = """\
- one
- two
  - nested
    1. numbered
    2. twice

3. from three
4. on

- [ ] open
- [x] done

Term
:   Definition one

    with a paragraph.

Other
:   Definition two

| Left | Right | Centre |
|:-----|------:|:------:|
| a    | 1     | `x|y`  |
| KFOR | **2** | [@s]   |
: Caption with *emphasis* {#tbl-t}

| a | b |
|---|---|
| 1 | 2 |

![The caption [@s]](figures/m.svg){#fig-map width=80%}

![](figures/m.svg){decorative=true}

Inline ![icon](figures/m.svg){height=5mm alt="An icon"} picture, and one that is ![lost](figures/none.png).

```python
def f(x): return "<" + x
```

```
plain & <b>
```

    indented

Inline $x^2$ and

$$\\frac{a}{b}$$

::: note
A note.
:::

::: warning Take *care*
Two blocks.

- list
:::

::: {.key title="Titled"}
Key.
:::

::: tip
:::

::: example
E
:::

::: question
Q
:::

::: disputed
D
:::

::: unknown
U
:::

<b>raw</b> <script>alert(1)</script>

<div onclick="x">block</div>
"""


@pytest.mark.parametrize("language", ["en", "de", "fr", "sq", "sr-Cyrl"])
def test_texts(language: str, make: Callable[..., Any], golden: Callable[[str, str], None]) -> None:
    """Inline marks, links, notes, citations, references and quotes are printed as stored."""
    made = make(TEXTS, BLOCKS, manifest=f"lang: {language}\n", sources_yaml=SOURCES, glossary_yaml=GLOSSARY,
                figures__m_svg=SVG)  # fmt: skip
    golden(f"texts-{language}", made.filled(made.sections[0].html))


def test_blocks(make: Callable[..., Any], golden: Callable[[str, str], None]) -> None:
    """Lists, tables, figures, code, formulas and boxes are printed as stored."""
    made = make(BLOCKS, sources_yaml=SOURCES, glossary_yaml=GLOSSARY, figures__m_svg=SVG)
    golden("blocks", made.filled(made.sections[0].html))


def test_every_block_knows_its_line(make: Callable[..., Any]) -> None:
    """The keys of blocks lead to the lines on which they were written."""
    made = make("First.\n\n- item\n\n::: note\nBox.\n:::\n")
    places = made.document.context.places
    lines = {key: place.line for key, place in places.items() if key.startswith("1/") and key[2:].isdecimal()}
    assert set(lines.values()) == {4, 6, 8, 9}
    assert set(re.findall(r'data-at="([^"]*)"', made.html)) <= set(lines)


def test_the_comparator(compare: Callable[[str, Path, bool], None], tmp_path: Path) -> None:
    """The comparison stores, accepts what is the same but for digests, and fails with a diff."""
    path = tmp_path / "golden" / "a.html"
    with pytest.raises(pytest.fail.Exception, match="there is no a.html; make it"):
        compare("<p>\n", path, False)
    one, two = f"asset/{'0' * 20}.svg", f"asset/{'f' * 20}.svg"
    compare(f"<p>\n{one} {two} {one}\n", path, True)
    assert path.read_text() == "<p>\nasset/1.svg asset/2.svg asset/1.svg\n"
    compare(f"<p>\n{two} {one} {two}\n", path, False)
    with pytest.raises(pytest.fail.Exception, match=r"(?s)-asset/1.svg.*\+asset/1.svg asset/2.svg asset/2.svg"):
        compare(f"<p>\n{two} {one} {one}\n", path, False)
