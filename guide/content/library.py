"""Kinds of document and card stock by name: a pack's own first, then the bundled ones."""

from __future__ import annotations

import contextlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from guide.content import ownkinds
from guide.content.ownkinds import COMMON, clashes, common_fault, read_kind, views_of
from guide.content.validate import Places, Validator, did_you_mean
from guide.content.yaml import read_yaml
from guide.diagnostics.diagnostic import ContentError, Diagnostic, Place, error, warning
from guide.model.kinds import Kind, Option, Stock, grid
from guide.model.pack import Pack
from guide.resources import TEMPLATES
from guide.units import PAPERS, Paper, parse_paper

LARGEST = 72  # pt
_SAME = 0.5  # mm
_NAMED = 3  # stocks in a hint


def load_kinds(pack: Pack | None = None, own: Mapping[str, str] | None = None) -> dict[str, Kind]:
    """Return the kinds of document by name, in the order in which they are built.

    A pack's own `templates/NAME/kind.toml` comes before a bundled one; `own` are its templates when
    nothing else of it was read. Raises ContentError when one of them cannot be read.
    """
    bundled = _bundled_kinds()
    found, files = dict(bundled), dict[str, tuple[str, str]]()
    for path, text in (pack.templates if pack else own or {}).items():
        if path.endswith("/kind.toml"):
            kind = _own_kind(path, text)
            found[kind.name], files[kind.name] = kind, (path, text)
    if files and (problems := list(clashes(found.values(), files))):
        raise ContentError(*problems)
    return {kind.name: kind for kind in sorted(found.values(), key=lambda k: (k.order, k.name))}


def _own_kind(path: str, text: str) -> Kind:
    kind = read_kind(path, text, _bundled_kinds())
    return kind.model_copy(update={"views": views_of(kind, _bundled_kinds())})


def unnamed_views(templates: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Yield a note for each kind of a pack's own whose views follow from its options alone."""
    for path, text in templates.items():
        if path.endswith("/kind.toml"):
            yield from ownkinds.unnamed_views(path, text, _bundled_kinds())


def deck_kind(pack: Pack) -> Kind:
    """Return the kind of the cards that other documents speak of: the pack's own, if that is a deck."""
    kind = load_kinds(pack)["flashcards"]
    return kind if kind.shape == "faces" else _bundled_kinds()["flashcards"]


@lru_cache
def _bundled_kinds() -> dict[str, Kind]:
    paths = sorted(TEMPLATES.glob("*/kind.toml"))
    kinds = [Kind.model_validate(tomllib.loads(path.read_text("utf-8"))) for path in paths]
    return {kind.name: kind for kind in kinds}


@lru_cache
def all_stock() -> dict[str, Stock]:
    """Return the bundled stock by name."""
    files = sorted(TEMPLATES.glob("stock/*.yaml"))
    return _stock_in({path.name: path.read_text("utf-8") for path in files})


def load_stock(
    name: str, place: Place, pack: Pack | None = None, paper: Paper | None = None
) -> Stock:
    """Return the stock of that name or alias, a pack's own `templates/stock/*.yaml` first.

    A size such as `90x60mm` is cards of that size, as many as go on the paper. Raises ContentError
    with a suggestion when there is none.
    """
    files = (pack.templates if pack else {}).items()
    written = {
        f"templates/{p}": text for p, text in files if re.fullmatch(r"stock/.*\.yaml", p, re.S)
    }
    own, known = _stock_in(written), all_stock()
    wanted = _plain(name)
    for stock in (*own.values(), *known.values()):
        if wanted in map(_plain, (stock.name, *stock.aliases)):
            return stock
    size = name.strip().casefold()
    if _SIZE.fullmatch(size):
        return _stock_by_size(size, place, paper or PAPERS["a4"])
    known = {**known, **own}
    hint = did_you_mean(name, known) or "List them: guide stock"
    raise ContentError(error("unknown-stock", f"there is no card stock `{name}`", place, hint))


def _plain(name: str) -> str:
    """Return a name for comparing: capitals and spaces do not count."""
    return "-".join(name.casefold().split())


_SIZE = re.compile(r"[\d.]+\s*x\s*[\d.]+\s*(mm|cm|in)?")


def _stock_by_size(name: str, place: Place, paper: Paper) -> Stock:
    try:
        card = parse_paper(name)
        # Type grows with the card: as on the bundled stock, 13 pt on A7 and 9.5 pt on a business card.
        top = min(16.0, max(8.0, round(min(card.width * 0.15, card.height * 0.175) * 2) / 2))
        sizes = tuple(top - n / 2 for n in range(int((top - min(7.0, top)) * 2) + 1))
        like = Stock.model_construct(
            name=f"{card.width:g}x{card.height:g}mm", title=f"Cards of {card.width:g} x {card.height:g} mm",
            paper=paper, card=(card.width, card.height), columns=1, rows=1, origin=(0, 0),
            pitch=(card.width, card.height), aliases=(), corner=0, fold="", safe=min(5.0, min(card.width, card.height) / 12),
            sizes=sizes,
        )  # fmt: skip
        return Stock.model_validate(grid(like).model_dump() | {"paper": grid(like).paper})
    except ValueError as exc:
        faults = exc.errors() if isinstance(exc, ValidationError) else [{"msg": str(exc)}]
        message = "; ".join(str(each["msg"]).removeprefix("Value error, ") for each in faults)
        hint = "Give width x height, such as 90x60mm, of a card that fits the paper."
        raise ContentError(error("bad-stock", message, place, hint)) from exc


def _stock_in(files: Mapping[str, str]) -> dict[str, Stock]:
    """Return the stock in files, by its name; raises ContentError."""
    found = {}
    for path, text in files.items():
        stock, problems = read_stock(text, path)
        if stock is None:
            raise ContentError(*problems)
        found[stock.name] = stock
    return found


def resolve_options(
    kind: Kind, given: Mapping[str, Any], pack: Pack
) -> tuple[dict[str, Any], list[Diagnostic]]:
    """Return the options of a document, defaults included, and what is wrong with those given."""
    options = {name: option.default for name, option in kind.options.items()}
    problems: list[Diagnostic] = []
    for name, written in given.items():
        wanted = kind.options[name].type if name in kind.options else ""
        number = isinstance(written, int | float) and not isinstance(written, bool)
        text = wanted == "string" and number  # `seed: 7`
        value = str(getattr(written, "text", written)) if text else written
        value = [value] if wanted == "list" and isinstance(value, str | int) else value
        place = pack.at(f"documents.{kind.name}.{name}")
        if name in COMMON:
            problem = _common(name, value, place)
        elif name in kind.options:
            problem = _wrong(name, value, kind.options[name], place)
        else:
            hint = did_you_mean(name, [*kind.options, *COMMON])
            problem = error("unknown-option", f"`{kind.name}` has no option `{name}`", place, hint)
        if problem:
            problems.append(problem)
        else:
            options[name] = value
    return options, problems


def _common(name: str, value: Any, place: Place) -> Diagnostic | None:
    if name == "theme" and not isinstance(value, str):
        return error("wrong-type", "`theme` must be text", place, "Write the name of a theme.")
    fault = common_fault(name, value)
    hint = "The budget is checked after layout." if name == "pages" else ""
    return error("bad-value", fault, place, hint) if fault else None


def check_theme(name: Any, place: Place, pack: Pack | None = None) -> Diagnostic | None:
    """Say that there is no theme of that name, or nothing."""
    themes = {path.stem for path in Path(TEMPLATES, "themes").glob("*.css")}
    if pack is not None:
        themes |= {Path(name).stem for name in pack.templates if name.startswith("themes/")}
    if isinstance(name, str) and name in themes:
        return None
    hint = did_you_mean(str(name), sorted(themes))
    return error("unknown-theme", f"there is no theme `{name}`", place, hint)


_OF_CARDS = r"--card-%s\s*:\s*([\w.-]+)"


def theme_of_cards(name: str, pack: Pack) -> tuple[str, float]:
    """Return the stock that a theme prints cards on unless somebody chose one, and its least type.

    They are '' and 0 where the theme says nothing (`--card-stock`, `--card-least` in pt).
    """
    path = Path(TEMPLATES, "themes", f"{name}.css")
    text = pack.templates.get(f"themes/{name}.css")
    if text is None:
        text = path.read_text("utf-8") if path.is_file() and path.stem == name else ""
    stock, least = (re.search(_OF_CARDS % token, text) for token in ("stock", "least"))
    size = least[1].removesuffix("pt") if least else ""
    known = size.replace(".", "", 1).isdecimal() and 0 < float(size) <= LARGEST
    return stock[1] if stock else "", float(size) if known else 0.0


_CHECKS: dict[str, tuple[Any, str]] = {
    "boolean": (bool, "true or false"),
    "integer": (int, "a whole number"),
    "number": ((int, float), "a number"),
    "string": (str, "text"),
    "list": (list, "a list"),
    "map": (dict, "a mapping, `key: value`"),
}


def _wrong(name: str, value: Any, option: Option, place: Place) -> Diagnostic | None:
    expected, words = _CHECKS[option.type]
    fits = isinstance(value, expected) and (expected is bool or not isinstance(value, bool))
    if not fits:
        return error("wrong-type", f"`{name}` must be {words}", place, option.help)
    if isinstance(value, int | float) and not isinstance(value, bool):
        sides = (("at least", option.least, 1), ("at most", option.most, -1))
        for side, bound, sign in sides:
            if bound is not None and sign * value < sign * bound:
                return error("bad-value", f"`{name}` must be {side} {bound:g}", place, option.help)
    for entry in value if isinstance(value, list) else [value]:
        if option.choices and str(entry) not in option.choices:
            hint = did_you_mean(str(entry), option.choices)
            return error("bad-value", f"`{name}` cannot be `{entry}`", place, hint)
    return None


def read_stock(text: str, path: str) -> tuple[Stock | None, list[Diagnostic]]:
    """Read one stock file, as a user may write it."""
    document, problems = read_yaml(text, path)
    if document is None:
        return None, problems
    validator = Validator()
    stock = validator.item(Stock, document.data, Places(path, document), "the stock")
    return stock, [*problems, *validator.problems]


def other_paper(stock: Stock, paper: Paper, place: Place) -> Diagnostic | None:
    """Return the warning for cards that are not printed on `paper`, as their stock is for another.

    Sheets of stock have their own size: labels and perforated cards cannot be laid out anew.
    """
    if _alike(stock.paper, paper):
        return None
    message = (
        f"the cards are printed on {stock.paper.name}, not on {paper.name}: "
        f"the stock `{stock.name}` is for {stock.paper.name}"
    )
    fitting = [each.name for each in all_stock().values() if _alike(each.paper, paper)]
    ways = []
    if fitting:
        ways.append(f"choose stock for {paper.name} ({', '.join(sorted(fitting)[:_NAMED])})")
    width, height = stock.card
    with contextlib.suppress(ValueError):
        grid(stock.model_copy(update={"paper": paper, "fold": ""}))
        ways.append(f"cut cards of this size from it: --stock {width:g}x{height:g}mm")
    ways = ways or ["choose smaller stock (guide stock), or larger paper"]
    hint = ", or ".join(ways)
    return warning("stock-paper", message, place, f"{hint[:1].upper()}{hint[1:]}")


def _alike(one: Paper, other: Paper) -> bool:
    """Return True if two papers have one size, upright or across."""
    sizes = (sorted((each.width, each.height)) for each in (one, other))
    return all(abs(a - b) <= _SAME for a, b in zip(*sizes, strict=True))
