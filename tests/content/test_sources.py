"""Sources in three formats to one CSL item."""

from __future__ import annotations

from pathlib import Path

import pytest

from guide.content.load import load_pack
from guide.content.sources import read_sources
from guide.diagnostics.diagnostic import Place

YAML = """\
- id: judah-2008
  type: book
  title: "Kosovo: What Everyone Needs to Know"
  author: ["Judah, Tim", "Müller, Ana María"]
  publisher: OUP
  publisher-place: Oxford
  issued: 2008-09
  page: 12–15
  ISBN: 978-0-19-537673-9
- id: un-1244
  type: report
  title: Resolution 1244
  author: [UN]
  issued: 1999
  URL: https://example.org/1244?a=1&b=2
  accessed: 2026-01-31
"""
JSON = """\
[
	{"id": "judah-2008", "type": "book", "title": "Kosovo: What Everyone Needs to Know",
	 "author": [{"family": "Judah", "given": "Tim"}, {"family": "Müller", "given": "Ana María"}],
	 "publisher": "OUP", "publisher-place": "Oxford", "issued": {"date-parts": [[2008, 9]]},
	 "page": "12–15", "ISBN": "978-0-19-537673-9"},
	{"id": "un-1244", "type": "report", "title": "Resolution 1244", "author": [{"literal": "UN"}],
	 "issued": {"date-parts": [["1999"]]}, "URL": "https:\\/\\/example.org\\/1244?a=1&b=2",
	 "accessed": {"raw": "2026-01-31"}}
]
"""
BIB = """
@book{judah-2008,
  title = "{Kosovo}: What Everyone Needs to Know",
  author = {Judah, Tim and Ana María Müller},
  publisher = {OUP}, address = {Oxford}, year = 2008, month = sep,
  pages = {12--15}, isbn = {978-0-19-537673-9}
}
@techreport{un-1244,
  title = {Resolution 1244},
  author = {{UN}}, year = {1999},
  url = {https://example.org/1244?a=1&b=2}, urldate = {2026-01-31}
}
"""
EXPECTED = {
    "judah-2008": {
        "id": "judah-2008",
        "type": "book",
        "title": "Kosovo: What Everyone Needs to Know",
        "author": [{"family": "Judah", "given": "Tim"}, {"family": "Müller", "given": "Ana María"}],
        "publisher": "OUP",
        "publisher-place": "Oxford",
        "issued": {"date-parts": [[2008, 9]]},
        "page": "12–15",
        "ISBN": "978-0-19-537673-9",
    },
    "un-1244": {
        "id": "un-1244",
        "type": "report",
        "title": "Resolution 1244",
        "author": [{"literal": "UN"}],
        "issued": {"date-parts": [[1999]]},
        "URL": "https://example.org/1244?a=1&b=2",
        "accessed": {"date-parts": [[2026, 1, 31]]},
    },
}


@pytest.mark.parametrize(("name", "text"), [("yaml", YAML), ("json", JSON), ("bib", BIB)], ids=["yaml", "json", "bib"])
def test_three_formats_give_the_same_fields(name: str, text: str) -> None:
    """YAML, CSL-JSON and BibTeX of the same two sources give equal items."""
    found, problems = read_sources(text, f"sources.{name}")
    assert not problems
    assert {key: item for key, (item, _) in found.items()} == EXPECTED


def test_accents_in_tex() -> None:
    """Letters that BibTeX writes with backslashes are read as letters."""
    found, problems = read_sources(r"@book{a, title={Stra{\ss}e}, author={M{\"u}ller, Ana Mar{\'i}a}}", "sources.bib")
    assert not problems
    assert found["a"][0]["title"] == "Straße"
    assert found["a"][0]["author"] == [{"family": "Müller", "given": "Ana María"}]


def test_places_of_sources() -> None:
    """Each source knows where it begins, in each format."""
    assert {k: p for k, (_, p) in read_sources(YAML, "s.yaml")[0].items()} == {
        "judah-2008": Place("s.yaml", 1, 3), "un-1244": Place("s.yaml", 10, 3),
    }  # fmt: skip
    assert read_sources(JSON, "s.json")[0]["un-1244"][1] == Place("s.json", 6, 2)
    assert read_sources(BIB, "s.bib")[0]["un-1244"][1] == Place("s.bib", 8, 1)


def test_a_mapping_by_key_is_the_same_as_a_list() -> None:
    """Sources may be written under their keys; field names may be in any case."""
    found, problems = read_sources("a:\n  title: T\n  url: https://x.org\n  doi: 10.1/2\n", "s.yaml")
    assert not problems
    assert found["a"][0] == {"type": "webpage", "id": "a", "title": "T", "URL": "https://x.org", "DOI": "10.1/2"}


def test_a_citation_between_two_prices_counts(tmp_path: Path) -> None:
    """Dollar signs before amounts do not hide the citation between them."""
    assert codes(tmp_path, "It cost $5 million [@none] and $7 million.\n") == ["unknown-source"]


def test_a_citation_over_two_lines_counts(tmp_path: Path) -> None:
    """A cluster that an editor has wrapped is checked like any other."""
    assert codes(tmp_path, "It was so [see @s, p. 3;\n@none].\n") == ["unknown-source"]


def test_a_picture_whose_caption_has_two_lines_counts(tmp_path: Path) -> None:
    """A picture whose caption an editor has wrapped is loaded, or its absence reported."""
    assert codes(tmp_path, "Text [@s].\n\n![A long\ncaption](figures/none.png)\n") == ["missing-image"]


def test_a_citation_in_another_text_counts(tmp_path: Path) -> None:
    """An unknown source in an event's detail is reported: it would be printed as [?]."""
    (tmp_path / "timeline.yaml").write_text("- date: 1999\n  title: t\n  detail: So it was [@none].\n  sources: [s]\n")
    assert codes(tmp_path, "Text [@s].\n") == ["unknown-source"]


def codes(folder: Path, body: str) -> list[str]:
    """Return the codes for a pack of one source `s` and one section."""
    (folder / "pack.yaml").write_text("format: 1\ntitle: T\n")
    (folder / "sources.yaml").write_text("- id: s\n  title: S\n")
    (folder / "sections").mkdir()
    (folder / "sections/a.md").write_text(f"---\ntitle: A\nsources: [s]\n---\n{body}")
    return [d.code for d in load_pack(folder)[1]]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Roe, I.", {"family": "Roe", "given": "I."}),
        ("Berg, X", {"family": "Berg", "given": "X"}),
        ("Roe, V., Jr.", {"family": "Roe", "given": "V.", "suffix": "Jr."}),
        ("Ford, Henry, II", {"family": "Ford", "given": "Henry", "suffix": "II"}),
        ("Poe, III", {"family": "Poe", "suffix": "III"}),
    ],
)
def test_an_initial_is_no_numeral(written: str, name: dict[str, str]) -> None:
    """I., V. and X are first names of a person who has no other."""
    found, problems = read_sources(f"- {{id: a, title: T, author: ['{written}']}}", "sources.yaml")
    assert not problems
    assert found["a"][0]["author"] == [name]
