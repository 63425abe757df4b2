"""The files of one document, each under the digest of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from guide.diagnostics.diagnostic import Diagnostic, error
from guide.markup.charts import ChartError, TokenValue, clean_svg, culprit, draw_chart
from guide.model.content import Figure
from guide.model.pack import Pack


@dataclass
class Assets:
    """Collects what a document really uses, and draws its charts once."""

    pack: Pack
    token: TokenValue
    report: Callable[[Diagnostic], None] = lambda _: None
    files: dict[str, bytes] = field(default_factory=dict)
    _known: dict[str, str] = field(default_factory=dict)

    def add(self, data: bytes, suffix: str) -> str:
        """Keep `data` and return its path in the document."""
        path = f"asset/{hashlib.sha256(data).hexdigest()[:20]}.{suffix}"
        self.files[path] = data
        return path

    def figure(self, path: str) -> tuple[str, Figure | None]:
        """Return the document's path of a picture of the pack, '' when it cannot be drawn."""
        figure = self.pack.picture(path)
        if path not in self._known:
            self._known[path] = self._draw(figure) if figure else ""
        return self._known[path], figure

    def _draw(self, figure: Figure) -> str:
        if figure.format in {"png", "jpeg"}:
            return self.add(figure.data, figure.format)
        try:
            chart = figure.format == "chart"
            svg = (
                draw_chart(figure.spec, self.token)
                if chart
                else clean_svg(figure.data, self.pack.manifest.lang, self.add)
            )
        except ChartError as exc:
            code = "chart-error" if figure.format == "chart" else "svg-unsafe"
            hint = (
                "Try the spec in the Vega-Lite editor." if chart else "Export the SVG again, plain."
            )
            place = figure.place
            if exc.line:
                place = replace(place, line=exc.line, column=exc.column)
            elif chart:
                place = figure.places.get(culprit(figure.spec, str(exc)), place)
            self.report(error(code, f"`{figure.path}`: {exc}", place, hint))
            return ""
        return self.add(svg, "svg")
