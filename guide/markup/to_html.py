"""Markdown to safe HTML: CommonMark, tables, notes, formulas, and guide's own marks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from markdown_it.token import Token
from markupsafe import Markup

from guide.diagnostics.diagnostic import error
from guide.markup.blocks import plain
from guide.markup.codes import highlight
from guide.markup.context import At, Context, Here
from guide.markup.parse import read, read_box
from guide.markup.words import (
    Rule,
    attributes,
    formula,
    inline,
    picture,
    render_line,
    rendered,
    words,
)

_TABLE_PARTS = {"thead_open", "tbody_open", "tr_open", "th_open", "td_open"}
_LONG_TABLE = 12  # rows; a longer one may break over pages, with its head repeated
_WORD_AND_MARKS = re.compile(
    r"(?<=[\s>])([^\s<>&]{1,20}) "
    r'(<span class="cites"><a class="cite" data-cite="\d+" data-short=""(?: data-\w+="")?></a></span>[.,;:]?)'
)
_PARAGRAPH = re.compile(r"<p(?: data-at=\"[^\"]*\")?>((?:(?!</?p[ >]).)*)</p>\n", re.S)
_LANGUAGE = re.compile(r"[\w+#-]+")  # the first word of what follows the marks of code


def block(text: str, context: Context, here: Here) -> Markup:
    """Return a Markdown text as blocks; a text of one line is one paragraph."""
    return render_tokens(read(text, context.language, here.gaps, True).tokens, context, here)


def flowing(text: str, context: Context, here: Here) -> Markup:
    """Return the text of a field: words without a paragraph around them, or several blocks."""
    return without_paragraph(block(text, context, here))


def without_paragraph(html: Markup) -> Markup:
    """Take the paragraph off a text that is no more than one: a box less to lay out."""
    match = _PARAGRAPH.fullmatch(str(html))
    return Markup(match[1]) if match else html  # noqa: S704  a part of what was safe


def render_tokens(tokens: Sequence[Token], context: Context, here: Here) -> Markup:
    """Return parsed blocks as HTML, with numeric marks on the line of the word before them.

    A no-break space would do, but WeasyPrint 70 then breaks the text before it at a random place.
    """
    if tokens and tokens[0].type == "notes":
        here.notes = tokens[0].meta["notes"]
        tokens = tokens[1:]
    html = rendered(tokens, context, here, _RULES, _tag)
    return Markup(_WORD_AND_MARKS.sub(r'<span class="nobr">\1 \2</span>', html))  # noqa: S704  it escapes


def _tag(at: At, name: str = "", **more: str) -> str:
    """Return the tag of a block on its own line, as CommonMark's reference does; `name` is another one."""
    token, tokens = at.token, at.tokens
    if token.nesting == 1 and token.map and token.type not in _TABLE_PARTS:
        more["data_at"] = at.begin_block()
    if token.hidden:
        return ""
    before = tokens[at.number - 1] if at.number else None
    after = tokens[at.number + 1] if at.number + 1 < len(tokens) else None
    begins = "\n" if token.nesting != -1 and before and before.hidden else ""
    tight = token.nesting == 1 and after and (
        after.type == "inline" or after.hidden or (after.nesting == -1 and after.tag == token.tag)
    )  # fmt: skip
    slash = "/" if token.nesting == -1 else ""
    end = " /" if token.nesting == 0 else ""
    ends = "" if tight else "\n"
    return f"{begins}<{slash}{name or token.tag}{attributes(token, **more)}{end}>{ends}"


def _level(at: At) -> str:
    return f"h{min(6, max(3, int(at.token.tag[1]) + at.here.heading_shift))}"


def _heading_open(at: At) -> str:
    children = at.tokens[at.number + 1].children or []
    more = {}
    if any(word.type.startswith("math_") for word in children):
        line = [word for word in children if word.type != "footnote_ref"]
        more["data_bookmark"] = plain(render_line(line, at.context.silent, at.here))
    at.here.in_heading = True
    return _tag(at, _level(at), **more)


def _heading_close(at: At) -> str:
    at.here.in_heading = False
    return f"</{_level(at)}>\n"


def _unlinked(tokens: Sequence[Token], at: At) -> str:
    """Return the words of a caption, in which terms do not link by themselves."""
    before, at.here.autolink = at.here.autolink, False
    made = words(tokens, at.context, at.here)
    at.here.autolink = before
    return made


def _captioned(at: At, name: str, word: str, caption: str) -> tuple[str, str]:
    """Return the id of a figure or table as an attribute, and its caption with its number."""
    target = at.context.targets.get(name)
    label = ""
    if target:
        label = f'<span class="label">{at.context.labels(word)}\u00a0{target.number}</span> '
    shown = f"<figcaption>{label}{caption}</figcaption>" if caption or label else ""
    return _id(name), shown


def _id(name: str) -> str:
    return f' id="{escape(name)}"' if name else ""


def _figure(at: At) -> str:
    name = str(at.token.attrs.get("id", ""))
    key = at.begin_block(name)
    caption = _unlinked(at.token.children or [], at)
    drawn = picture(at, "picture")
    ident, shown = _captioned(at, name, "Figure", caption)
    return f'<figure class="figure"{ident} data-at="{escape(key)}">{drawn}{shown}</figure>\n'


def _table_open(at: At) -> str:
    meta = at.token.meta
    name = str(meta.get("attributes", {}).get("id", ""))
    key = at.begin_block(name)
    caption = meta.get("caption")
    ident, shown = _captioned(
        at, name, "Table", _unlinked(caption.children or [], at) if caption else ""
    )
    rows = 0
    for after in at.tokens[at.number :]:
        rows += after.type == "tr_open"
        if after.type == "table_close":
            break
    css = "figure table long" if rows > _LONG_TABLE else "figure table"
    return f'<figure class="{css}"{ident} data-at="{escape(key)}">{shown}<table>\n'


def _tr_open(at: At) -> str:
    here, token = at.here, at.token
    table = next((t for t in reversed(at.tokens[: at.number]) if t.type == "table_open"), None)
    if table is None or not table.map or not token.map:
        return "<tr>\n"
    here.breaks = token.map[0] - table.map[0]
    key = f"{here.key}-{here.breaks + 1}"
    at.context.places[key] = at.spot
    if cells := token.meta.get("cells"):
        columns = token.meta["columns"]
        message = f"the row has {cells} cells, but the table has {columns} columns"
        hint = "Give the head of the table more columns, or write a bar that belongs to the text as \\|."
        at.report(error, "row-too-long", message, hint)
    return f'<tr data-at="{key}">\n'


def _th_open(at: At) -> str:
    style = at.token.attrs.get("style")
    return f'<th scope="col" style="{style}">' if style else '<th scope="col">'


def _ordered_list_open(at: At) -> str:
    """Begin a list at its number, with room for the longest one.

    WeasyPrint does not read `start`; screen readers do.
    """
    token = at.token
    start, digits = token.attrs.get("start"), int(token.meta.get("digits", 1))
    styles = [f"counter-reset: list-item {int(start) - 1}"] if start is not None else []
    styles += [f"padding-left: {0.6 * digits + 0.8:.1f}em"] if digits > 1 else []
    html = _tag(at)
    if not styles:
        return html
    return f'{html.rstrip().removesuffix(">")} style="{"; ".join(styles)}">\n'


def _list_item_open(at: At) -> str:
    html, step = _tag(at), at.token.meta.get("step")
    if step is None:
        return html
    return html.replace(">", f' style="counter-increment: list-item {int(step)}">', 1)


def _box_open(at: At) -> str:
    key, (kind, title) = at.begin_block(), read_box(at.token.info)
    before, at.here.autolink = at.here.autolink, False
    text = inline(title, at.context, at.here) if title else ""
    at.here.autolink = before
    label = at.context.labels(kind.capitalize())
    head = f'<span class="box-kind">{label}</span>' + (f" · {text}" if text else "")
    return f'<section class="box box-{kind}" data-at="{key}"><p class="box-title">{head}</p>\n'


def _fence(at: At) -> str:
    key, named = at.begin_block(), _LANGUAGE.search(at.token.info or "")
    code = highlight(at.token.content.rstrip("\n"), named[0] if named else "")
    return f'<pre class="code" data-at="{key}"><code>{code}</code></pre>\n'


def _formula_block(at: At) -> str:
    key, ident = at.begin_block(), _id(str(at.token.attrs.get("id", "")))
    return f'<p class="math-block"{ident} data-at="{key}">{formula(at, display=True)}</p>\n'


_RULES: Mapping[str, Rule] = {
    "inline": lambda at: words(at.token.children or (), at.context, at.here),
    "heading_open": _heading_open, "heading_close": _heading_close, "figure": _figure,
    "table_open": _table_open, "table_close": lambda _: "</table></figure>\n", "tr_open": _tr_open,
    "th_open": _th_open, "ordered_list_open": _ordered_list_open,
    "list_item_open": _list_item_open, "container_box_open": _box_open,
    "container_box_close": lambda _: "</section>\n", "fence": _fence, "code_block": _fence,
    "math_block": _formula_block,
}  # fmt: skip
