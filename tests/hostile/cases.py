"""What hostile packs try: a table of small packs, each with what may come of it."""

from __future__ import annotations

import base64
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

SECRET = "CANARY-b41d7e"  # stands in a file that no pack may read
Content = str | bytes | Callable[[Path], None] | None  # None: the file is left out

BASE: dict[str, Content] = {
    "pack.yaml": "format: 1\ntitle: T\nlang: en\ndocuments: {briefing: {}}\n",
    "sections/a.md": "---\ntitle: A\n---\nText.\n",
}
PAGE = "templates/briefing/page.html"
CSS = "templates/briefing/page.css"
HTML = "<!DOCTYPE html><html lang='en'><head><title>t</title></head><body>{}</body></html>"
SVG = "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' viewBox='0 0 9 9'>{}</svg>"


@dataclass(frozen=True)
class Case:
    """A hostile pack: what it tries, its files, the codes of which one must be reported.

    Without `codes` the attack is inert: the pack builds, or is refused in any orderly way. `{secret}`
    and `{port}` in texts are the path of the secret file and the port of a server that listens.
    """

    name: str
    tries: str
    files: dict[str, Content]
    codes: tuple[str, ...] = ()
    edition: str = ""


CASES: list[Case] = []


def case(name: str, tries: str, files: dict[str, Content], *codes: str, edition: str = "") -> None:
    """Add a case to the table."""
    CASES.append(Case(name, tries, files, codes, edition))


def body(text: str) -> dict[str, Content]:
    """Return a pack with this Markdown."""
    return {"sections/a.md": f"---\ntitle: A\n---\n{text}\n"}


def page(text: str) -> dict[str, Content]:
    """Return a pack with this template for its briefing."""
    return {PAGE: text}


def css(text: str) -> dict[str, Content]:
    """Return a pack with this stylesheet for its briefing."""
    return {CSS: text}


def svg(inside: str) -> dict[str, Content]:
    """Return a pack that prints an SVG."""
    return {**body("![C](figures/a.svg){alt=x}"), "figures/a.svg": SVG.replace("{}", inside)}


def chart(spec: str, **more: Content) -> dict[str, Content]:
    """Return a pack that prints a Vega-Lite chart."""
    return {**body("![C](figures/a.vl.yaml){alt=x}"), "figures/a.vl.yaml": spec, **more}


def link(target: str) -> Callable[[Path], None]:
    """Make a symbolic link."""
    return lambda path: path.symlink_to(target)


def png(width: int, height: int, *before: tuple[bytes, bytes]) -> bytes:
    """Return a PNG that claims a size and holds one row."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*c) for c in before) + head + rows + chunk(b"IEND", b"")


# --- Markdown

case("md-script", "run a script by raw HTML", body("<script>fetch('http://127.0.0.1:{port}/')</script>"))
case("md-img", "load a picture by raw HTML", body("<img src='http://127.0.0.1:{port}/a.png'>"))
case("md-iframe", "show a local file by raw HTML", body("<iframe src='file://{secret}'></iframe>"))
case("md-javascript", "link to a script", body("[a](javascript:alert(1))"), "bad-link")
case("md-file-link", "link to a local file", body("[a](file://{secret})"), "bad-link")
case("md-data-link", "link to a data: URI", body("[a](data:text/html,x)"), "bad-link")
case("md-entity-link", "hide the scheme in entities", body("[a](&#106;avascript:alert)"), "bad-link")
case("md-remote-picture", "load a picture from the network", body("![a](http://127.0.0.1:{port}/a.png)"), "remote-data")
case("md-slashes-picture", "load a picture by //host", body("![a](//127.0.0.1:{port}/a.png)"), "remote-data")
case("md-file-picture", "print a local file as a picture", body("![a](file://{secret})"), "remote-data")
case("md-data-picture", "smuggle an SVG in a data: URI", body("![a](data:image/svg+xml,%3Csvg/%3E)"), "remote-data")
case("md-attributes", "add events and styles by attributes", body("# H {onclick=alert(1) style='background:url(http://127.0.0.1:{port}/)'}"))
case("md-deep-quotes", "nest quotes until the parser breaks", body(">" * 20_000 + " a"), "markdown-too-deep")
case("md-deep-lists", "nest lists until the parser breaks", body("\n".join(" " * 2 * n + "- a" for n in range(400))), "markdown-too-deep")
case("md-brackets", "make the link parser compute squares", body("[" * 30_000))
case("md-emphasis", "make the emphasis parser compute squares", body("*a **b " * 30_000))
case("md-backticks", "make the code parser compute squares", body("".join("`" * n + " " for n in range(300))))
case("md-code", "make the highlighter backtrack", body("```python\n" + "'" * 15_000 + "\n```\n"))
case("md-deep-math", "nest a formula until the parser breaks", body("$" + "{" * 2000 + "x" + "}" * 2000 + "$"), "bad-math")
case("md-deep-sqrt", "nest roots within the limit of braces", body("$" + "\\sqrt{" * 39 + "x" + "}" * 39 + "$"))
case("md-math-command", "load a file by TeX", body("$\\input{{secret}}$"), "bad-math")
case("md-word", "set one word of a million letters", body("x" * 400_000))

# --- YAML

case("yaml-tag", "run code by a YAML tag", {"glossary.yaml": "!!python/object/apply:os.system ['touch {secret}.ran']\n"}, "yaml-tag")
case("yaml-bomb", "multiply by aliases", {"glossary.yaml": "- &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"- &{chr(98 + n)} [{', '.join('*' + chr(97 + n) for _ in range(9))}]\n" for n in range(12))}, "yaml-too-large")
case("yaml-self", "let an alias contain itself", {"glossary.yaml": "&a [*a]\n"}, "yaml-too-large", "yaml-syntax")
case("yaml-flow-depth", "nest brackets until the parser breaks", {"glossary.yaml": "[" * 200_000}, "yaml-too-large", "yaml-syntax")
case("yaml-block-depth", "nest lists until the parser breaks", {"glossary.yaml": "- " * 50_000 + "a"}, "yaml-too-large", "yaml-syntax")
case("yaml-long-keys", "make the paths of values fill the memory", {"glossary.yaml": "? " + "a" * 2_000_000 + "\n: [" + "x, " * 100_000 + "]\n"}, "yaml-too-large")
case("yaml-size", "be a text of many megabytes", {"glossary.yaml": lambda path: sparse(path, 200_000_000)}, "file-too-large")
case("yaml-nul", "end a text early by a NUL", {"glossary.yaml": "- {term: a\0b, definition: c}\n"}, "control-character")
case("yaml-many-items", "hold more items than a person writes", {"glossary.yaml": "- {}\n" * 60_000}, "missing-key", "render-limit", "yaml-too-large")
case("yaml-huge-number", "hold a number of a thousand digits", {"facts.yaml": "- {label: a, value: " + "9" * 1000 + "}\n"})
case("json-depth", "nest JSON until the parser breaks", {"sources.json": "[" * 200_000}, "json-syntax", "yaml-too-large")
case("json-surrogate", "name a file by half a letter", {**body("a"), "cards.yaml": '- {front: a, back: b, image: "\\ud800.png"}\n'})

# --- CSV, BibTeX, CSL

case("csv-quotes", "make the cell counter compute squares", {"cards/a.csv": "front,back\n" + 'a"b,c\n' * 15_000})
case("csv-field", "hold one cell of megabytes", {"cards/a.csv": "front,back\n" + "x" * 1_000_000 + ",b\n"}, "csv-syntax", "card-overflow", "render-limit")
case("csv-open-quote", "never close a quote", {"cards/a.csv": 'front,back\n"a,b\n' + "c,d\n" * 50_000}, "csv-syntax")
case("csv-formula", "put a formula for spreadsheets", {"cards/a.csv": "front,back\n=cmd|'/c calc'!A1,b\n"})
case("bib-bomb", "multiply by BibTeX strings", {"sources.bib": '@string{a0 = "xxxxxxxxxx"}\n' + "".join(f"@string{{a{n + 1} = {' # '.join([f'a{n}'] * 10)}}}\n" for n in range(12)) + "@book{k, title = a12}\n"}, "bibtex-syntax", "render-limit")
case("bib-depth", "nest braces until the parser breaks", {"sources.bib": "@book{k, title = {" + "{" * 30_000 + "}" * 30_000 + "}}\n"}, "bibtex-syntax", "render-limit")
case("bib-input", "load a file by TeX", {**body("[@k]"), "sources.bib": "@book{k, title = {\\input{{secret}}}}\n"})
case("csl-html", "put HTML into a source", {**body("[@k]"), "sources.yaml": "- {id: k, title: '<script src=http://127.0.0.1:{port}/></script>'}\n"})
case("csl-style-path", "take a citation style from outside", {"pack.yaml": "format: 1\ntitle: T\ncitation_style: ../../../../{secret}\n"}, "unknown-style")
case("csl-url", "link a source to a script", {**body("[@k]"), "sources.yaml": "- {id: k, title: t, URL: 'javascript:alert(1)'}\n"})

# --- charts

case("vega-remote", "load data from the network", chart("{data: {url: 'http://127.0.0.1:{port}/a.csv'}, mark: bar}"), "remote-data")
case("vega-file", "load data from a file: URL", chart("{data: {url: 'file://{secret}'}, mark: bar}"), "remote-data")
case("vega-absolute", "load data by an absolute path", chart("{data: {url: '{secret}'}, mark: bar}"), "outside-pack")
case("vega-parent", "load data by ..", chart("{data: {url: '../../../secret.txt'}, mark: bar}"), "outside-pack")
case("vega-image", "load a picture by an image mark", chart("{data: {values: [{a: 'http://127.0.0.1:{port}/a.png'}]}, mark: image, encoding: {url: {field: a}}}"))
case("vega-image-file", "print a local file by an image mark", chart("{data: {values: [{a: 'file://{secret}'}]}, mark: image, encoding: {url: {field: a}}}"))
case("vega-lookup", "load data in a lookup", chart("{data: {values: [{a: 1}]}, transform: [{lookup: a, from: {data: {url: 'http://127.0.0.1:{port}/b'}, key: a, fields: [b]}}], mark: bar}"), "remote-data")
case("vega-geo", "load a map from the network", chart("{data: {url: 'http://127.0.0.1:{port}/m.json', format: {type: topojson, feature: x}}, mark: geoshape}"), "remote-data")
case("vega-signal-url", "compute a URL in an expression", chart("{params: [{name: u, expr: \"'http://127.0.0.1:{port}/'+1\"}], data: {values: [{}]}, mark: {type: image, url: {expr: u}}}"))
case("vega-href", "link a mark to a script", chart("{data: {values: [{a: 1}]}, mark: {type: bar, href: 'javascript:alert(1)'}, encoding: {x: {field: a}}}"))
case("vega-expression", "reach the interpreter by an expression", chart("{data: {values: [{a: 1}]}, transform: [{calculate: \"constructor.constructor('return process')()\", as: b}], mark: bar, encoding: {x: {field: b}}}"))
case("vega-sequence", "make a billion rows", chart("{data: {sequence: {start: 0, stop: 1000000000}}, mark: point, encoding: {x: {field: data}}}"), "chart-error", "render-limit")
case("vega-size", "draw on a plane of kilometres", chart("{data: {values: [{a: 1}]}, mark: bar, width: 1000000000, height: 1000000000, encoding: {x: {field: a, type: quantitative, axis: {tickCount: 100000000}}}}"))
case("vega-loader", "let the specification set the loader", chart("{usermeta: {embedOptions: {loader: {baseURL: 'http://127.0.0.1:{port}/'}}}, data: {url: a.csv}, mark: bar}", **{"figures/a.csv": "a,b\n1,2\n"}))
case("vega-format", "take the data's parser from elsewhere", chart("{data: {url: a.csv, format: {type: '../../../secret.txt'}}, mark: bar}", **{"figures/a.csv": "a,b\n1,2\n"}), "json-syntax", "chart-error", "wrong-type", "bad-value")

# --- SVG

case("svg-image", "load a picture from the network", svg("<image xlink:href='http://127.0.0.1:{port}/a.png' width='9' height='9'/>"))
case("svg-image-file", "show a local file", svg("<image href='file://{secret}' width='9' height='9'/>"))
case("svg-use", "use a part of another file", svg("<use xlink:href='file://{secret}#a'/>"))
case("svg-entity", "read a file by an external entity", {**body("![C](figures/a.svg){alt=x}"), "figures/a.svg": "<!DOCTYPE svg [<!ENTITY x SYSTEM 'file://{secret}'>]>" + SVG.replace("{}", "<text>&x;</text>")}, "svg-unsafe")
case("svg-laughs", "multiply by entities", {**body("![C](figures/a.svg){alt=x}"), "figures/a.svg": "<!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'>" + "".join(f"<!ENTITY {chr(98 + n)} '{('&' + chr(97 + n) + ';') * 10}'>" for n in range(9)) + "]>" + SVG.replace("{}", "<text>&j;</text>")}, "svg-unsafe")
case("svg-script", "run a script", svg("<script>fetch('http://127.0.0.1:{port}/')</script>"))
case("svg-foreign", "hold HTML", svg("<foreignObject><iframe src='http://127.0.0.1:{port}/'/></foreignObject>"))
case("svg-style-import", "import a stylesheet", svg("<style>@import url(http://127.0.0.1:{port}/a.css);</style><rect width='9' height='9'/>"))
case("svg-style-escape", "hide the import behind escapes", svg("<style>@\\69mport 'http://127.0.0.1:{port}/a.css'; rect {fill: u\\72l(http://127.0.0.1:{port}/b)}</style><rect width='9' height='9'/>"))
case("svg-stylesheet", "name a stylesheet in an instruction", {**body("![C](figures/a.svg){alt=x}"), "figures/a.svg": "<?xml-stylesheet href='http://127.0.0.1:{port}/a.css'?>" + SVG.replace("{}", "<rect/>")})
case("svg-use-bomb", "multiply by use", svg("<g id='a0'><rect width='1' height='1'/></g>" + "".join(f"<g id='a{n + 1}'>" + f"<use href='#a{n}'/>" * 10 + "</g>" for n in range(9)) + "<use href='#a9'/>"), "svg-unsafe", "render-limit")
case("svg-use-loop", "let use contain itself", svg("<g id='a'><use href='#a'/></g><use href='#a'/>"))
case("svg-pattern-loop", "let a pattern contain itself", svg("<pattern id='p' width='1' height='1'><rect width='9' height='9' fill='url(#p)'/></pattern><rect width='9' height='9' fill='url(#p)'/>"))
case("svg-pattern-bomb", "tile with a billion tiles", svg("<pattern id='p' width='0.0000001' height='0.0000001' patternUnits='userSpaceOnUse'><rect width='1' height='1'/></pattern><rect width='9' height='9' fill='url(#p)'/>"))
case("svg-depth", "nest groups until the parser breaks", svg("<g>" * 50_000 + "</g>" * 50_000), "svg-unsafe")
case("svg-numbers", "hold numbers that no machine has", svg("<rect width='1e999' height='-1e999' transform='scale(1e300) rotate(1e308)'/>"))
case("svg-dash", "dash a line with dots of no length", svg("<path d='M0 0L9 9' stroke='red' stroke-dasharray='0.000000001'/>"))

# --- PNG, JPEG

IMAGE = body("![C](figures/a.png){alt=x}")
case("png-bomb", "claim four billion pixels", {**IMAGE, "figures/a.png": png(65_000, 65_000)}, "image-too-large")
case("png-two-heads", "hide the real size behind another chunk", {**IMAGE, "figures/a.png": png(65_000, 65_000, (b"teST", struct.pack(">II", 9, 9)))})
case("png-profile", "unpack a colour profile of gigabytes", {**IMAGE, "figures/a.png": png(4, 4, (b"iCCP", b"p\0\0" + zlib.compress(b"\0" * 60_000_000)))})
case("png-text", "unpack a text of gigabytes", {**IMAGE, "figures/a.png": png(4, 4, (b"zTXt", b"p\0\0" + zlib.compress(b"\0" * 60_000_000)))})
case("png-eps", "hide PostScript under a picture's name", {**IMAGE, "figures/a.png": "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(touch {secret}.ran) system\n"}, "image-broken")
case("jpeg-bomb", "claim four billion pixels", {**body("![C](figures/a.jpg){alt=x}"), "figures/a.jpg": b"\xff\xd8\xff\xc0\x00\x11\x08\xfe\xfe\xfe\xfe\x03" + b"\0" * 20 + b"\xff\xd9"}, "image-too-large")
case("jpeg-markers", "loop over empty markers", {**body("![C](figures/a.jpg){alt=x}"), "figures/a.jpg": b"\xff\xd8" + b"\xff\xe0\x00\x00" * 100_000 + b"\xff\xd9"}, "image-broken")

# --- templates

for name, tries, text, codes in [
    ("classes", "climb to all classes", "{{ ''.__class__.__mro__[1].__subclasses__() }}", ("template-error",)),
    ("attr-filter", "climb by the attr filter", "{{ m|attr('__class__') }}", ("template-error",)),
    ("format", "climb by a format string", "{{ '{0.__class__.__mro__}'.format(m) }}", ("template-error",)),
    ("format-map", "climb by format_map", "{{ '{a.__init__.__globals__}'.format_map({'a': m}) }}", ("template-error",)),
    ("globals", "climb by a function's globals", "{{ quizzes.__globals__ }}", ("template-error",)),
    ("self", "climb by the template itself", "{{ self._TemplateReference__context }}", ("template-error",)),
    ("model-file", "read a file by a method of the models", "{{ m.parse_file('{secret}') }}", ("template-error",)),
    ("model-pickle", "run a pickle by a method of the models", "{{ m.parse_raw('gASVIAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAVpZCA+L3RtcC9wd25lZJSFlFKULg==', content_type='pickle', allow_pickle=true) }}", ("template-error",)),
    ("model-copy", "change a model", "{{ m.model_copy(update={'title': 'x'}) }}", ("template-error",)),
    ("locale", "load a file by the locale", "{{ t.locale.parse('../../x') }}", ("template-error",)),
    ("include-absolute", "include a file outside", "{% include '{secret}' %}", ("template-error",)),
    ("include-parent", "include a file by ..", "{% include 'briefing/../../../../secret.txt' %}", ("template-error",)),
    ("import", "import a template outside", "{% import '../../../secret.txt' as x %}{{ x }}", ("template-error",)),
    ("extends", "extend a template outside", "{% extends '{secret}' %}", ("template-error",)),
    ("range", "count to a billion", "{% for n in range(10**9) %}{% endfor %}", ("template-error",)),
    ("nested-ranges", "count to a billion in two loops", "{% for n in range(90000) %}{% for k in range(90000) %}{% endfor %}{% endfor %}", ("render-limit",)),
    ("multiplied", "fill the memory with a text", "{{ 'x' * 10**10 }}", ("template-error", "render-limit")),
    ("multiplied-list", "fill the memory with a list", "{{ [1] * 10**10 }}", ("template-error", "render-limit")),
    ("doubled", "double a text without end", "{% set ns = namespace(x='x') %}{% for n in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}", ("render-limit",)),
    ("padded", "fill the memory by padding", "{{ 'x'.center(10**10) }}", ("template-error", "render-limit")),
    ("formatted", "fill the memory by a width", "{{ '%9999999999d' % 1 }}", ("template-error", "render-limit")),
    ("format-width", "fill the memory by the format filter", "{{ '{:9999999999d}'.format(1) }}", ("template-error", "render-limit")),
    ("power", "compute a power for years", "{{ 10 ** (10 ** 10) }}", ("template-error", "render-limit")),
    ("round", "compute a power in a filter", "{{ 3.5|round(900000000, 'ceil') }}", ("template-error", "render-limit")),
    ("macro", "call a macro in itself", "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", ("template-error",)),
    ("recursion", "loop over a list in itself", "{% for n in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}", ("template-error",)),
    ("include-itself", "include a template in itself", "{% include 'briefing/page.html' %}", ("template-error",)),
    ("nested-syntax", "nest the syntax until the compiler breaks", "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", ("template-error",)),
    ("endless-page", "print gigabytes", "{% for n in range(90000) %}{% for k in range(90000) %}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}{% endfor %}", ("render-limit",)),
    ("ruled", "draw lines without end", "{{ ruled({'pitch': 0}) }}", ("render-limit",)),
    ("debug", "print all that the engine knows", "{% debug %}", ("template-error",)),
]:  # fmt: skip
    case(f"jinja-{name}", tries, page(text), *codes)

# --- what templates print

for name, tries, text, codes in [
    ("img-network", "load a picture", "<img alt=x src='http://127.0.0.1:{port}/a.png'>", ()),
    ("img-file", "print a local picture", "<img alt=x src='file://{secret}'>", ()),
    ("link", "load a stylesheet", "<link rel=stylesheet href='http://127.0.0.1:{port}/a.css'>", ()),
    ("attachment", "attach a local file to the PDF", "<link rel=attachment href='file://{secret}'><a rel=attachment href='file://{secret}'>a</a>", ()),
    ("base", "move the base of all addresses", "<base href='file:///'><img alt=x src='{secret}'><object data='{secret}'></object>", ()),
    ("object", "embed a local file", "<object data='file://{secret}' type='text/html'></object><embed src='file://{secret}'>", ()),
    ("inline-svg", "load by an SVG in the page", "<svg><image href='file://{secret}' width=9 height=9 /><use href='http://127.0.0.1:{port}/a.svg#a'/></svg>", ()),
    ("inline-use-bomb", "multiply by use in the page", "<svg viewBox='0 0 9 9'><g id='a0'><rect width='1' height='1'/></g>" + "".join(f"<g id='a{n + 1}'>" + f"<use href='#a{n}'/>" * 10 + "</g>" for n in range(9)) + "<use href='#a9'/></svg>", ("render-limit", "image-broken")),
    ("font-asset", "leave the folder of fonts", "<img alt=x src='fonts/..%2f..%2f..%2f/secret.ttf'>", ()),
    ("colspan", "span a billion columns", "<table><tr><td colspan=1000000000>a<tr><td rowspan=1000000000>b</table>", ()),
    ("deep", "nest elements until layout breaks", "<div>" * 3000 + "a" + "</div>" * 3000, ()),
    ("deep-inline", "nest spans until layout breaks", "<span>" * 3000 + "a" + "</span>" * 3000, ()),
    ("pages", "print a page for each of a million letters", "<p style='break-after: page'>a</p>" * 4_000, ("render-limit",)),
]:  # fmt: skip
    case(f"html-{name}", tries, page(HTML.replace("{}", text)), *codes)

# --- CSS

for name, tries, text in [
    ("import", "import a stylesheet", "@import url(http://127.0.0.1:{port}/a.css);"),
    ("import-file", "import a local file", "@import 'file://{secret}';"),
    ("background", "load a background", "body { background: url(http://127.0.0.1:{port}/a.png) }"),
    ("font-face", "load a font", "@font-face { font-family: X; src: url(http://127.0.0.1:{port}/a.ttf), url('file://{secret}') } body { font-family: X }"),
    ("font-bomb", "load a broken font from a data: URI", "@font-face { font-family: X; src: url(data:font/ttf;base64,AAEAAAAB////) } body { font-family: X }"),
    ("data-bomb", "claim four billion pixels in a data: URI", "body { background: url(data:image/png;base64," + base64.b64encode(png(65_000, 65_000)).decode() + ") }"),
    ("data-svg", "load by an SVG in a data: URI", "body { background: url(\"data:image/svg+xml," + quote(SVG.replace("{}", "<image href='file://{secret}' width='9' height='9'/><image href='http://127.0.0.1:{port}/' width='9' height='9'/>"), safe="{}") + "\") }"),
    ("data-use-bomb", "multiply by use in a data: URI", "body { background: url(\"data:image/svg+xml," + quote(SVG.replace("{}", "<g id='a0'><rect width='1' height='1'/></g>" + "".join(f"<g id='a{n + 1}'>" + f"<use href='#a{n}'/>" * 10 + "</g>" for n in range(9)) + "<use href='#a9'/>")) + "\") }"),
    ("data-css", "hide a stylesheet in a data: URI", "@import url(\"data:text/css,body{background:url(http://127.0.0.1:{port}/)}\");"),
    ("color-profile", "load a colour profile", "@color-profile device-cmyk { src: url('file://{secret}') } body { color: device-cmyk(0 0 0 1) }"),
    ("content", "print a local file as content", "body::before { content: url('file://{secret}') }"),
    ("attr-url", "load by target-text and attr()", "body::before { content: target-text(url('http://127.0.0.1:{port}/#a')) attr(id url) }"),
    ("variables", "multiply by variables", ":root { --a0: xxxxxxxxxx; " + " ".join(f"--a{n + 1}: {f'var(--a{n}) ' * 10};" for n in range(12)) + " } body::before { content: var(--a12) }"),
    ("variable-loop", "let a variable contain itself", ":root { --a: var(--b); --b: var(--a) var(--a) } body { color: var(--a) }"),
    ("tiny-page", "make pages that hold nothing", "@page { size: 1mm 1mm !important; margin: 0 } body { font-size: 90pt }"),
    ("huge-page", "make a page of kilometres", "@page { size: 999999999mm 999999999mm !important }"),
    ("columns", "lay out a million columns", "body { columns: 100000 1px; column-gap: 0 }"),
    ("counter", "count to the end of all numbers", "body { counter-reset: a 99999999 } p::before { content: counter(a, lower-roman) counter(a, symbols(additive 'x')) }"),
    ("counter-style", "count in strokes", "@counter-style s { system: additive; additive-symbols: 1 'xxxxxxxxxx'; range: 0 infinite } body { counter-reset: a 50000000 } p::before { content: counter(a, s) }"),
    ("pad", "pad a counter without end", "@counter-style s { system: numeric; symbols: '0' '1'; pad: 999999999 '0' } body { counter-reset: a 1 } p::before { content: counter(a, s) }"),
    ("depth", "nest the syntax until the parser breaks", "a " + "(" * 50_000),
    ("selectors", "match by the worst selector", ":is(" * 400 + "a" + ")" * 400 + "{ color: red }"),
    ("grid", "make a grid of a billion cells", "body { display: grid; grid-template-columns: repeat(1000000000, 1px); grid-template-rows: repeat(1000000000, 1px) }"),
    ("numbers", "set lengths that no machine has", "p { width: 1e999mm; margin: -1e308px; font-size: 1e30pt; letter-spacing: 1e300em; tab-size: 999999999 }"),
]:  # fmt: skip
    case(f"css-{name}", tries, css(text))

# --- paths


def sparse(path: Path, size: int) -> None:
    """Make a file that has a size and takes no room."""
    with path.open("wb") as stream:
        stream.truncate(size)


PICTURE = "sections/a.md"
case("path-parent", "print a picture by ..", body("![a](../secret.png)"), "outside-pack")
case("path-absolute", "print a picture by an absolute path", body("![a]({secret})"), "outside-pack")
case("path-inside-out", "leave the pack by way of a folder in it", body("![a](figures/../../secret.png)"), "outside-pack")
case("path-percent", "hide the path in percent signs", body("![a](%2e%2e/secret.png)"), "missing-image", "outside-pack")
case("path-backslash", "leave the pack by backslashes", body("![a](..\\\\secret.png)"), "missing-image", "outside-pack")
case("path-nul", "end a path early by a NUL", {"cards.yaml": '- {front: a, back: b, image: "a.png\\0.svg"}\n'}, "outside-pack", "missing-image", "control-character")
case("path-long", "name a path of a million letters", body(f"![a]({'a/' * 500_000}a.png)"), "missing-image")
case("link-section", "link a section to a secret", {"sections/a.md": link("{secret}")}, "outside-pack")
case("link-figure", "link a picture to a secret", {**IMAGE, "figures/a.png": link("{secret}")}, "outside-pack")
case("link-folder", "link a folder to another", {"sections/a.md": None, "sections": link("{outside}")}, "outside-pack", "nothing-to-print")
case("link-template", "link a template to a secret", {PAGE: link("{secret}")}, "outside-pack")
case("link-manifest", "link pack.yaml to a secret", {"pack.yaml": link("{secret}")}, "outside-pack")
case("link-loop", "link a file to itself", {"glossary.yaml": link("glossary.yaml")}, "unreadable-file", "outside-pack")
case("link-zero", "link a file to /dev/zero", {"glossary.yaml": link("/dev/zero")}, "unreadable-file", "outside-pack")
case("link-process", "link a file to the process's own memory", {"glossary.yaml": link("/proc/self/environ")}, "outside-pack", "unreadable-file")
case("fifo", "wait for ever on a FIFO", {"glossary.yaml": lambda path: os.mkfifo(path)}, "unreadable-file")
case("fifo-figure", "wait for ever on a FIFO as a picture", {**IMAGE, "figures/a.png": lambda path: os.mkfifo(path)}, "unreadable-file")
case("folder-as-file", "give a folder for a file", {"glossary.yaml": lambda path: path.mkdir()}, "unreadable-file")
case("sparse", "be a file of a terabyte", {**IMAGE, "figures/a.png": lambda path: sparse(path, 2**40)}, "file-too-large")
case("sparse-unused", "be a file of a terabyte that nobody names", {"figures/big.bin": lambda path: sparse(path, 2**40)})
case("kind-output", "write a PDF outside the output folder", {"templates/mine/kind.toml": "name = 'mine'\ntitle = 'M'\nneeds = ['sections']\noutput = '../../../escaped.pdf'\n", "templates/mine/page.html": HTML, "pack.yaml": "format: 1\ntitle: T\ndocuments: {mine: {}}\n"}, "bad-template")
case("kind-absolute", "write a PDF to an absolute path", {"templates/mine/kind.toml": "name = 'mine'\ntitle = 'M'\nneeds = ['sections']\noutput = '{secret}.pdf'\n", "templates/mine/page.html": HTML, "pack.yaml": "format: 1\ntitle: T\ndocuments: {mine: {}}\n"}, "bad-template")
case("kind-piece", "write a piece outside the output folder", {"templates/mine/kind.toml": "name = 'mine'\ntitle = 'M'\nneeds = ['sections']\noutput = 'm.pdf'\n[[pieces]]\noutput = '../../../escaped.pdf'\n", "templates/mine/page.html": HTML, "pack.yaml": "format: 1\ntitle: T\ndocuments: {mine: {}}\n"}, "bad-template")
case("kind-name", "take a template from outside by the kind's name", {"templates/mine/kind.toml": "name = '../..'\ntitle = 'M'\nneeds = ['sections']\noutput = 'm.pdf'\n", "pack.yaml": "format: 1\ntitle: T\ndocuments: {'../..': {}}\n"}, "bad-template")
case("kind-record", "overwrite build.json by a document", {"templates/mine/kind.toml": "name = 'mine'\ntitle = 'M'\nneeds = ['sections']\noutput = 'build.json'\n", "templates/mine/page.html": HTML, "pack.yaml": "format: 1\ntitle: T\ndocuments: {mine: {}}\n"}, "bad-template")
case("kind-versions", "make a billion versions", {"templates/mine/kind.toml": "name = 'mine'\ntitle = 'M'\nneeds = ['sections']\noutput = 'm.pdf'\n[[pieces]]\noutput = 'm.pdf'\nversions = true\n[options.versions]\ntype = 'integer'\ndefault = 1000000000\nhelp = 'h'\n", "templates/mine/page.html": HTML, "pack.yaml": "format: 1\ntitle: T\ndocuments: {mine: {}}\n"})
case("theme-path", "take a theme from outside", {"pack.yaml": "format: 1\ntitle: T\ntheme: ../../../../secret\n"}, "unknown-theme")
case("theme-accent", "break out of the stylesheet by a colour", {"pack.yaml": "format: 1\ntitle: T\ndocuments: {briefing: {}}\ntheme: {accent: 'red} @import url(http://127.0.0.1:{port}/a.css); a {'}\n"})
case("marking", "break out of the stylesheet by the marking", {"pack.yaml": "format: 1\ntitle: T\ndocuments: {briefing: {}}\nmarking: 'x\"; } @import url(http://127.0.0.1:{port}/); a { b: \"\\5c'\n"})
case("stock-path", "take card stock from outside", {"cards.yaml": "- {front: a, back: b}\n", "pack.yaml": "format: 1\ntitle: T\ndocuments: {flashcards: {stock: ../../../../secret}}\n"}, "unknown-stock")
case("stock-many", "print a card on a million tiny sheets", {"cards.yaml": "- {front: a, back: b}\n", "pack.yaml": "format: 1\ntitle: T\ndocuments: {flashcards: {stock: 0.001x0.001mm}}\n"}, "bad-stock", "unknown-stock", "card-overflow", "page-too-large")
case("edition-path", "write an edition outside the output folder", {"pack.yaml": "format: 1\ntitle: T\neditions: {'../../escaped': {tags: []}}\n"}, "bad-value", "unknown-key", "unknown-edition", edition="../../escaped")
case("layout-path", "take a card layout from outside", {"cards.yaml": "- {front: a, back: b, layout: ../../../../secret}\n", "pack.yaml": "format: 1\ntitle: T\ndocuments: {flashcards: {}}\n"}, "unknown-layout", "bad-value")
case("paper", "print on a paper of light years", {"pack.yaml": "format: 1\ntitle: T\npaper: [1e300, 1e300]\n"}, "bad-value", "wrong-type")

# --- names and texts that terminals obey

ESCAPE = "\x1b]0;owned\x07\x1b[31m\x9b31m\u202e"
case("escape-key", "send escapes to the terminal by a key", {"pack.yaml": 'format: 1\ntitle: T\n"a\\e[31m\\u202e\\x9b": 1\n'}, "unknown-key")
case("escape-name", "send escapes to the terminal by a file's name", {f"sections/{ESCAPE}.md": "no front matter\n"}, "missing-front-matter")
case("surrogate-name", "name a file in no encoding at all", {"sections/\udcff.md": "no front matter\n"}, "missing-front-matter")
case("markup-kind", "send markup to the progress bars", {"templates/mine/kind.toml": "name = '[/red]'\ntitle = 'M'\nneeds = ['sections']\noutput = 'm.pdf'\n", "pack.yaml": "format: 1\ntitle: T\ndocuments: {'[/red]': {}}\n"}, "bad-template")
