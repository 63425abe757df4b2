"""Names of people and bodies after CSL: order, initials, particles, "et al."."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guide.markup.csl.rich import Rich, formatted, glue, join, parse, text_run
from guide.markup.csl.style import Node, Style
from guide.markup.csl.textcase import cased

_INHERITED = (
    "and", "delimiter-precedes-et-al", "delimiter-precedes-last", "et-al-min", "et-al-use-first",
    "et-al-use-last", "et-al-subsequent-min", "et-al-subsequent-use-first", "initialize",
    "initialize-with", "name-as-sort-order", "sort-separator",
)  # fmt: skip


@dataclass
class Look:
    """How the names of one element are printed: the options in effect, and what was disambiguated.

    `shown` is the number of names that must be printed at least, `levels` the places of names that
    need initials (1) or given names (2) to be told from others.
    """

    style: Style
    options: Mapping[str, str]
    node: Node | None
    et_al: Node | None
    shown: int = 0
    levels: Mapping[int, int] | None = None
    sorting: bool = False
    subsequent: bool = False


def options_of(style: Style, area: Node, name: Node | None) -> dict[str, str]:
    """Return the options of a name: its own, those of its parents, of the area, of the style."""
    found: dict[str, str] = {}
    for node in (style.root, area):
        for key in _INHERITED:
            if key in node.attrs:
                found[key] = node.attrs[key]
        for key in ("form", "delimiter"):
            if f"name-{key}" in node.attrs:
                found[key] = node.attrs[f"name-{key}"]
    for key in ("initialize-with-hyphen", "demote-non-dropping-particle"):
        if key in style.root.attrs:
            found[key] = style.root.attrs[key]
    if name is not None:
        found |= name.attrs
    return found


def render_names(people: Sequence[Mapping[str, Any]], look: Look) -> Rich:
    """Return the names of one variable as the style prints them."""
    options = look.options
    use_first, truncated = truncation(len(people), look)
    if len(people) > 1 and _are_others(people[-1]):
        use_first, truncated = (
            min(use_first, len(people) - 1) if truncated else len(people) - 1,
            True,
        )
        options = look.options = {**options, "et-al-use-last": "false"}
    with_last = (
        truncated and options.get("et-al-use-last") == "true" and use_first <= len(people) - 2
    )
    shown = list(people[:use_first]) if truncated else list(people)
    inside = look.style.inside
    delimiter = options.get("delimiter", ", ")
    parts = [one_name(person, n, look) for n, person in enumerate(shown)]
    if with_last:
        last = one_name(people[-1], len(people) - 1, look)
        return glue(
            glue(join(parts, delimiter, inside), text_run(f"{delimiter}… "), inside), last, inside
        )
    if truncated:
        return _with_et_al(parts, delimiter, look)
    word = {"text": look.style.term("and"), "symbol": "&"}.get(options.get("and", ""), "")
    if not word or len(parts) < 2:
        return join(parts, delimiter, inside)
    before = join(parts[:-1], delimiter, inside)
    inverted = _inverted(len(parts) - 2, options) and "literal" not in shown[-2]
    comma = _precedes(options.get("delimiter-precedes-last"), len(parts) > 2, inverted)
    seam = f"{delimiter if comma else ' '}{word} "
    return glue(glue(before, text_run(seam), inside), parts[-1], inside)


def _are_others(person: Mapping[str, Any]) -> bool:
    """Return True for what BibTeX's `and others` becomes here and in other programs."""
    names = [
        value for key, value in person.items() if value and key in {"literal", "family", "given"}
    ]
    return [str(name).casefold() for name in names] == ["others"]


def truncation(count: int, look: Look) -> tuple[int, bool]:
    """Return how many names come before "et al.", and whether there are more than these."""
    options = look.options
    least = _number(options.get("et-al-min"))
    first = _number(options.get("et-al-use-first"), 1)
    if look.subsequent:
        least = _number(options.get("et-al-subsequent-min"), least)
        first = _number(options.get("et-al-subsequent-use-first"), first)
    first = max(first, look.shown)
    return first, bool(least) and count >= least and count > first


def _number(value: str | None, default: int = 0) -> int:
    return int(value) if value and value.isdecimal() else default


def _inverted(place: int, options: Mapping[str, str]) -> bool:
    order = options.get("name-as-sort-order")
    return order == "all" or (order == "first" and place == 0)


def _precedes(rule: str | None, several: bool, inverted: bool) -> bool:
    if rule == "after-inverted-name":
        return inverted
    return {"always": True, "never": False}.get(rule or "", several)


def _with_et_al(parts: Sequence[Rich], delimiter: str, look: Look) -> Rich:
    attrs = dict(look.et_al.attrs) if look.et_al else {}
    word = look.style.term(attrs.get("term", "et-al"))
    inside = look.style.inside
    shown = join(parts, delimiter, inside)
    if not word or not parts:
        return shown
    marked = formatted(text_run(word), attrs)
    marked = glue(
        glue(text_run(attrs.get("prefix", "")), marked, inside),
        text_run(attrs.get("suffix", "")),
        inside,
    )
    inverted = _inverted(len(parts) - 1, look.options)
    comma = _precedes(look.options.get("delimiter-precedes-et-al"), len(parts) > 1, inverted)
    return glue(glue(shown, text_run(delimiter if comma else " "), inside), marked, inside)


# Scripts that put the given name first, and words apart.
_WESTERN = re.compile(r"[A-Za-z\u00c0-\u1fff\u2c00-\u2dff\ua640-\ua69f\ufb13-\ufdff]|[^\w]")


def _is_western(name: Mapping[str, Any]) -> bool:
    text = f"{name.get('family', '')}{name.get('given', '')}"
    return not text or bool(_WESTERN.search(text.replace(" ", "")))


_PARTICLE = re.compile(r"^((?:(?:[a-zß-öø-ÿ]+[’'\-]?|’[a-z]|'[a-z])(?:\s+|(?<=[’'\-])))+)(?=\S)")
_GIVEN_PARTICLE = re.compile(r"\s((?:[a-zß-öø-ÿ]+[’']?)(?:\s+[a-zß-öø-ÿ]+[’']?)*)$")
_SUFFIX = re.compile(r",\s*(!?)\s*(\S.*)$")


def parts_of(person: Mapping[str, Any]) -> dict[str, str]:
    """Return a name's parts, with particles and suffix taken out of the names that hold them."""
    name = {key: str(value).strip() for key, value in person.items() if value not in (None, "")}
    if "literal" in name and not name.get("family"):
        return name
    family, given = name.get("family", ""), name.get("given", "")
    if len(family) > 1 and family[0] == family[-1] == '"':
        return {**name, "family": family[1:-1]}
    if "suffix" not in name and (match := _SUFFIX.search(given)):
        name["suffix"], given = match[2], given[: match.start()]
        if match[1]:
            name["comma-suffix"] = "true"
    if "non-dropping-particle" not in name and (match := _PARTICLE.match(family)):
        name["non-dropping-particle"], family = match[1].rstrip(" "), family[match.end() :]
    if "dropping-particle" not in name and (match := _GIVEN_PARTICLE.search(given)):
        name["dropping-particle"], given = match[1], given[: match.start()]
    name["family"], name["given"] = family, given
    return {key: value for key, value in name.items() if value}


def one_name(person: Mapping[str, Any], place: int, look: Look) -> Rich:
    """Return one name in the form and order that the options ask for."""
    name = parts_of(person)
    options = look.options
    if "family" not in name:
        text = name.get("literal") or name.get("given", "")
        return _part(parse(text), "family", look)
    level = (look.levels or {}).get(place, 0)
    short = options.get("form") == "short" and not level
    western = _is_western(name)
    name["given"] = _given(name, level, short, options) if western else name.get("given", "")
    first = _part(parse(name["given"]), "given", look)
    if not western:
        family = _part(parse(name["family"]), "family", look)
        return _joined("", [family] if short else [family, first])
    with_particle = _particle(name.get("non-dropping-particle", "")) + name["family"]
    family = _part(parse(with_particle), "family", look)
    if short:
        return family
    if str(person.get("static-ordering", "")).lower() in {"true", "1"}:
        return _joined(" ", [family, first])
    if look.sorting or _inverted(place, options):
        return _sorted_form(name, look)
    return _western_form(name, first, look)


def _given(name: Mapping[str, str], level: int, short: bool, options: Mapping[str, str]) -> str:
    """Return the given names of a name, as initials where they are printed so."""
    given, mark = name.get("given", ""), options.get("initialize-with")
    if not given or mark is None:
        return given
    if level == 2:
        return initialized(given, mark, True, True)
    hyphens = options.get("initialize-with-hyphen") != "false"
    return (
        given if short else initialized(given, mark, hyphens, options.get("initialize") == "false")
    )


def _western_form(name: Mapping[str, str], first: Rich, look: Look) -> Rich:
    """Return a name with its given names, `first`, before the family name."""
    ndp, dp = name.get("non-dropping-particle", ""), name.get("dropping-particle", "")
    particles = _particle(_particle(dp) + ndp) if ndp else ""
    family = _part(parse(particles + name["family"]), "family", look)
    if dp and not ndp:
        of_given = look.node is not None and any(
            kid.attrs.get("name") == "given" for kid in look.node.kids
        )
        particle = parse(_particle(dp))
        family = glue(_part(particle, "given", look) if of_given else particle, family)
    whole = _joined(" ", [first, family])
    if suffix := name.get("suffix", ""):
        comma = name.get("comma-suffix", "") in {"true", "True", "1"}
        whole = glue(whole, parse(f"{',' if comma else ''} {suffix}"))
    return whole


def _particle(text: str) -> str:
    """Return a particle with the space that parts it from the name, unless it ends in an apostrophe."""
    return text if not text or text[-1] in "’'-\u2010" else f"{text} "


def _sorted_form(name: Mapping[str, str], look: Look) -> Rich:
    ndp = name.get("non-dropping-particle", "")
    demoted = look.options.get("demote-non-dropping-particle", "display-and-sort")
    moves = demoted == "display-and-sort" or (look.sorting and demoted == "sort-only")
    family = name["family"] if moves else _particle(ndp) + name["family"]
    every = name["given"], name.get("dropping-particle", ""), ndp if moves else ""
    after = [part for part in every if part]
    separator = look.options.get("sort-separator", ", ")
    first = _part(parse(" ".join(after)), "given", look)
    parts = [_part(parse(family), "family", look), first, parse(name.get("suffix", ""))]
    return join([part for part in parts if part], separator)


def _joined(delimiter: str, parts: Sequence[Rich]) -> Rich:
    return join([part for part in parts if part], delimiter)


def _part(rich: Rich, kind: str, look: Look) -> Rich:
    """Format the family or the given name as cs:name-part says."""
    if look.node is None or not rich or look.sorting:
        return rich
    for part in look.node.kids:
        if part.tag == "name-part" and part.attrs.get("name") == kind:
            rich = cased(rich, part.attrs.get("text-case", ""), "")
            rich = formatted(rich, part.attrs)
            rich = glue(text_run(part.attrs.get("prefix", "")), rich)
            rich = glue(rich, text_run(part.attrs.get("suffix", "")))
    return rich


def initialized(given: str, mark: str, hyphens: bool, keep_full: bool) -> str:
    """Return given names as initials, each followed by `mark`.

    `keep_full` changes only what is an initial already (CSL's initialize="false").
    """
    given = unicodedata.normalize("NFC", given)
    given = re.sub(r"\s*[-‐‑]\s*", "-", given) if hyphens else re.sub(r"[-‐‑]", " ", given)
    result = ""
    for word in re.findall(r"-?[^\s.\-]+\.?|-", given):
        hyphen = "-" if word.startswith("-") else ""
        bare = word.lstrip("-").rstrip(".")
        dotted = word.endswith(".")
        if not bare:
            continue
        if keep_full and not (len(bare) == 1 and bare.isupper()) and not (dotted and len(bare) < 3):
            result = f"{result.rstrip()}{hyphen or ' '}{word.lstrip('-')} "
            continue
        result = _with_initial(result, bare, hyphen, mark, dotted)
    return re.sub(r" +", " ", result).strip()


def _with_initial(result: str, bare: str, hyphen: str, mark: str, dotted: bool) -> str:
    head = result.rstrip() if hyphen else result
    if bare[0].islower() and len(bare) > 1 and not dotted:  # a particle, or an article
        return f"{head.rstrip()} {bare} " if not hyphen else f"{head}-{bare[0]}{mark}"
    if bare.isupper() and len(bare) > 1 and len(bare) <= 3 and not dotted and not hyphen:
        return head + "".join(f"{letter}{mark}" for letter in bare)
    first = bare[0].upper() if not hyphen else bare[0]
    if dotted and 1 < len(bare) <= 3 and bare[0].isupper() and not bare.isupper():
        first = bare  # `Th.` is an abbreviation of its writer's own
    return f"{head}{hyphen}{first}{mark}"
