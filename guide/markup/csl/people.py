"""Renders cs:names: people in the form of the style, their labels, and what is printed in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from guide.markup.csl.finish import finish, wrapped
from guide.markup.csl.names import Look, options_of, render_names, truncation
from guide.markup.csl.place import EMPTY, FULL, Place
from guide.markup.csl.rich import Rich, formatted, glue, join, text_run
from guide.markup.csl.style import Node, Style


@dataclass
class People:
    """Renders the names of one style; `render` renders any other element."""

    style: Style
    render: Callable[[Node, Place], tuple[Rich, int]]

    def names(self, node: Node, place: Place, parent: Node | None = None) -> tuple[Rich, int]:
        """Render cs:names; `parent` is the one whose look a short one in its substitute takes."""
        if place.stead and place.stood:
            return [], EMPTY
        if parent is None and place.stead and not any(k.tag == "name" for k in node.kids):
            parent = place.stead
        shape = parent or node
        variables = node.attrs.get("variable", "").split()
        look = self._look(shape, place)
        rich, counted = self._people(variables, shape, look, place)
        if look.options.get("form") == "count" and parent is None and not shape.first("substitute"):
            return text_run(str(counted) if counted else ""), FULL if counted else EMPTY
        if not rich:
            return self._substitute(node, place) if parent is None else ([], EMPTY)
        if look.options.get("form") == "count":
            return text_run(str(counted)), FULL
        return self._as_names(rich, node, place)

    def _as_names(self, rich: Rich, node: Node, place: Place) -> tuple[Rich, int]:
        """Return names as a style prints them; nothing if the citation hides its first ones."""
        whole = wrapped(formatted(rich, node.attrs), node.attrs, self.style)
        place.stood = True
        if not place.names:
            place.names.append(whole)
            if place.hide:
                return [], FULL
            if place.instead is not None:
                return wrapped(text_run(place.instead), node.attrs, self.style), FULL
        return whole, FULL

    def _look(self, node: Node, place: Place) -> Look:
        name = node.first("name")
        options = options_of(self.style, place.area, name)
        if place.sorting is not None:
            options |= {"name-as-sort-order": "all", **place.sorting}
            if options.get("form") == "short":
                options["form"] = "long" if "form" not in (name.attrs if name else {}) else "short"
        first = not place.people and place.sorting is None
        return Look(
            style=self.style, options=options, node=name, et_al=node.first("et-al"),
            shown=place.told.shown if first else 0,
            levels=place.told.levels if first else None,
            sorting=place.sorting is not None,
            subsequent=place.position != "first" and place.area.tag == "citation",
        )  # fmt: skip

    def _people(
        self, variables: Sequence[str], node: Node, look: Look, place: Place
    ) -> tuple[Rich, int]:
        found = []
        for variable in variables:
            people = place.item.get(variable)
            if people and variable not in place.suppressed:
                found.append((variable, people))
                place.called.append(variable)
        if (
            [v for v, _ in found] in (["editor", "translator"], ["translator", "editor"])
            and found[0][1] == found[1][1]
            and (self.style.term("editortranslator") or self.style.term("editor-translator"))
        ):
            found = [("editortranslator", found[0][1])]
        parts, counted = [], 0
        for variable, people in found:
            shown, cut = truncation(len(people), look)
            counted += shown if cut else len(people)
            if not place.people:
                place.people.append(people)
                place.shown.append(shown if cut else len(people))
            rich = render_names(people, look)
            look.levels, look.shown = None, 0
            parts.append(self._labelled(rich, variable, len(people) > 1, node, place))
        delimiter = node.attrs.get("delimiter") or self._delimiter(place)
        return join(parts, delimiter, self.style.inside), counted

    def _delimiter(self, place: Place) -> str:
        return place.area.attrs.get("names-delimiter") or self.style.root.attrs.get(
            "names-delimiter", ""
        )

    def _labelled(self, rich: Rich, variable: str, several: bool, node: Node, place: Place) -> Rich:
        label = node.first("label")
        if label is None or not rich or place.sorting is not None:
            return self._name_affixes(rich, node)
        rule = label.attrs.get("plural", "contextual")
        plural = rule == "always" or (rule == "contextual" and several)
        word = self.style.term(variable, label.attrs.get("form", "long"), plural)
        made = finish(text_run(word), label.attrs, place, self.style)
        rich = self._name_affixes(rich, node)
        before = (
            next(
                kid.tag for kid in node.kids if kid.tag in {"label", "name", "et-al", "substitute"}
            )
            == "label"
        )
        inside = self.style.inside
        before = before and node.first("name") is not None
        return glue(made, rich, inside) if before else glue(rich, made, inside)

    def _name_affixes(self, rich: Rich, node: Node) -> Rich:
        name = node.first("name")
        return wrapped(formatted(rich, name.attrs), name.attrs, self.style) if name else rich

    def _substitute(self, node: Node, place: Place) -> tuple[Rich, int]:
        substitute = node.first("substitute")
        before, place.stead, place.stood = (place.stead, place.stood), node, False
        try:
            return self._first_substitute(substitute, node, place)
        finally:
            place.stead, place.stood = before

    def _first_substitute(
        self, substitute: Node | None, node: Node, place: Place
    ) -> tuple[Rich, int]:
        for kid in substitute.kids if substitute else ():
            before = len(place.called)
            if kid.tag == "names" and not any(k.tag in {"name", "label"} for k in kid.kids):
                rich, state = self.names(kid, place, node)
            else:
                rich, state = self.render(kid, place)
            if rich or (state == FULL and place.hide and place.names):
                place.suppressed.update(place.called[before:])
                return self._as_names(rich, node, place)
            del place.called[before:]
        return [], EMPTY
