"""Markdown to safe HTML: CommonMark, tables, notes, formulas, and guide's own marks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as with_default
from html import escape
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning
from guide.markup.assets import Assets
from guide.markup.blocks import plain
from guide.markup.codes import highlight
from guide.markup.formulas import FormulaError, typeset_formula
from guide.markup.glossary import Linker
from guide.markup.labels import Labels
from guide.markup.parse import MAX_DEPTH, parse, parse_line, parser, read_box
from guide.model.cloze import ASK, in_formula
from guide.model.content import Citation

_TABLE_PARTS = {"thead_open", "tbody_open", "tr_open", "th_open", "td_open"}
_MAX_NOTES = 8  # footnotes inside one another
_LONG_TABLE = 12  # rows; a longer one may break over pages, with its head repeated
_WORD_AND_MARKS = re.compile(
    r"(?<=[\s>])([^\s<>&]{1,20}) "
    r'(<span class="cites"><a class="cite" data-cite="\d+" data-short=""(?: data-\w+="")?></a></span>[.,;:]?)'
)
_PARAGRAPH = re.compile(r"<p(?: data-at=\"[^\"]*\")?>((?:(?!</?p[ >]).)*)</p>\n", re.S)
_LANGUAGE = re.compile(r"[\w+#-]+")  # the first word of what follows the marks of code
_SCHEMES = re.compile(r"(?:https?://|mailto:|#)", re.I)

_BOX_OF_TASK = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" viewBox="0 0 10 10">'
    '<rect x=".5" y=".5" width="9" height="9" fill="none" stroke="%(ink)s" stroke-width="1"/>%(tick)s</svg>'
)
_TICK = '<path d="M2.2 5.2 4.3 7.4 8 2.8" fill="none" stroke="%s" stroke-width="1.4"/>'


@dataclass
class Target:
    """What a cross-reference leads to: its kind (fig, tbl, sec), its number and its title."""

    kind: str
    number: str
    title: str = ""
    words: Sequence[Token] = ()  # the title, parsed


@dataclass
class Context:
    """What rendering needs to know, for one document; a text's own facts are in `here`."""

    labels: Labels
    assets: Assets
    linker: Linker
    report: Callable[[Diagnostic], None]
    cite: Callable[[Sequence[Citation], str], Markup]
    targets: dict[str, Target] = with_default(default_factory=dict)
    links: dict[str, Any] = with_default(default_factory=dict)
    index: dict[str, list[str]] = with_default(default_factory=dict)
    places: dict[str, Place] = with_default(default_factory=dict)
    terms_printed: bool = True
    sources_printed: bool = True
    links_printed: bool = True
    notes_below: bool = True


def silent(context: Context) -> Context:
    """Return a context that reports nothing, for what is rendered once more in another place."""
    return replace(context, report=lambda _: None)


@dataclass
class Here:
    """The text at hand: whose it is, where it stands in its file, what it may do by itself."""

    item: str = ""
    field: str = ""
    place: Place = Place("")
    first_line: int = 0
    autolink: bool = False
    gaps: bool = False
    heading_shift: int = 0
    blocks: int = 0
    breaks: int = 0
    in_heading: bool = False
    in_link: int = 0
    spot: Place | None = None
    notes: dict[int, list[Token]] = with_default(default_factory=dict)
    open_notes: list[int] = with_default(default_factory=list)

    @property
    def key(self) -> str:
        """The key of the block at hand."""
        return f"{self.owner}/{self.field}{self.blocks}"

    @property
    def owner(self) -> str:
        """What begins the keys of this text: its item's id, or "pack" for the texts of pack.yaml."""
        return self.item or "pack"


class _Renderer(RendererHTML):
    """Tokens to HTML; `env` holds a Context and a Here."""

    def block(self, tokens: Sequence[Token], context: Context, here: Here) -> str:
        if tokens and tokens[0].type == "notes":
            here.notes = tokens[0].meta["notes"]
            tokens = tokens[1:]
        return str(self.render(tokens, _markdown("en").options, {"context": context, "here": here}))

    def renderToken(self, tokens: Any, idx: int, options: Any, env: Any) -> str:  # noqa: N802
        token = tokens[idx]
        if token.block and token.nesting == 1 and token.map and token.type not in _TABLE_PARTS:
            token.attrSet("data-at", self._at(token, env["here"], env["context"]))
        for name in [
            n
            for n in token.attrs
            if n.lower().startswith("on") or (n == "style" and not token.type.startswith("t"))
        ]:
            del token.attrs[name]
        return str(super().renderToken(tokens, idx, options, env))

    def _at(self, token: Token, here: Here, context: Context, name: str = "") -> str:
        """Note where a block stands, and return its key; one with an id of its own keeps that."""
        here.blocks += 1
        here.breaks = 0
        key = here.key
        line = (token.map or [0])[0] + here.first_line
        place = Place(here.place.path, line, 1) if here.first_line else here.place
        context.places[key] = place
        if name and not name.isdecimal():
            key = f"{here.owner}/{name}"
            context.places[key] = place
        return key

    def _spot(self, env: Any) -> Place:
        """Return the line that is being rendered: its block's, and the breaks since."""
        here: Here = env["here"]
        places: dict[str, Place] = env["context"].places
        at = here.spot or places.get(here.key, here.place)
        return replace(at, line=at.line + here.breaks) if here.first_line else at

    def heading_open(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        level = min(6, max(3, int(token.tag[1]) + env["here"].heading_shift))
        token.tag = f"h{level}"
        words = tokens[idx + 1].children or []
        if any(word.type.startswith("math_") for word in words):
            line = [word for word in words if word.type != "footnote_ref"]
            again = {**env, "context": silent(env["context"])}
            token.attrSet("data-bookmark", plain(Markup(self.renderInline(line, options, again))))  # noqa: S704
        env["here"].in_heading = True
        return self.renderToken(tokens, idx, options, env)

    def heading_close(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        level = min(6, max(3, int(tokens[idx].tag[1]) + env["here"].heading_shift))
        env["here"].in_heading = False
        return f"</h{level}>\n"

    def text(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        here, context = env["here"], env["context"]
        content = tokens[idx].content
        here.breaks += content.count("\n")
        inside = here.in_heading or here.in_link
        if not here.autolink or inside:
            return escape(content, quote=False)
        return "".join(
            self._term(piece, term, env) if term else escape(piece, quote=False)
            for piece, term in context.linker.split(content)
        )

    def _term(self, shown: str, term: str, env: Any) -> str:
        here, context = env["here"], env["context"]
        if not context.terms_printed:
            return escape(shown, quote=False)
        anchor = f"ix-{here.owner}--{term}"
        refs = context.index.setdefault(term, [])
        mark = ""
        if anchor not in refs:
            refs.append(anchor)
            mark = f' id="{anchor}"'
        return f'<a class="term" href="#term-{term}"{mark}>{escape(shown, quote=False)}</a>'

    def term(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        linker = env["context"].linker
        found = linker.find(token.meta["term"])
        if not found:
            return escape(token.content, quote=False)  # unknown, or left out by the edition
        linker.used.add(found)
        if env["here"].in_heading:
            return escape(token.content, quote=False)
        return self._term(token.content, found, env)

    def cite(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        here: Here = env["here"]
        inside = here.in_heading or here.open_notes or not here.first_line
        kind = "plain" if here.in_link else "" if inside else "note"
        return (
            f'<span class="cites">{env["context"].cite(tokens[idx].meta["cluster"], kind)}</span>'
        )

    def xref(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        context, name = env["context"], tokens[idx].content
        target = context.targets.get(name)
        if target is None:
            hint = "Refer to a heading, a captioned table or a figure in a separate paragraph; in an edition, give the target its tags."
            message = f"`{name}` is not in this document"
            env["context"].report(
                warning("dropped-reference", message, self._spot(env), hint, env["here"].item)
            )
            return f"({escape(context.labels('not in this document'))})"
        words = {"fig": "Figure", "tbl": "Table", "sec": "Section"}
        if target.number:
            shown = escape(
                f"{context.labels(words[target.kind])}\u00a0{target.number}", quote=False
            )
        else:
            shown = render_line(target.words, silent(context), Here(in_heading=True))
        return f'<a class="xref" href="#{escape(name)}">{shown}</a>'

    def gap(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        content, plain = tokens[idx].content, replace(env["here"], gaps=False)
        if content.startswith(ASK):
            hint = inline(content[len(ASK) :].strip(), env["context"], plain)
            return f'<span class="gap">{hint or chr(0xA0)}</span>'
        inner = inline(content.strip(), env["context"], plain)
        return f'<strong class="answer">{inner}</strong>'

    def link_open(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token, here = tokens[idx], env["here"]
        href = str(token.attrs.get("href", ""))
        here.in_link += 1
        token.meta["ok"] = bool(_SCHEMES.match(href))
        if not token.meta["ok"]:
            hint = "Links lead to https://, http://, mailto: or #an-id in the same document."
            message = f"the link to `{href[:80]}` is not printed"
            env["context"].report(warning("bad-link", message, self._spot(env), hint, here.item))
            return ""
        wants_qr = "qr" in str(token.attrs.get("class", "")).split()
        token.attrs = {"class": "xref" if href.startswith("#") else "link", "href": href}
        if not href.startswith("#"):
            self._note_link(tokens, idx, href, wants_qr, env)
        return str(super().renderToken(tokens, idx, options, env))

    def link_close(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        here, context = env["here"], env["context"]
        here.in_link -= 1
        opened, depth = idx - 1, 1
        while opened >= 0 and depth:
            depth -= tokens[opened].type == "link_open"
            depth += tokens[opened].type == "link_close"
            opened -= 1
        token = tokens[opened + 1]
        if not token.meta.get("ok"):
            return ""
        link = context.links.get(str(token.attrs["href"]))
        if not link or not context.links_printed:
            return "</a>"
        number = link["number"]
        return f'</a><sup class="linkno"><a href="#link-{number}">L{number}</a></sup>'

    def _note_link(self, tokens: Any, idx: int, href: str, wants_qr: bool, env: Any) -> None:
        links = env["context"].links
        text = ""
        for child in tokens[idx + 1 :]:
            if child.type == "link_close":
                break
            text += child.content
        link = links.setdefault(
            href,
            {
                "number": len(links) + 1, "url": href, "text": text, "qr": False,
                "at": env["here"].item,
            },
        )  # fmt: skip
        link["qr"] = link["qr"] or wants_qr

    def image(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        return self._img(token, self._words(token, options, env), "inline-image", env)

    def _words(self, image: Token, options: Any, env: Any) -> str:
        """Return the caption of a picture as it is read aloud, without citations and notes."""
        kept = [
            child for child in image.children or () if child.type not in {"cite", "footnote_ref"}
        ]
        again = {**env, "context": silent(env["context"]), "here": Here(in_heading=True)}
        read = Markup(self.renderInline(kept, options, again))  # noqa: S704  it escapes
        return " ".join(plain(read).split())

    def _img(self, token: Token, alt: str, css: str, env: Any) -> str:
        src, figure = env["context"].assets.figure(str(token.attrs.get("src", "")))
        if not src:
            return f'<span class="missing">{escape(token.content or str(token.attrs.get("src")))}</span>'
        decorative = (
            str(token.attrs.get("decorative", "")) in {"true", ""} and "decorative" in token.attrs
        )
        given = token.attrs.get("alt") or token.attrs.get("fig-alt")
        said = "" if decorative else str(given or (figure and figure.alt) or alt)
        role = ' role="presentation"' if decorative else ""
        return f'<img class="{css}" src="{src}" alt="{escape(said)}"{role}{_size(token)}>'

    def figure(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token, here, context = tokens[idx], env["here"], env["context"]
        name = str(token.attrs.get("id", ""))
        at = self._at(token, here, context, name)
        before, here.autolink = here.autolink, False
        caption = self.renderInline(token.children or [], options, env)
        here.autolink = before
        picture = self._img(token, self._words(token, options, env), "picture", env)
        target = context.targets.get(name)
        label = ""
        if target:
            label = f'<span class="label">{context.labels("Figure")}\u00a0{target.number}</span> '
        shown = f"<figcaption>{label}{caption}</figcaption>" if caption or label else ""
        ident = f' id="{escape(name)}"' if name else ""
        return f'<figure class="figure"{ident} data-at="{escape(at)}">{picture}{shown}</figure>\n'

    def table_open(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token, here, context = tokens[idx], env["here"], env["context"]
        name = str(token.meta.get("attributes", {}).get("id", ""))
        at = self._at(token, here, context, name)
        caption = token.meta.get("caption")
        target = context.targets.get(name)
        before, here.autolink = here.autolink, False
        text = self.renderInline(caption.children or [], options, env) if caption else ""
        here.autolink = before
        label = (
            f'<span class="label">{context.labels("Table")}\u00a0{target.number}</span> '
            if target
            else ""
        )
        shown = f"<figcaption>{label}{text}</figcaption>" if text or label else ""
        ident = f' id="{escape(name)}"' if name else ""
        rows = 0
        for after in tokens[idx:]:
            rows += after.type == "tr_open"
            if after.type == "table_close":
                break
        css = "figure table long" if rows > _LONG_TABLE else "figure table"
        return f'<figure class="{css}"{ident} data-at="{escape(at)}">{shown}<table>\n'

    def table_close(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        return "</table></figure>\n"

    def tr_open(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        here, token = env["here"], tokens[idx]
        table = next((t for t in reversed(tokens[:idx]) if t.type == "table_open"), None)
        if table is None or not table.map or not token.map:
            return "<tr>\n"
        here.breaks = token.map[0] - table.map[0]
        key = f"{here.key}-{here.breaks + 1}"
        env["context"].places[key] = self._spot(env)
        if token.meta.get("cells"):
            self._too_long(token, env)
        return f'<tr data-at="{key}">\n'

    def _too_long(self, row: Token, env: Any) -> None:
        cells, columns = row.meta["cells"], row.meta["columns"]
        message = f"the row has {cells} cells, but the table has {columns} columns"
        hint = "Give the head of the table more columns, or write a bar that belongs to the text as \\|."
        place, item = self._spot(env), env["here"].item
        env["context"].report(error("row-too-long", message, place, hint, item))

    def hardbreak(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        env["here"].breaks += 1
        return "<br>\n"

    def literal(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        """Print a tag that is not understood."""
        return escape(tokens[idx].content, quote=False)

    def linebreak(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        """Break a line where a tag does, which is no line of the file."""
        return "<br>"

    def ordered_list_open(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        """Begin a list at its number, with room for the longest one.

        WeasyPrint does not read `start`; screen readers do.
        """
        token = tokens[idx]
        start, digits = token.attrs.get("start"), int(token.meta.get("digits", 1))
        styles = [f"counter-reset: list-item {int(start) - 1}"] if start is not None else []
        styles += [f"padding-left: {0.6 * digits + 0.8:.1f}em"] if digits > 1 else []
        html = self.renderToken(tokens, idx, options, env)
        if not styles:
            return html
        return f'{html.rstrip().removesuffix(">")} style="{"; ".join(styles)}">\n'

    def list_item_open(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        html = self.renderToken(tokens, idx, options, env)
        step = tokens[idx].meta.get("step")
        if step is None:
            return html
        return html.replace(">", f' style="counter-increment: list-item {int(step)}">', 1)

    def th_open(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        style = tokens[idx].attrs.get("style")
        return f'<th scope="col" style="{style}">' if style else '<th scope="col">'

    def container_box_open(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        at = self._at(token, env["here"], env["context"])
        kind, plain = read_box(token.info)
        label = env["context"].labels(kind.capitalize())
        before, env["here"].autolink = env["here"].autolink, False
        text = inline(plain, env["context"], env["here"]) if plain else ""
        env["here"].autolink = before
        head = f'<span class="box-kind">{label}</span>' + (f" · {text}" if text else "")
        return f'<section class="box box-{kind}" data-at="{at}"><p class="box-title">{head}</p>\n'

    def container_box_close(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        return "</section>\n"

    def html_inline(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        """Draw the box of a task, which is all that this can be: raw HTML is text."""
        context, done = env["context"], "checked" in tokens[idx].content
        ink = escape(context.assets.token("--ink"))
        drawn = _BOX_OF_TASK % {"ink": ink, "tick": _TICK % ink if done else ""}
        src = context.assets.add(drawn.encode(), "svg")
        said = escape(context.labels("done" if done else "to do"))
        return f'<span class="task" data-label><img src="{src}" alt="{said}"></span>'

    def fence(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        at = self._at(token, env["here"], env["context"])
        named = _LANGUAGE.search(token.info or "")
        code = highlight(token.content.rstrip("\n"), named[0] if named else "")
        return f'<pre class="code" data-at="{at}"><code>{code}</code></pre>\n'

    def code_block(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        return self.fence(tokens, idx, options, env)

    def math_inline(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        return self._formula(tokens[idx].content, False, env)

    def math_inline_double(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        return self._formula(tokens[idx].content, True, env)

    def math_block(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        at = self._at(tokens[idx], env["here"], env["context"])
        inner = self._formula(tokens[idx].content.strip(), True, env)
        name = str(tokens[idx].attrs.get("id", ""))
        ident = f' id="{escape(name)}"' if name else ""
        return f'<p class="math-block"{ident} data-at="{at}">{inner}</p>\n'

    def _formula(self, tex: str, display: bool, env: Any) -> str:
        tex = in_formula(tex) if env["here"].gaps else tex
        try:
            made = typeset_formula(tex, display)
        except FormulaError as exc:
            hint = "Check braces and command names."
            message = f"the formula `{tex[:60]}` cannot be typeset ({exc})"
            env["context"].report(
                error("bad-math", message, self._spot(env), hint, env["here"].item)
            )
            return f'<code class="missing">{escape(tex)}</code>'
        src = env["context"].assets.add(made.svg, "svg")
        style = f"height:{made.height:.3f}em;vertical-align:{-made.depth:.3f}em"
        return (
            f'<img class="math" role="math" src="{src}" alt="{escape(made.said)}" style="{style}">'
        )

    def footnote_ref(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        here, number, context = env["here"], int(tokens[idx].meta["id"]), env["context"]
        if number in here.open_notes or len(here.open_notes) >= _MAX_NOTES:
            message = "a footnote calls itself, or is called inside too many others"
            hint = "Take the call out of the footnote's own text."
            env["context"].report(error("bad-reference", message, self._spot(env), hint, here.item))
            return ""
        note = here.notes.get(number, [])
        before = here.autolink, here.spot, here.breaks
        here.autolink, mark = False, ""
        if note and note[0].type == "note_line" and here.first_line:  # it stands elsewhere
            line = (note[0].map or [0])[0] + here.first_line
            key, here.spot = f"{here.owner}/note-{number + 1}", Place(here.place.path, line, 1)
            env["context"].places[key], here.breaks = here.spot, 0
            mark = f' data-at="{key}"'
        here.open_notes.append(number)
        inner = self.renderInline(note, options, env)
        here.open_notes.pop()
        here.autolink, here.spot, here.breaks = before
        if not context.notes_below:
            return f' <span class="note">[{inner}]</span>'
        return f'<span class="footnote"{mark}>{inner}</span>'

    def note_line(self, tokens: Any, idx: int, options: Any, env: Any) -> str:
        return ""


def _size(token: Token) -> str:
    parts = []
    for name in ("width", "height"):
        value = str(token.attrs.get(name, ""))
        if re.fullmatch(r"\d+(\.\d+)?(%|mm|cm|in|pt|px|em)", value):
            parts.append(f"{name}:{value}")
        elif re.fullmatch(r"\d+(\.\d+)?", value):
            parts.append(f"{name}:{value}px")
    return f' style="{";".join(parts)}"' if parts else ""


def _language(context: Context) -> str:
    return context.labels.lang.partition("-")[0]


def _markdown(language: str) -> Any:
    """Return the parser whose tokens `_Renderer` renders."""
    return parser(language, _Renderer)


def block(text: str, context: Context, here: Here) -> Markup:
    """Return a Markdown text as blocks; a text of one line is one paragraph."""
    return render_tokens(parse(text, _language(context), here.gaps, field=True), context, here)


def flowing(text: str, context: Context, here: Here) -> Markup:
    """Return the text of a field: words without a paragraph around them, or several blocks."""
    return without_paragraph(block(text, context, here))


def without_paragraph(html: Markup) -> Markup:
    """Take the paragraph off a text that is no more than one: a box less to lay out."""
    match = _PARAGRAPH.fullmatch(str(html))
    return Markup(match[1]) if match else html  # noqa: S704  a part of what was safe


def render_tokens(tokens: list[Token], context: Context, here: Here) -> Markup:
    """Return parsed blocks as HTML."""
    renderer = _markdown(_language(context)).renderer
    assert isinstance(renderer, _Renderer)
    return Markup(_marks_stay(renderer.block(tokens, context, here)))  # noqa: S704  it escapes


def _marks_stay(html: str) -> str:
    """Keep numeric marks on the line of the word before them.

    A no-break space would do, but WeasyPrint 70 then breaks the text before it at a random place.
    """
    return _WORD_AND_MARKS.sub(r'<span class="nobr">\1 \2</span>', html)


def inline(text: str, context: Context, here: Here) -> Markup:
    """Return a Markdown text as one line, without a paragraph around it."""
    children, notes = parse_line(text, _language(context), here.gaps)
    here.notes = notes or here.notes
    return render_line(children, context, here)


def render_line(children: Sequence[Token], context: Context, here: Here) -> Markup:
    """Return the parsed text of one line as HTML."""
    md = _markdown(_language(context))
    env = {"context": context, "here": here}
    return Markup(md.renderer.renderInline(children, md.options, env))  # noqa: S704  it escapes


__all__ = [
    "MAX_DEPTH", "Context", "Here", "Target", "block", "flowing", "inline", "parse", "render_line",
    "render_tokens", "silent", "without_paragraph",
]  # fmt: skip
