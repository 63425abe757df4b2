"""BibTeX as people and programs write it: what is printed, and what is said of the rest."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guide.content.sourcedates import read_date
from guide.content.sources import read_sources
from guide.content.tex import from_tex


def read(text: str, name: str = "sources.bib") -> tuple[dict[str, dict[str, Any]], list[tuple[str, int, str]]]:
    """Return the items, and code, line and message of what is wrong."""
    found, problems = read_sources(text, name)
    told = [(p.code, p.place.line, p.message) for p in problems]
    return {key: item for key, (item, _) in found.items()}, told


def one(fields: str, kind: str = "book") -> dict[str, Any]:
    """Return the item of one entry with a title, of which nothing is wrong."""
    found, told = read(f"@{kind}{{a, title = {{T}}, {fields}}}")
    assert not told
    return found["a"]


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"On \textit{Salmo} and \emph{law}", "On <i>Salmo</i> and <i>law</i>"),
        (r"{\it Salmo} law", "<i>Salmo</i> law"),
        (r"H$_2$O, x$^{10}$ and $\alpha$-rays", "H<sub>2</sub>O, x<sup>10</sup> and α-rays"),
        (r"\LaTeX{} and {\TeX}", "LaTeX and TeX"),
        ("The ``new'' order, the `old'", "The “new” order, the ‘old’"),
        ("1990--2000 --- a decade", "1990–2000 — a decade"),
        (r"{\'E}mile {\"U}ber Stra{\ss}e \v{S}a\v{c}i\'{c} \O re {\aa}", "Émile Über Straße Šačić Øre å"),
        (r"\'{\i}slenska, \c{C}a, \k{a}, \H{o}, \~n", "íslenska, Ça, ą, ő, ñ"),
        (r"AT\&T, 50\%, \$5, a\_b, \#1", "AT&T, 50%, $5, a_b, #1"),
        (r"\enquote{Quoted} \mkbibquote{too}", "“Quoted” “too”"),
        (r"\url{https://example.org/a_b}", "https://example.org/a_b"),
        (r"\href{https://example.org}{the page}", "the page (https://example.org)"),
        (r"$\frac{1}{2}$ of \textsuperscript{14}C", "1/2 of <sup>14</sup>C"),
        (r"{EU} and {{NATO}}", "EU and NATO"),
        (r"a~b\,c\ d", "a b\u2009c d"),
        (r"\foreignlanguage{german}{Das Boot}", "Das Boot"),
        ("a < b and c_d ^ e", "a < b and c_d ^ e"),
    ],
)
def test_tex(tex: str, text: str) -> None:
    """Commands are their meaning."""
    assert from_tex(tex) == (text.replace("a b", "a\xa0b", 1) if "~" in tex and "\\," in tex else text, [])


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=40))
def test_letters_are_never_lost(text: str) -> None:
    """Without commands every letter and figure is printed, in its order."""
    plain = text.replace("\\", "/")

    def letters(value: str) -> str:
        return "".join(c for c in unicodedata.normalize("NFC", value) if c.isalnum())

    shown = from_tex(plain)[0]
    for tag in ("sub", "sup"):
        shown = shown.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
    assert letters(shown) == letters(plain)


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("\\{}$^_~\"'`-=aé1 ,@%#&emphurl"), max_size=30))
def test_no_field_breaks_the_reader(text: str) -> None:
    """Whatever stands in a field or a file, there is an answer."""
    from_tex(text)
    read(f"@book{{a, title = {{{text}}}}}")
    read(text)


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2011-09-24/2011-09-26", {"date-parts": [[2011, 9, 24], [2011, 9, 26]]}),
        ("1999~", {"date-parts": [[1999]], "circa": True}),
        ("~1999", {"date-parts": [[1999]], "circa": True}),
        ("ca. 1999", {"date-parts": [[1999]], "circa": True}),
        ("1999?", {"date-parts": [[1999]], "circa": True}),
        ("2011-03-12T10:15:00", {"date-parts": [[2011, 3, 12]]}),
        ("1984/1986", {"date-parts": [[1984], [1986]]}),
        ("1984--1986", {"date-parts": [[1984], [1986]]}),
        ("1999/..", {"date-parts": [[1999], [0]]}),
        ("2001-21", {"date-parts": [[2001, 21]]}),
        ("-0043-03-15", {"date-parts": [[-43, 3, 15]]}),
        ("in press", {"literal": "in press"}),
        ({"date-parts": [[None]]}, {}),
        ({"date-parts": [["2001", "06"]]}, {"date-parts": [[2001, 6]]}),
        ({"date-parts": [[1900]], "circa": True}, {"date-parts": [[1900]], "circa": True}),
        ({"literal": "ca. 1900"}, {"date-parts": [[1900]], "circa": True}),
        ({"raw": "2001-06-12"}, {"date-parts": [[2001, 6, 12]]}),
        ({"date-parts": [[2001, 6], [2002, 1]]}, {"date-parts": [[2001, 6], [2002, 1]]}),
    ],
)
def test_dates(written: Any, date: dict[str, Any]) -> None:
    """Dates of EDTF, CSL and of people."""
    told: list[str] = []
    assert read_date(written, told.append) == date
    assert not told


@pytest.mark.parametrize(
    ("written", "words"),
    [("2001-13", "no month 13"), ("2004-02-45", "no day 45"), ("2001-02-29", "no day 29"), ("2001-06-31", "no day 31"),
     ("2002/2001", "ends before"), ({"date-parts": [[2001, 13]]}, "no month 13"), ({"date-parts": [[2004, 2, 45]]}, "no day 45")],
)  # fmt: skip
def test_dates_that_cannot_be(written: Any, words: str) -> None:
    """An impossible date is reported, and not printed."""
    told: list[str] = []
    assert read_date(written, told.append) == {}
    assert words in told[0]


def test_an_impossible_date_has_its_line() -> None:
    """In each of the formats."""
    bib = "@book{a,\n  title = {T},\n  date = {2001-13}\n}\n"
    yaml = "- id: a\n  title: T\n  issued: 2004-02-45\n"
    data = '[{"id": "a",\n  "title": "T",\n  "issued": {"date-parts": [[2001, 13]]}}]'
    assert [(code, line) for code, line, _ in read(bib)[1]] == [("bad-date", 3)]
    assert [(code, line) for code, line, _ in read(yaml, "s.yaml")[1]] == [("bad-date", 3)]
    assert [(code, line) for code, line, _ in read(data, "s.json")[1]] == [("bad-date", 3)]


def test_fields_of_a_report() -> None:
    """Number, subtitle, note, address and kind of a thesis are kept."""
    assert one("number = {S/RES/1}, institution = {UN}", "report")["number"] == "S/RES/1"
    assert one("number = 4, journal = {J}", "article")["issue"] == "4"
    assert one("number = 4, series = {Studies}")["collection-number"] == "4"
    assert one("subtitle = {The Sub}")["title"] == "T: The Sub"
    assert one("note = {Signed}, addendum = {Rare}")["note"] == "Signed. Rare"
    assert one(r"howpublished = {\url{https://example.org/x_y}}", "misc")["URL"] == "https://example.org/x_y"
    assert one("howpublished = {Pamphlet}", "misc")["note"] == "Pamphlet"
    assert one("school = {X}", "phdthesis")["genre"] == "PhD thesis"
    assert one("doi = {https://doi.org/10.1/x}")["DOI"] == "10.1/x"
    assert one("year = 2001, month = {10~} # jan")["issued"] == {"date-parts": [[2001, 1, 10]]}
    assert one("year = 2001, month = {July/August}")["issued"] == {"date-parts": [[2001, 7], [2001, 8]]}
    assert one("eprint = {2101.00001}, archiveprefix = {arXiv}")["note"] == "arXiv:2101.00001"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (r"{\'E}mile {\v S}ari{\'c}", {"family": "Šarić", "given": "Émile"}),
        ("Poe, Jr., Ed", {"family": "Poe", "given": "Ed", "suffix": "Jr."}),
        ("Poe, Ed, III", {"family": "Poe", "given": "Ed", "suffix": "III"}),
        ("Ludwig van Beethoven", {"family": "Beethoven", "given": "Ludwig", "non-dropping-particle": "van"}),
        ("{UN Security Council}", {"literal": "UN Security Council"}),
        (r"{Barnes and Noble, Inc.}", {"literal": "Barnes and Noble, Inc."}),
        ("family=Doe, given=Jane, prefix=von", {"family": "Doe", "given": "Jane", "non-dropping-particle": "von"}),
    ],
)
def test_names(written: str, name: dict[str, str]) -> None:
    """People in any order, bodies in braces, suffixes and accents."""
    assert one(f"author = {{{written}}}")["author"] == [name]


def test_parents_give_what_their_parts_lack() -> None:
    """A chapter has the book's title, editor and year."""
    text = "@inbook{a, title={Part}, crossref={b}}\n@book{b, title={Whole}, editor={Doe, Jo}, year=2001}"
    found, told = read(text)
    assert not told
    assert (found["a"]["title"], found["a"]["container-title"]) == ("Part", "Whole")
    assert found["a"]["issued"] == {"date-parts": [[2001]]}


def test_faults_have_their_lines() -> None:
    """Duplicate and missing keys, undefined names, unknown commands and fields."""
    assert read("@book{a, title={T}}\n\n@book{a, title={U}}\n")[1] == [
        ("duplicate-id", 3, "two sources have the key `a`; the first is on line 1")
    ]
    assert ("missing-key", 2) in [told[:2] for told in read("% x\n@book{title={T}, year=2001}\n")[1]]
    code, line, message = read("@article{a,\n title={T},\n journal=joc}\n")[1][0]
    assert (code, line) == ("bibtex-syntax", 3)
    assert "`joc` is not defined" in message
    assert read("@book{a,\n title={The \\xyzzy{Old} Map}}")[0]["a"]["title"] == "The Old Map"
    assert [t[:2] for t in read("@book{a,\n title={The \\xyzzy{Old} Map}}")[1]] == [("bibtex-command", 2)]
    assert [t[:2] for t in read("@book{a, title={T},\n dedication={To all},\n keywords={x}, Bdsk-Url-1={y}}")[1]] == [("source-field", 2)]


def test_one_fault_does_not_hide_the_other_sources() -> None:
    """What can be read is read."""
    found, told = read("@book{a, title={T}}\n@book{b, title={U} year=2001}\n@book{c, title={V}}\n")
    assert {"a", "c"} <= found.keys()
    assert [t[:2] for t in told] == [("bibtex-syntax", 2)]


def test_json_of_zotero() -> None:
    """Fields of Zotero, its field Extra and null dates are understood."""
    text = """[{"id": "http://zotero.org/users/1/items/AB#2", "type": "article-journal", "title": "On <i>x</i>",
      "journalAbbreviation": "J", "event-title": "Conf", "citation-key": "k", "issued": {"date-parts": [[null]]},
      "author": [{"family": "Doe", "given": "J", "suffix": ""}], "note": "PMID: 123\\ntex.ids= y\\nRead twice",
      "system_id": "zotero|1", "subject": ["a"]}]"""
    found, told = read(text, "sources.json")
    assert not told
    item = found["http://zotero.org/users/1/items/AB#2"]
    assert item["PMID"] == "123"
    assert "issued" not in item
    assert item["title"] == "On <i>x</i>"
    assert item["author"] == [{"family": "Doe", "given": "J"}]


def test_unknown_text_in_json_is_reported() -> None:
    """A field of another program that holds words is not dropped silently."""
    found, told = read('[{"id": "a", "title": "T",\n "dedication": "To all"}]', "sources.json")
    assert "a" in found
    assert [t[:2] for t in told] == [("source-field", 2)]


def test_publishers_and_places_are_printed_as_written() -> None:
    """Chapman and Hall is one house; biblatex prints its lists with the same word."""
    item = one("author = {Doe, Jane}, publisher = {Chapman and Hall/CRC}, address = {London and New York}, year = 2015")
    assert (item["publisher"], item["publisher-place"]) == ("Chapman and Hall/CRC", "London and New York")


def test_a_comma_before_and_is_no_part_of_a_name() -> None:
    """As in `Doe, Jane, and Roe, Richard`; a Jr. stays, at either place."""
    item = one("author = {Doe, Jane, and Roe, Richard, Jr., and {Poe, Ed,}}")
    assert item["author"][0] == {"family": "Doe", "given": "Jane"}
    assert item["author"][1] == {"family": "Roe", "given": "Richard", "suffix": "Jr."}
    assert item["author"][2] == {"literal": "Poe, Ed,"}


def test_of_two_places_the_one_that_is_left_out_is_told() -> None:
    """ACM writes where the meeting was as location, and the publisher's place as address."""
    for fields in ("location = {Pula}, address = {New York}", "address = {New York}, location = {Pula}"):
        found, told = read(f"@inproceedings{{a, title = {{T}}, publisher = {{ACM}}, year = 2016, {fields}}}")
        assert found["a"]["publisher-place"] == "New York"
        assert [(code, "Pula" in message) for code, _, message in told] == [("source-field", True)]


def test_names_go_on_over_the_lines_of_a_field() -> None:
    """Exports of DBLP end a line with `and`; any white space parts names."""
    item = one("author = {Ida Berg and\n   Olaf Lind\n   and  Eva\n   Stone}, editor = {Hill, Ada\tand Roe, B}")
    assert [name["family"] for name in item["author"]] == ["Berg", "Lind", "Stone"]
    assert [name["family"] for name in item["editor"]] == ["Hill", "Roe"]


@pytest.mark.parametrize("inside", ["T", "T (of two)", "T) and (two", 'a "T" of two', "a {T} of {two}", "a {(T)} {{of}} two"])
@pytest.mark.parametrize(("begin", "end"), [("@book{a,", "}"), ("@book(a,", ")")])
@pytest.mark.parametrize("year", ["year = 2001", "year = {2001}", 'year = "2001"'])
def test_a_line_of_a_value_that_begins_with_a_percent_sign_is_text(inside: str, begin: str, end: str, year: str) -> None:
    """Whatever brackets and quotation marks are before it; a line between two fields is a comment."""
    text = f"{begin}\n  {year},\n  % note = {{n}},\n  title = {{{inside}\n  % 5 are true}}\n{end}\n"
    found, told = read(text)
    assert not told
    assert found["a"]["title"].endswith("% 5 are true")
    assert "note" not in found["a"]


def test_lines_that_begin_with_a_percent_sign_are_comments() -> None:
    """Between entries and between fields, as biber reads them; never inside a value."""
    text = "% from jo@example.org\n@book{a,\n  title = {T, of which\n  % 5 are true},\n  % volume = 3,\n  year = 2001}\n"
    text += "%@book{b, title={U}}\n@book(c,\n % x\n title = \"V\", publisher = {P})\n"
    found, told = read(text)
    assert not told
    assert found["a"]["title"] == "T, of which % 5 are true"
    assert "volume" not in found["a"]
    assert (set(found), found["c"]["publisher"]) == ({"a", "c"}, "P")


def test_each_broken_entry_is_reported_once() -> None:
    """A key with a space, a missing comma, and an entry that never ends have their own lines."""
    text = "@book{Lo Duca2025, title={T}, year=2001}\n@book{b, title={U} year=2001}\n@book{c, title={V}}\n@book{d,\n title={W, year=2001}\n"
    found, told = read(text)
    assert found.keys() == {"c"}
    assert [(code, line) for code, line, _ in told] == [("bibtex-syntax", 1), ("bibtex-syntax", 2), ("bibtex-syntax", 4)]
    assert "the key `Lo Duca2025` has a space" in told[0][2]
    assert "does not end" in told[2][2]


def test_a_name_without_its_string_is_reported_once() -> None:
    """A file of @string that was left behind gives one error for each of its names."""
    told = read("@article{a, title={T}, journal=jrn}\n@article{b, title={U}, journal=jrn}\n")[1]
    assert [(code, line) for code, line, _ in told] == [("bibtex-syntax", 1)]
    assert "2 entries use it" in told[0][2]


def test_a_field_that_appears_twice_is_reported() -> None:
    """BibTeX prints the first; the second is not lost without a word."""
    found, told = read("@book{a, title={T},\n pages={1},\n pages={2}}")
    assert found["a"]["page"] == "1"
    assert [t[:2] for t in told] == [("duplicate-key", 3)]


def test_a_lost_field_is_reported_once_for_all_sources() -> None:
    """Thousands of sources with one field give one note."""
    told = read("".join(f"@book{{k{n}, title={{T}}, dedication={{To {n}}}}}\n" for n in range(30)))[1]
    assert [(code, line) for code, line, _ in told] == [("source-field", 1)]
    assert "30 sources" in told[0][2]
    assert "To 0" in told[0][2]


@pytest.mark.parametrize(
    ("kind", "fields", "wanted"),
    [
        ("book", "maintitle = {Works}, volume = 2", {"title": "Works: T", "volume": "2"}),
        ("inbook", "booktitle = {Early}, maintitle = {Works}, mainsubtitle = {All}", {"title": "T", "container-title": "Works: All: Early"}),
        ("inproceedings", "journal = {J}, booktitle = {Proc}", {"container-title": "Proc"}),
        ("article", "booktitle = {Proc}, journal = {J}", {"container-title": "J"}),
        ("article", "articleno = {12}, numpages = {30}", {"number": "12", "number-of-pages": "30"}),
        ("misc", "eprint = {2401.1}, archiveprefix = {arXiv}, primaryclass = {cs.CL}", {"note": "arXiv:2401.1 [cs.CL]"}),
        ("misc", "doi = {http://dx.doi.org/http://doi.acm.org/10.1/x}", {"DOI": "10.1/x"}),
        ("movie", "editor = {Doe, J}, editortype = {director}", {"director": [{"family": "Doe", "given": "J"}]}),
        ("book", "editora = {Doe, J}, editoratype = {collaborator}", {"contributor": [{"family": "Doe", "given": "J"}]}),
    ],
)  # fmt: skip
def test_fields_of_other_programs(kind: str, fields: str, wanted: dict[str, Any]) -> None:
    """Titles of works in volumes, numbers of articles, kinds of editors."""
    found, told = read(f"@{kind}{{a, title = {{T}}, {fields}}}")
    assert {name: found["a"].get(name) for name in wanted} == wanted
    assert {code for code, _, _ in told} <= {"source-field"}
    if "journal" in fields:
        assert len(told) == 1  # the other whole


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"K{\" o}ln, \v S, \" uber", "Köln, Š, über"),
        (",,Eine Gefahr`` und a,,b", "„Eine Gefahr“ und a,,b"),
        ("Tools with 'spread()' and 'tis O'Brien's", "Tools with 'spread()' and 'tis O’Brien’s"),
        ("One.\\par Two", "One. Two"),
    ],
)
def test_tex_of_programs(tex: str, text: str) -> None:
    """Accents apart from their letters, German quotation marks, the straight pairs of R."""
    assert from_tex(tex) == (text, [])


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("../2001", {"literal": "–2001"}),
        ("../..", {}),
        ("2001-XX", {"date-parts": [[2001]]}),
        ("2001-06-XX", {"date-parts": [[2001, 6]]}),
        ("199X", {"literal": "199X"}),
        ("2001-26", {"date-parts": [[2001, 22]]}),
        ("2001-34", {"date-parts": [[2001, 4], [2001, 6]]}),
        ("12 June 2001", {"date-parts": [[2001, 6, 12]]}),
        ("June 12, 2001", {"date-parts": [[2001, 6, 12]]}),
        ("Sept. 2001", {"date-parts": [[2001, 9]]}),
        ("Autumn 2001", {"date-parts": [[2001, 23]]}),
        ("12.06.2001", {"date-parts": [[2001, 6, 12]]}),
        ("12/06/2001", {"literal": "12/06/2001"}),
        ("Mayor 2001", {"literal": "Mayor 2001"}),
        ({"date-parts": [["2001-06"]]}, {"date-parts": [[2001, 6]]}),
        ({"year": 2001, "month": "6"}, {"date-parts": [[2001, 6]]}),
        ([{"year": 2001}], {"date-parts": [[2001]]}),
        ({"date-parts": [[None]]}, {}),
    ],
)
def test_dates_as_people_and_programs_write_them(written: Any, date: dict[str, Any]) -> None:
    """Each has its meaning, or is printed as it is written."""
    said: list[str] = []
    assert read_date(written, said.append) == date
    assert not said
