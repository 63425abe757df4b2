"""Jinja2 templates, a pack's own first, in a sandbox, and their errors with file and line."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from inspect import get_annotations
from pathlib import Path
from types import MappingProxyType, NoneType, TracebackType
from typing import Any

from jinja2 import (
    BytecodeCache,
    FunctionLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.bccache import Bucket
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.resources import TEMPLATES
from guide.system.computing import TimeExceeded, within
from guide.system.sandbox import limits

_MARK = "guide-template:"
_PLAIN = (str, int, float, list, tuple, dict, set, frozenset, MappingProxyType, NoneType,
          dt.date, dt.timedelta)  # fmt: skip
_LARGEST = 100_000  # digits, characters or entries that one operator may make
MAX_MARKUP = 50_000_000  # characters of a document; the shipped briefing has 400,000
_MOST_KEPT = 200  # templates; a build of all kinds takes 30


class TemplateFault(Exception):
    """A template cannot be rendered; carries the diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


@lru_cache(maxsize=4096)
def _public(kind: type, name: str) -> bool:
    """Return whether a template may read the attribute of objects of a class.

    Of our own objects, what our own classes define; of others, only plain values and Jinja's. The
    base of all models, for one, can open files and unpickle, and has no underscore before it.
    """
    if issubclass(kind, _PLAIN):
        return True
    for each in kind.__mro__:
        top = each.__module__.partition(".")[0]
        if top == "jinja2":
            return True
        if top == "guide" and (name in vars(each) or name in get_annotations(each)):
            return True
    return False


def _later(*_arguments: object) -> None:
    """Stand for a filter while Jinja looks for what it can compute before it knows the pack."""
    raise NotImplementedError


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, which knows only the attributes meant for templates."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        kind: Any = type(obj)
        return _public(kind, attr) and super().is_safe_attribute(obj, attr, value)

    def _generate(self, *source: Any, **how: Any) -> str:
        """Return a template's code, without anything that a filter of this pack returned."""
        filters = self.filters
        self.filters = dict.fromkeys(filters, _later) | JINJA_FILTERS
        try:
            return super()._generate(*source, **how)
        finally:
            self.filters = filters

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse what one operator could fill the memory with, or compute for hours."""
        if operator == "**":
            bits = abs(left).bit_length() if isinstance(left, int) else 1
            large = isinstance(right, int) and bits * abs(right) > _LARGEST
        elif operator == "*":
            large = any(
                isinstance(many, str | bytes | list | tuple)
                and isinstance(times, int)
                and len(many) * times > _LARGEST
                for many, times in ((left, right), (right, left))
            )
        else:
            large = isinstance(left, str) and len(left) > _LARGEST
        if large:
            raise OverflowError(f"`{operator}` makes something too large")
        return super().call_binop(context, operator, left, right)


class _Compiled(BytecodeCache):
    """The code of templates, kept for this process: compiling takes longer than rendering."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what was compiled of the same text under the same name."""
        found = self._kept.get((bucket.key, bucket.checksum))
        if found is not None:
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled; a process that lives long forgets the versions of long ago."""
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_compiled = _Compiled()


class Templates:
    """Finds and renders templates for one pack."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self.own = own
        self._environment = _Sandbox(
            loader=FunctionLoader(self._load),
            autoescape=lambda name: not (name or "").endswith(".txt"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            bytecode_cache=_compiled,
        )
        del self._environment.globals["lipsum"]  # random text is no part of a document

    def text(self, name: str) -> str | None:
        """Return a template or stylesheet by its path below templates/, or None."""
        if name in self.own:
            return self.own[name]
        path = TEMPLATES / name
        outside = name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/")
        if outside or not path.is_file():
            return None
        return path.read_text("utf-8")

    def names(self, folder: str) -> list[str]:
        """Return the names, without their ending, of the templates in a folder below templates/."""
        own = {Path(name).stem for name in self.own if name.startswith(folder)}
        return sorted(own | {path.stem for path in (TEMPLATES / folder).glob("*.html")})

    def _load(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        text = self.text(name)
        return None if text is None else (text, _MARK + name, lambda: True)

    def place(self, name: str, line: int = 0) -> Place:
        """Return where a template is: in the pack, or among the bundled ones."""
        return Place(
            f"templates/{name}" if name in self.own else f"templates:{name}", line, 1 if line else 0
        )

    def render(
        self, name: str, filters: Mapping[str, Callable[..., Any]], /, **context: Any
    ) -> Markup:
        """Return the rendered template; raises TemplateFault."""
        self._environment.filters.update(filters)
        # What is bundled ends by itself.
        bounded = within(limits().seconds) if self.own else contextlib.nullcontext()
        try:
            with bounded:
                made = self._environment.get_template(name).generate(**context)
                return Markup(_joined(made))  # noqa: S704
        except TemplateNotFound as exc:
            where, line = _deepest(exc.__traceback__, name)
            raise self._fault(where, line, f"there is no template `{exc.name}`") from exc
        except TemplateSyntaxError as exc:
            raise self._fault(exc.name or name, exc.lineno, exc.message or "syntax error") from exc
        except RecursionError as exc:
            raise self._fault(name, 0, "the templates include each other without end") from exc
        except (TemplateError, SecurityError, TypeError, ValueError, KeyError, AttributeError,
                ZeroDivisionError, OverflowError, IndexError) as exc:  # fmt: skip
            where, line = _deepest(exc.__traceback__, name)
            raise self._fault(where, line, str(exc) or type(exc).__name__) from exc
        except (TimeExceeded, MemoryError, _TooLong) as exc:
            where, line = _deepest(exc.__traceback__, name)
            if isinstance(exc, TimeExceeded) and line:  # no Exception: Jinja left it as it was
                line = self._environment.get_template(where).get_corresponding_lineno(line)
            raise TemplateFault(self._limit(name, where, line, exc)) from exc

    def _limit(self, name: str, where: str, line: int, exc: BaseException) -> Diagnostic:
        reason = {
            TimeExceeded: "took too much computing time",
            MemoryError: "needs more memory than it may have",
            _TooLong: f"is longer than {MAX_MARKUP // 1_000_000} million characters",
        }[type(exc)]
        hint = "Look for a loop that never ends, or that is far too long, in this template."
        document = name.partition("/")[0]
        message = f"rendering `{document}` from its template {reason}"
        return error("render-limit", message, self.place(where, line), hint)

    def _fault(self, name: str, line: int, message: str) -> TemplateFault:
        hint = "docs/pack-format/templates.md lists what a template is given."
        return TemplateFault(error("template-error", message, self.place(name, line), hint))


class _TooLong(Exception):
    """A template prints without end."""


def _joined(pieces: Iterable[str]) -> str:
    """Return all pieces as one; raises _TooLong as soon as they are too many."""
    found, length = [], 0
    for piece in pieces:
        found.append(piece)
        length += len(piece)
        if length > MAX_MARKUP:
            raise _TooLong
    return "".join(found)


def _deepest(trace: TracebackType | None, name: str) -> tuple[str, int]:
    """Return the innermost template line of a traceback, as Jinja has rewritten it."""
    found = (name, 0)
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(_MARK):
            found = (file.removeprefix(_MARK), trace.tb_lineno)
        trace = trace.tb_next
    return found
