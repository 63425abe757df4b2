"""The tokens of a line to HTML: words, terms, citations, links, pictures, formulas and notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape

from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from markupsafe import Markup

from guide.diagnostics.diagnostic import Place, error, warning
from guide.markup.blocks import plain
from guide.markup.context import At, Context, Here
from guide.markup.formulas import FormulaError, typeset_formula
from guide.markup.parse import read_line
from guide.model.cloze import ASK, in_formula

_MAX_NOTES = 8  # footnotes inside one another
_SCHEMES = re.compile(r"(?:https?://|mailto:|#)", re.I)
_TARGETS = {"fig": "Figure", "tbl": "Table", "sec": "Section"}
_BOX_OF_TASK = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" viewBox="0 0 10 10">'
    '<rect x=".5" y=".5" width="9" height="9" fill="none" stroke="%(ink)s" stroke-width="1"/>%(tick)s</svg>'
)
_TICK = '<path d="M2.2 5.2 4.3 7.4 8 2.8" fill="none" stroke="%s" stroke-width="1.4"/>'

Rule = Callable[[At], str]


def inline(text: str, context: Context, here: Here) -> Markup:
    """Return a Markdown text as one line, without a paragraph around it."""
    children, notes = read_line(text, context.language, here.gaps)
    here.notes = notes or here.notes
    return render_line(children, context, here)


def render_line(children: Sequence[Token], context: Context, here: Here) -> Markup:
    """Return the parsed text of one line as HTML."""
    return Markup(words(children, context, here))  # noqa: S704  it escapes


def words(tokens: Sequence[Token], context: Context, here: Here) -> str:
    """Return the tokens of a line as HTML."""
    return rendered(tokens, context, here, _RULES, _tag)


def rendered(
    tokens: Sequence[Token], context: Context, here: Here, rules: Mapping[str, Rule], tag: Rule
) -> str:
    """Return tokens as HTML, each by the rule for its type; `tag` is for types without one."""
    return "".join(
        rules.get(token.type, tag)(At(tokens, number, context, here))
        for number, token in enumerate(tokens)
    )


def _tag(at: At) -> str:
    token = at.token
    return f"<{'/' if token.nesting == -1 else ''}{token.tag}{attributes(token)}>"


def attributes(token: Token, **more: str) -> str:
    """Return the attributes of a token and more of them, but scripts, and styles outside a table."""
    kept = {
        name: str(value)
        for name, value in token.attrs.items()
        if not name.lower().startswith("on") and (name != "style" or token.type.startswith("t"))
    }
    kept |= {name.replace("_", "-"): value for name, value in more.items()}
    return "".join(f' {escapeHtml(name)}="{escapeHtml(value)}"' for name, value in kept.items())


def _text(at: At) -> str:
    here, content = at.here, at.token.content
    here.breaks += content.count("\n")
    if not here.autolink or here.in_heading or here.in_link:
        return escape(content, quote=False)
    return "".join(
        _linked(piece, term, at) if term else escape(piece, quote=False)
        for piece, term in at.context.linker.split(content)
    )


def _linked(shown: str, term: str, at: At) -> str:
    """Return words that lead to the glossary, and note them for the index."""
    context = at.context
    if not context.terms_printed:
        return escape(shown, quote=False)
    anchor = f"ix-{at.here.owner}--{term}"
    refs = context.index.setdefault(term, [])
    mark = ""
    if anchor not in refs:
        refs.append(anchor)
        mark = f' id="{anchor}"'
    return f'<a class="term" href="#term-{term}"{mark}>{escape(shown, quote=False)}</a>'


def _term(at: At) -> str:
    token, linker = at.token, at.context.linker
    found = linker.find(token.meta["term"])
    if found:
        linker.used.add(found)
    if not found or at.here.in_heading:  # unknown, or omitted by the edition
        return escape(token.content, quote=False)
    return _linked(token.content, found, at)


def _cite(at: At) -> str:
    here = at.here
    inside = here.in_heading or here.open_notes or not here.first_line
    kind = "plain" if here.in_link else "" if inside else "note"
    return f'<span class="cites">{at.context.cite(at.token.meta["cluster"], kind)}</span>'


def _reference(at: At) -> str:
    context, name = at.context, at.token.content
    target = context.targets.get(name)
    if target is None:
        hint = "Refer to a heading, a captioned table or a figure in a separate paragraph; in an edition, give the target its tags."
        at.report(warning, "dropped-reference", f"`{name}` is not in this document", hint)
        return f"({escape(context.labels('not in this document'))})"
    if target.number:
        words_of = f"{context.labels(_TARGETS[target.kind])}\u00a0{target.number}"
        shown = escape(words_of, quote=False)
    else:
        shown = words(target.words, context.silent, Here(in_heading=True))
    return f'<a class="xref" href="#{escape(name)}">{shown}</a>'


def _gap(at: At) -> str:
    content, here = at.token.content, replace(at.here, gaps=False)
    if content.startswith(ASK):
        hint = inline(content[len(ASK) :].strip(), at.context, here)
        return f'<span class="gap">{hint or chr(0xA0)}</span>'
    return f'<strong class="answer">{inline(content.strip(), at.context, here)}</strong>'


def _link_open(at: At) -> str:
    href = str(at.token.attrs.get("href", ""))
    at.here.in_link += 1
    if not _SCHEMES.match(href):
        hint = "Links lead to https://, http://, mailto: or #an-id in the same document."
        at.report(warning, "bad-link", f"the link to `{href[:80]}` is not printed", hint)
        return ""
    if not href.startswith("#"):
        _note_link(at, href)
    css = "xref" if href.startswith("#") else "link"
    return f'<a class="{css}" href="{escapeHtml(href)}">'


def _note_link(at: At, href: str) -> None:
    """Keep an address for the list of links."""
    links, text = at.context.links, ""
    for child in at.tokens[at.number + 1 :]:
        if child.type == "link_close":
            break
        text += child.content
    link = links.setdefault(
        href,
        {"number": len(links) + 1, "url": href, "text": text, "qr": False, "at": at.here.item},
    )
    link["qr"] = link["qr"] or "qr" in str(at.token.attrs.get("class", "")).split()


def _link_close(at: At) -> str:
    at.here.in_link -= 1
    opened, depth = at.number - 1, 1
    while opened >= 0 and depth:
        depth -= at.tokens[opened].type == "link_open"
        depth += at.tokens[opened].type == "link_close"
        opened -= 1
    href = str(at.tokens[opened + 1].attrs.get("href", ""))
    if not _SCHEMES.match(href):
        return ""
    link = at.context.links.get(href)
    if not link or not at.context.links_printed:
        return "</a>"
    number = link["number"]
    return f'</a><sup class="linkno"><a href="#link-{number}">L{number}</a></sup>'


def _image(at: At) -> str:
    return picture(at, "inline-image")


def picture(at: At, css: str) -> str:
    """Return the picture of a token, with its caption as what is read aloud if nothing else is."""
    token = at.token
    path, aloud = str(token.attrs.get("src", "")), _read_aloud(at)
    src, figure = at.context.assets.figure(path)
    if not src:
        return f'<span class="missing">{escape(token.content or path)}</span>'
    decorative = token.attrs.get("decorative") in {"true", ""}
    given = token.attrs.get("alt") or token.attrs.get("fig-alt")
    said = "" if decorative else str(given or (figure and figure.alt) or aloud)
    role = ' role="presentation"' if decorative else ""
    return f'<img class="{css}" src="{src}" alt="{escape(said)}"{role}{_size(token)}>'


def _read_aloud(at: At) -> str:
    """Return the caption of a picture without citations and notes."""
    silent = {"cite", "footnote_ref"}
    kept = [child for child in at.token.children or () if child.type not in silent]
    line = render_line(kept, at.context.silent, Here(in_heading=True))
    return " ".join(plain(line).split())


def _size(token: Token) -> str:
    parts = []
    for name in ("width", "height"):
        value = str(token.attrs.get(name, ""))
        if re.fullmatch(r"\d+(\.\d+)?(%|mm|cm|in|pt|px|em)", value):
            parts.append(f"{name}:{value}")
        elif re.fullmatch(r"\d+(\.\d+)?", value):
            parts.append(f"{name}:{value}px")
    return f' style="{";".join(parts)}"' if parts else ""


def _break(at: At) -> str:
    at.here.breaks += 1
    return "<br>\n"


def _code(at: At) -> str:
    return f"<code{attributes(at.token)}>{escapeHtml(at.token.content)}</code>"


def _task(at: At) -> str:
    """Draw the box of a task, the only HTML that the parser makes."""
    context, done = at.context, "checked" in at.token.content
    ink = escape(context.assets.token("--ink"))
    drawn = _BOX_OF_TASK % {"ink": ink, "tick": _TICK % ink if done else ""}
    src = context.assets.add(drawn.encode(), "svg")
    said = escape(context.labels("done" if done else "to do"))
    return f'<span class="task" data-label><img src="{src}" alt="{said}"></span>'


def formula(at: At, display: bool) -> str:
    """Return a formula as a picture, or as it is written if it cannot be typeset."""
    tex = at.token.content.strip() if at.token.block else at.token.content
    tex = in_formula(tex) if at.here.gaps else tex
    if at.context.formula is not None:
        return at.context.formula(tex, display)
    try:
        made = typeset_formula(tex, display)
    except FormulaError as exc:
        message = f"the formula `{tex[:60]}` cannot be typeset ({exc})"
        at.report(error, "bad-math", message, "Check braces and command names.")
        return f'<code class="missing">{escape(tex)}</code>'
    src = at.context.assets.add(made.svg, "svg")
    style = f"height:{made.height:.3f}em;vertical-align:{-made.depth:.3f}em"
    return f'<img class="math" role="math" src="{src}" alt="{escape(made.said)}" style="{style}">'


def _note(at: At) -> str:
    here, number, context = at.here, int(at.token.meta["id"]), at.context
    if number in here.open_notes or len(here.open_notes) >= _MAX_NOTES:
        message = "a footnote calls itself, or is called inside too many others"
        at.report(error, "bad-reference", message, "Take the call out of the footnote's own text.")
        return ""
    note = here.notes.get(number, [])
    before = here.autolink, here.spot, here.breaks
    here.autolink, mark = False, ""
    if note and note[0].type == "note_line" and here.first_line:  # it is elsewhere
        line = (note[0].map or [0])[0] + here.first_line
        key, here.spot = f"{here.owner}/note-{number + 1}", Place(here.place.path, line, 1)
        context.places[key], here.breaks = here.spot, 0
        mark = f' data-at="{key}"'
    here.open_notes.append(number)
    inner = words(note, context, here)
    here.open_notes.pop()
    here.autolink, here.spot, here.breaks = before
    if not context.notes_below:
        return f' <span class="note">[{inner}]</span>'
    return f'<span class="footnote"{mark}>{inner}</span>'


_RULES: Mapping[str, Rule] = {
    "text": _text, "term": _term, "cite": _cite, "xref": _reference, "gap": _gap,
    "link_open": _link_open, "link_close": _link_close, "image": _image, "hardbreak": _break,
    "softbreak": lambda _: "\n", "linebreak": lambda _: "<br>", "note_line": lambda _: "",
    "literal": lambda at: escape(at.token.content, quote=False), "code_inline": _code,
    "html_inline": _task, "math_inline": lambda at: formula(at, display=False),
    "math_inline_double": lambda at: formula(at, display=True), "footnote_ref": _note,
}  # fmt: skip
