"""Jinja2 templates, a pack's own first, in a sandbox, and their errors with file and line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from jinja2 import (
    FunctionLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from guide.errors import Diagnostic, Place, error
from guide.resources import TEMPLATES

_MARK = "guide-template:"


class TemplateFault(Exception):
    """A template cannot be rendered; carries the diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


class Templates:
    """Finds and renders templates for one pack."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self.own = own
        self._environment = ImmutableSandboxedEnvironment(
            loader=FunctionLoader(self._load),
            autoescape=lambda name: not (name or "").endswith(".txt"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def text(self, name: str) -> str | None:
        """Return a template or stylesheet by its path below templates/, or None."""
        if name in self.own:
            return self.own[name]
        path = TEMPLATES / name
        outside = name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/")
        if outside or not path.is_file():
            return None
        return path.read_text("utf-8")

    def _load(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        text = self.text(name)
        return None if text is None else (text, _MARK + name, lambda: True)

    def place(self, name: str, line: int = 0) -> Place:
        """Return where a template stands: in the pack, or among the bundled ones."""
        return Place(
            f"templates/{name}" if name in self.own else f"templates:{name}", line, 1 if line else 0
        )

    def render(
        self, name: str, filters: Mapping[str, Callable[..., Any]], /, **context: Any
    ) -> Markup:
        """Return the rendered template; raises TemplateFault."""
        self._environment.filters.update(filters)
        try:
            return Markup(self._environment.get_template(name).render(**context))  # noqa: S704
        except TemplateNotFound as exc:
            where, line = _deepest(exc.__traceback__, name)
            raise self._fault(where, line, f"there is no template `{exc.name}`") from exc
        except TemplateSyntaxError as exc:
            raise self._fault(exc.name or name, exc.lineno, exc.message or "syntax error") from exc
        except RecursionError as exc:
            raise self._fault(name, 0, "the templates include each other without end") from exc
        except (TemplateError, SecurityError, TypeError, ValueError, KeyError, AttributeError,
                ZeroDivisionError, OverflowError, IndexError, MemoryError) as exc:  # fmt: skip
            where, line = _deepest(exc.__traceback__, name)
            raise self._fault(where, line, str(exc) or type(exc).__name__) from exc

    def _fault(self, name: str, line: int, message: str) -> TemplateFault:
        hint = "docs/pack-format/templates.md lists what a template is given."
        return TemplateFault(error("template-error", message, self.place(name, line), hint))


def _deepest(trace: TracebackType | None, name: str) -> tuple[str, int]:
    """Return the innermost template line of a traceback, as Jinja has rewritten it."""
    found = (name, 0)
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(_MARK):
            found = (file.removeprefix(_MARK), trace.tb_lineno)
        trace = trace.tb_next
    return found
