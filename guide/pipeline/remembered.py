"""What reading a pack gave, kept for the next reading: in this process, and in the store."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from guide.pipeline.inputs import digest_of_code
from guide.system.cache import Store
from guide.system.digest import digest

_MOST = 2000  # files that a process remembers
_known: OrderedDict[tuple[str, str], Any] = OrderedDict()


T = TypeVar("T")


class ById(Generic[T]):
    """Values that were made of an object, for as long as a process has that object and not one like it."""

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._known: OrderedDict[tuple[int, str], tuple[object, T]] = OrderedDict()

    def get(self, of: object, more: str, make: Callable[[], T]) -> T:
        """Return what `make` gives, which depends on an object that never changes and a text alone."""
        key = id(of), more
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = of, make()  # held, so that no other one gets its id
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        return found[1]


class Remembered:
    """A `guide.content.known.Shelf` for the files of one pack.

    A value that was kept is used for the same text alone: the reader compares. In the store, it is
    kept for this program, and read where this process does not know it.
    """

    def __init__(self, folder: Path, store: Store | None = None) -> None:
        self._folder = os.path.realpath(folder)
        self._store = store if store is not None and store.enabled else None

    def get(self, name: str, kind: type) -> Any:
        """Return the value of a class that was kept under a name, or None."""
        found = _known.get((self._folder, name))
        if found is None and self._store is not None:
            found = self._store.on("").value(self._key(name), kind)
            if found is not None:
                self._hold(name, found)
        return found if isinstance(found, kind) else None

    def put(self, name: str, value: Any) -> None:
        """Keep a value."""
        self._hold(name, value)
        if self._store is not None:
            self._store.on("").keep(self._key(name), value)

    def _hold(self, name: str, value: Any) -> None:
        _known[self._folder, name] = value
        _known.move_to_end((self._folder, name))
        while len(_known) > _MOST:
            _known.popitem(last=False)

    def _key(self, name: str) -> str:
        return f"read:{digest(self._folder, name, digest_of_code())}"
