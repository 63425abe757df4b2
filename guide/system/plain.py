"""Values read from a store without running code: instances of guide's own classes of values.

A pickle can name any function to be called. Whoever can write to a store that several machines share
could run programs on all of them; so no function is found here, and no class but the data classes, models and plain values of the rooms
that make values.
"""

from __future__ import annotations

import dataclasses
import enum
import io
import pickle
from typing import Any

_OTHERS = {
    "builtins": {"set", "frozenset", "bytearray", "complex"},
    "collections": {"OrderedDict", "deque"},
    "datetime": {"date", "datetime", "time", "timedelta"},
    "decimal": {"Decimal"},
    "fractions": {"Fraction"},
    "markupsafe": {"Markup"},
    "pathlib": {"PosixPath", "PurePosixPath"},
}
_PLAIN = (enum.Enum, tuple, str, bytes, int, float)
_ROOMS = {"model", "content", "markup", "html", "pdf", "proof", "pipeline", "diagnostics", "units"}


def _member(kind: Any, name: str) -> Any:
    """Return a member of an enumeration: Python 3.11 has `getattr` called for it."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind[name]
    raise pickle.UnpicklingError(f"{kind!r} is not an enumeration")


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("builtins", "getattr"):
            return _member
        if name in _OTHERS.get(module, ()):
            return super().find_class(module, name)
        parts = module.split(".")
        if parts[0] == "guide" and len(parts) > 1 and parts[1] in _ROOMS and "." not in name:
            found = super().find_class(module, name)
            # A model's state is set, and no code of it run.
            model = hasattr(found, "__pydantic_fields_set__")
            plain = isinstance(found, type) and issubclass(found, _PLAIN)
            if isinstance(found, type) and (dataclasses.is_dataclass(found) or plain or model):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not a class of values")


def loads(data: bytes) -> Any:
    """Return a pickled value; raises UnpicklingError for anything but values of the classes above."""
    return _Unpickler(io.BytesIO(data)).load()
