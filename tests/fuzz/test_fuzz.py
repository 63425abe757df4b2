"""The targets of fuzz.py: on what fuzzing found once, and on a few examples that change nothing from run to run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
import fuzz  # noqa: E402

from guide.content.yaml import read_yaml  # noqa: E402

CASES = sorted((path.parent.name, path.name) for path in fuzz.CASES.glob("*/*"))
# Examples for each target: what takes a millisecond gets more of them than what builds a pack.
EXAMPLES = {"yaml": 150, "sources": 60, "markdown": 100, "csv": 120, "stock": 80, "svg": 120, "load": 60, "render": 15}


@pytest.mark.parametrize(("target", "name"), CASES)
def test_what_was_found_once(target: str, name: str) -> None:
    """Nothing that fuzzing found is found again."""
    fuzz.run(target, (fuzz.CASES / target / name).read_bytes())


def words(target: str) -> st.SearchStrategy[bytes]:
    """Texts of what means something to a reader, and the target's seeds with something put into them."""
    pieces = st.sampled_from([token.encode() for token in fuzz.TOKENS] + [b" ", b"\n", b"\n  ", b"\n- ", b"a", b": ", b"1"])
    loose = st.lists(pieces | st.binary(max_size=3), max_size=25).map(b"".join)
    seeds = [seed for seed in fuzz.seeds(target) if len(seed) < 4000]

    def put(parts: tuple[bytes, float, bytes, int]) -> bytes:
        seed, place, new, cut = parts
        at = int(place * len(seed))
        return seed[:at] + new + seed[at + cut :]

    changed = st.tuples(st.sampled_from(seeds), st.floats(0, 1), loose, st.integers(0, 5)).map(put)
    return changed if target in {"load", "render"} else loose | changed


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_any_bytes(target: str) -> None:
    """Whatever bytes a reader is given, what its target asks for holds."""

    @settings(max_examples=EXAMPLES[target], deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(words(target))
    def holds(data: bytes) -> None:
        fuzz.run(target, data)

    holds()


values: st.SearchStrategy[object] = st.recursive(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=12)
    | st.integers(-(10**20), 10**20) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab-_ ", min_size=1, max_size=4), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(values)
def test_what_json_writes_yaml_reads(value: object) -> None:
    """JSON is YAML 1.2: what the one writes, the other reads as the same value."""
    document, problems = read_yaml(json.dumps(value, ensure_ascii=False), "a.yaml")
    assert problems == []
    assert document is not None and document.data == value


def test_a_finding_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracles see what they are for: broken markup, what runs, what leads out, what takes for ever."""
    for html in ("<p>a<b>c</p>", "<p onclick='x()'>a</p>", "<a href='javascript:x'>a</a>", "<img src='file:///etc/passwd'>",
                 "<script>x</script>", "<p>\x01</p>", "<p title='a' title='b'>c</p>", "<p style='background:url(x)'>a</p>"):  # fmt: skip
        with pytest.raises(AssertionError):
            fuzz.check_html(html)

    def never_ends(_: bytes) -> None:
        while True:
            pass

    monkeypatch.setitem(fuzz.TARGETS, "yaml", never_ends)
    with pytest.raises(fuzz.TooLong):
        fuzz.run("yaml", b"", 0.05)


def test_a_long_text_in_short() -> None:
    """What lies between two marks is repeated up to 20 kB."""
    assert fuzz.grown(b"a\x1fbc\x1fd") == b"a" + b"bc" * 9999 + b"d"
    assert fuzz.grown(b"a\x1fb") == b"ab"
