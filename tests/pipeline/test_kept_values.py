"""What a build keeps can be read again without running code: `guide.system.plain`."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from guide import pipeline
from guide.system import plain
from guide.system.cache import Store


def test_every_value_that_a_build_keeps_is_read_again(
    small_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class that `plain` does not know would be made anew by every build, silently."""
    monkeypatch.setenv("GUIDE_CACHE_DIR", str(tmp_path / "cache"))
    kept: dict[str, type] = {}
    wrong: list[str] = []
    keep = Store.keep

    def kept_and_read(store: Store, key: str, value: Any) -> None:
        name = key.partition(":")[0]
        kept[name] = type(value)
        try:
            if not isinstance(plain.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL)), type(value)):
                wrong.append(name)
        except pickle.UnpicklingError as exc:
            wrong.append(f"{name}: {exc}")
        keep(store, key, value)

    monkeypatch.setattr(Store, "keep", kept_and_read)
    made = pipeline.make(small_pack, pipeline.Settings(jobs=1))
    assert not made.record.wrong
    assert not wrong
    assert len(kept) > 2
