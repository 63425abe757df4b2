"""Five styles as a reader sees them: order, punctuation, rich text, and what tells two sources apart."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guide.content.bibtables import FIELDS, TYPES
from guide.content.sources import NAME_FIELDS, TEXT_FIELDS, read_sources
from guide.content.sources import TYPES as CSL_TYPES
from guide.markup.citations import Citations
from guide.markup.csl.numbers import pages
from guide.model.markup import read_cluster

STYLES = ("ieee", "apa", "chicago-author-date", "chicago-notes-bibliography", "mla", "vancouver")


def book(title: str, author: str = "Hill, Ada", year: Any = 2001, **more: Any) -> dict[str, Any]:
    """Return a book by one author."""
    family, _, given = author.partition(", ")
    return {"type": "book", "title": title, "author": [{"family": family, "given": given}],
            "issued": {"date-parts": [[year]]}, **more}  # fmt: skip


def made(style: str, *sources: Mapping[str, Any], lang: str = "en") -> Citations:
    """Return citations of sources with the keys a, b, c."""
    keyed = {key: {**source, "id": key} for key, source in zip("abcdefgh", sources, strict=False)}
    citations = Citations(keyed, style, lang)
    for key in keyed:
        citations.register(read_cluster(f"@{key}") or ())
    return citations


def entry(style: str, source: Mapping[str, Any], lang: str = "en") -> str:
    """Return the entry of one source, as HTML without links."""
    (found,) = made(style, source, lang=lang).bibliography()
    return re.sub(r"</?a\b[^>]*>", "", str(found.html))


def mark(citations: Citations, text: str) -> str:
    """Return a citation as it is printed."""
    cluster = read_cluster(text)
    assert cluster
    return html.unescape(str(citations.printed(cluster).striptags()))


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("ieee", "A. Hill, <i>Which way?</i> 2001."),
        ("apa", "Hill, A. (2001). <i>Which way?</i>"),
        ("chicago-author-date", "Hill, Ada. 2001. <i>Which Way?</i>"),
        ("mla", "Hill, Ada. <i>Which Way?</i> 2001."),
        ("vancouver", "Hill A. Which way? 2001."),
    ],
)
def test_a_question_mark_needs_no_full_stop(style: str, expected: str) -> None:
    """The mark of a title stands for that of the style."""
    assert entry(style, book("Which way?")) == expected


@pytest.mark.parametrize(
    "title", ["Wait... then go", "Code in .NET", "If a < b & c", "Paths /a..b/x", "Really?!"]
)
def test_titles_are_printed_as_written(title: str) -> None:
    """Nothing is replaced inside a field."""
    for style in STYLES:
        shown = html.unescape(re.sub(r"</?i>", "", entry(style, book(title)))).casefold()
        assert title.casefold() in shown


def test_an_address_is_printed_as_written() -> None:
    """Two full stops in an address are two."""
    page = {"type": "webpage", "title": "T", "URL": "https://example.org/a..b/x?p=1&q=<2>"}
    for style in STYLES:
        assert "example.org/a..b/x?p=1&q=<2>" in html.unescape(entry(style, page))


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", "“Salt,” <i>Lakes</i>"),
        ("en-GB", "‘Salt’, <i>Lakes</i>"),
        ("de", "„Salt“, <i>Lakes</i>"),
        ("fr", "« Salt », <i>Lakes</i>"),
    ],
)
def test_the_comma_goes_where_the_language_puts_it(lang: str, expected: str) -> None:
    """American English puts it inside the quotation marks, others do not."""
    source = book("Salt", **{"type": "article-journal", "container-title": "Lakes"})
    assert expected in entry("ieee", source, lang).replace("\u202f", " ").replace("\xa0", " ")


def test_rich_text() -> None:
    """Tags of CSL format, in any surroundings; what only looks like a tag is text."""
    source = book(
        "On <i>Salmo trutta</i>, H<sub>2</sub>O and <b unclosed",
        **{"type": "article-journal", "container-title": "J"},
    )
    shown = entry("apa", source)
    assert "On <i>Salmo trutta</i>, H<sub>2</sub>O and &lt;b unclosed" in shown
    turned = entry("ieee", book("On <i>Salmo trutta</i>"))
    assert turned == "A. Hill, <i>On </i>Salmo trutta. 2001."  # upright within italics


def test_quotation_marks_within_quotation_marks() -> None:
    """A title that is quoted itself quotes with the inner marks."""
    source = book(
        'The "new" order of the 1990\'s', **{"type": "article-journal", "container-title": "J"}
    )
    assert "“The ‘new’ order of the 1990’s,”" in entry("ieee", source)
    assert "The “new” order" in entry("apa", source)


def test_works_of_one_year_have_letters() -> None:
    """Text and list have the same letters, in the order of the list."""
    citations = made("apa", book("Water"), book("Air"), book("Earth", year=1999))
    assert [mark(citations, f"@{key}") for key in "abc"] == [
        "(Hill, 2001b)",
        "(Hill, 2001a)",
        "(Hill, 1999)",
    ]
    assert [html.unescape(str(s.html)) for s in citations.bibliography()] == [
        "Hill, A. (1999). <i>Earth</i>.", "Hill, A. (2001a). <i>Air</i>.", "Hill, A. (2001b). <i>Water</i>.",
    ]  # fmt: skip
    assert mark(citations, "@a; @b, p. 3") == "(Hill, 2001a, p. 3; 2001b)"


def test_people_of_one_name_have_initials() -> None:
    """APA tells authors of one family name apart; MLA tells works by their titles."""
    two = (book("Water"), book("Air", "Hill, Bob", 2002))
    assert [mark(made("apa", *two), f"@{key}") for key in "ab"] == [
        "(A. Hill, 2001)",
        "(B. Hill, 2002)",
    ]
    assert mark(made("mla", book("Water"), book("Air")), "@a") == "(Hill, Water)"


def test_editors_and_titles_are_printed_once() -> None:
    """What stands for a missing author is not printed again in its own place."""
    edited = {
        **book("Edited"),
        "editor": [{"family": "Doe", "given": "Jo"}, {"family": "Roe", "given": "Al"}],
    }
    del edited["author"]
    assert entry("apa", edited) == "Doe, J., &amp; Roe, A. (Eds.). (2001). <i>Edited</i>."
    assert entry("chicago-author-date", edited) == "Doe, Jo, and Al Roe, eds. 2001. <i>Edited</i>."
    assert entry("apa", {"type": "webpage", "title": "Alone"}).count("Alone") == 1


@pytest.mark.parametrize(
    ("text", "ieee", "apa", "mla", "vancouver"),
    [
        ("@a, art. 5", "[1, art. 5]", "(Hill, 2001, art. 5)", "(Hill, art. 5)", "(1, art. 5)"),
        ("@a, arts. 5-7", "[1, arts. 5–7]", "(Hill, 2001, arts. 5–7)", "(Hill, arts. 5–7)", "(1, arts. 5–7)"),
        ("@a, ch. 2", "[1, Ch. 2]", "(Hill, 2001, Chapter 2)", "(Hill, ch. 2)", "(1, ch. 2)"),
        ("@a, ch. two", "[1, Ch. two]", "(Hill, 2001, ch. two)", "(Hill, ch. two)", "(1, ch. two)"),
        ("@a, § 3", "[1, § 3]", "(Hill, 2001, § 3)", "(Hill, § 3)", "(1, § 3)"),
        ("@a, annex B", "[1, annex B]", "(Hill, 2001, annex B)", "(Hill, annex B)", "(1, annex B)"),
        ("@a, para. 7", "[1, Para. 7]", "(Hill, 2001, para. 7)", "(Hill, par. 7)", "(1, para. 7)"),
        ("@a, pp. 12-14", "[1, pp. 12–14]", "(Hill, 2001, pp. 12–14)", "(Hill 12–14)", "(1, pp. 12–14)"),
        ("@a, xii", "[1, p. xii]", "(Hill, 2001, p. xii)", "(Hill xii)", "(1, xii)"),
        ("@a, passim", "[1, passim]", "(Hill, 2001, passim)", "(Hill, passim)", "(1, passim)"),
        ("see @a", "see [1]", "(see Hill, 2001)", "(see Hill)", "(see 1)"),
        ("-@a, p. 3", "[1, p. 3]", "(2001, p. 3)", "(3)", "(1, p. 3)"),
    ],
)  # fmt: skip
def test_places_and_words(text: str, ieee: str, apa: str, mla: str, vancouver: str) -> None:
    """A place has the word of the style, or the author's; none is lost or called a page."""
    shown = {"ieee": ieee, "apa": apa, "mla": mla, "vancouver": vancouver}
    assert {style: mark(made(style, book("Water")), text) for style in shown} == shown


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [("de", "@a, S. 12-14", "[1, S. 12–14]"), ("de", "@a, Kap. 2", "[1, Kap. 2]"), ("de", "@a, Art. 5", "[1, Art. 5]"),
     ("fr", "@a, chap. 2", "[1, Chap. 2]"), ("en", "@a, ll. 5-6", "[1, Ll. 5–6]"), ("en", "@a, v. 3", "[1, V. 3]"),
     ("sq", "@a, kap. 2", "[1, Kap. 2]"), ("sq", "@a, p. 2-3", "[1, ff. 2–3]"), ("sr-Cyrl", "@a, стр. 4", "[1, стр. 4]"), ("en", "@a, s. 4", "[1, s. 4]"),
     ("sq", "@a, neni 5", "[1, neni 5]"), ("de", "@a, § 3 Abs. 2", "[1, § 3 Abs. 2]")],
)  # fmt: skip
def test_places_in_other_languages(lang: str, text: str, expected: str) -> None:
    """A word is read in the language of the pack."""
    assert mark(made("ieee", book("Water"), lang=lang), text) == expected


def test_dates() -> None:
    """Ranges share what is the same, doubt is said, and no date is said to be none."""
    ranged = book("T", issued={"date-parts": [[2011, 9, 24], [2011, 9, 26]]}, type="webpage")
    assert "(2011, September 24–26)" in entry("apa", ranged)
    circa = book("T", issued={"date-parts": [[1999]], "circa": True})
    assert [mark(made(style, circa), "@a") for style in ("apa", "chicago-author-date")] == [
        "(Hill, ca. 1999)",
        "(Hill [1999?])",
    ]
    assert "c. 1999" in entry("ieee", circa)
    undated = book("T")
    del undated["issued"]
    assert mark(made("apa", undated), "@a") == "(Hill, n.d.)"
    assert "Christmas 1899" in entry("ieee", book("T", issued={"literal": "Christmas 1899"}))


def test_names() -> None:
    """Suffixes, particles, initials after accents, bodies and hyphens."""
    people = [
        {"family": "Poe", "given": "Émile", "suffix": "Jr."},
        {"family": "de la Cruz", "given": "Jean-Luc"},
        {"literal": "UN Security Council"},
    ]
    source = {**book("T"), "author": people}
    assert entry("ieee", source).startswith(
        "É. Poe Jr., J.-L. de la Cruz, and UN Security Council, <i>T</i>"
    )
    assert entry("apa", source).startswith(
        "Poe, É., Jr., de la Cruz, J.-L., &amp; UN Security Council. (2001)"
    )


def test_a_note_is_printed_by_every_style() -> None:
    """A style that knows no notes prints one at the end."""
    for style in STYLES:
        assert "Second printing" in entry(style, book("T", note="Second printing"))


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("sr-Cyrl", "и"),
        ("sr", "и"),
        ("sr-Latn", "i"),
        ("pt-BR", "e"),
        ("de-AT", "und"),
        ("zh-Hant", "及"),
    ],
)
def test_locales(lang: str, expected: str) -> None:
    """The terms are those of the script and the country."""
    assert made("ieee", book("T"), lang=lang).style.term("and") == expected


def test_dialects() -> None:
    """Brazil has its own locale."""
    assert [made("apa", book("T"), lang=lang).style.lang for lang in ("pt-BR", "pt", "es-MX", "sr-Cyrl-RS", "xx")] == [
        "pt-BR", "pt-PT", "es-MX", "sr-Cyrl-RS", "en-US",
    ]  # fmt: skip


def test_sorting_by_the_language() -> None:
    """The list follows the alphabet of the pack's language."""
    names = [book("T", f"{name}, A") for name in ("Åberg", "Zorn", "Ärla", "Adam")]
    assert [s.html.split(",")[0] for s in made("apa", *names, lang="sv").bibliography()] == [
        "Adam",
        "Zorn",
        "Åberg",
        "Ärla",
    ]
    assert [s.html.split(",")[0] for s in made("apa", *names, lang="de").bibliography()] == [
        "Åberg",
        "Adam",
        "Ärla",
        "Zorn",
    ]


def test_clusters_are_collapsed() -> None:
    """Consecutive numbers of a style that says so become a range, each end a link."""
    citations = made("vancouver", *(book(f"T{n}") for n in range(4)))
    assert mark(citations, "@a; @b; @c") == "(1–3)"
    assert mark(citations, "@a; @d") == "(1,4)"


@pytest.mark.parametrize(
    ("text", "rule", "expected"),
    [("321-328", "expanded", "321–328"), ("321-328", "minimal", "321–8"), ("321-328", "minimal-two", "321–28"),
     ("321-328", "chicago-16", "321–28"), ("101-108", "chicago-16", "101–8"), ("100-104", "chicago-16", "100–104"),
     ("321-8", "expanded", "321–328"), ("12, 15-17", "expanded", "12, 15–17"), ("xii-xv", "expanded", "xii–xv")],
)  # fmt: skip
def test_page_ranges(text: str, rule: str, expected: str) -> None:
    """Ranges in the format of the style."""
    assert pages(text, rule) == expected


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf", "Cn", "Co")),
    min_size=1,
    max_size=24,
)


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS, st.sampled_from(("ieee", "apa", "vancouver")))
def test_any_text_of_any_field_is_printed(title: str, publisher: str, style: str) -> None:
    """Letters and figures of a field are printed in their order, and the markup is sound."""
    shown = entry(style, book(f"Q{title}Q", publisher=f"P{publisher}P"))
    assert not re.search(r"<(?!/?(?:i|b|sup|sub|span)\b)", shown)
    text = plain(html.unescape(re.sub(r"</?(?:i|b|sup|sub|span)\b[^<>]*>", "", shown)))
    assert plain(f"Q{html.unescape(title)}Q") in text
    assert plain(f"P{html.unescape(publisher)}P") in text


def plain(text: str) -> str:
    """Return the letters and figures of a text, without case."""
    return "".join(char for char in text.casefold() if char.isalnum())


def test_an_author_that_is_repeated_leaves_the_full_stop() -> None:
    """MLA prints a dash for the author of the entry before, with the stop that an initial hid."""
    made_of = made("mla", book("Second", "Hill, A."), book("First", "Hill, A."))
    assert [str(each.html) for each in made_of.bibliography()][1].startswith("———. <i>Second")


def test_a_series_without_a_volume_leaves_no_stray_marks() -> None:
    """The full stop of IEEE's series is not followed by a comma."""
    source = {"type": "chapter", "title": "T", "container-title": "B", "collection-title": "Notes", "publisher": "P"}
    assert entry("ieee", source) == "“T,” in <i>B</i>, in Notes, P."
    assert "vol. 2, P." in entry("ieee", {**source, "volume": "2"})


@pytest.mark.parametrize(
    ("source", "ieee", "vancouver"),
    [
        ({"type": "webpage", "title": "Page", "URL": "https://example.org/", "issued": {"date-parts": [[2001, 5, 2]]}},
         "“Page.” May 02, 2001. [Online]. Available:https://example.org/", "Page [Internet]. 2001. Available from:https://example.org/"),
        ({"type": "webpage", "title": "Page", "issued": {"date-parts": [[1999]], "circa": True}, "note": "Kept"},
         "“Page.” c. 1999. Kept.", "Page. c. 1999. Kept."),
        ({"type": "software", "title": "Tool", "version": "3.11", "URL": "https://example.org/", "issued": {"date-parts": [[2001]]}},
         "<i>Tool</i>. (2001). Version 3.11. [Online]. Available:https://example.org/",
         "Tool [Internet]. 2001. Version 3.11. Available from:https://example.org/"),
        ({"type": "software", "title": "Tool", "version": "3.11"}, "<i>Tool</i>. Version 3.11.", "Tool. Version 3.11."),
    ],
)  # fmt: skip
def test_dates_and_versions_that_a_style_omits(source: dict[str, Any], ieee: str, vancouver: str) -> None:
    """A web page has its date, software its version, before the address or at the end."""
    assert entry("ieee", source) == ieee
    assert entry("vancouver", source) == vancouver
    assert entry("apa", source).count("2001") <= 1  # a style that prints it prints it once


def test_what_a_style_omits_is_known() -> None:
    """A translator in IEEE and a place in APA, but no mark of a program and no second address."""
    source = book("Title", translator=[{"family": "Berg", "given": "Ida"}], ISBN="978-1", DOI="10.1/x",
                  URL="https://example.org/", abstract="Long text", **{"publisher-place": "Pristina"})  # fmt: skip
    for style, names in (("ieee", ["translator"]), ("apa", ["publisher-place"]), ("chicago-author-date", [])):
        listed = made(style, source)
        listed.bibliography()
        assert [name for _, name, _ in listed.unprinted] == names


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("sq", "A. Hoxha dhe B. Shala, Red., <i>Lufta dhe paqja</i>, 2-të bot. 2001. Qasur më: mar. 01, 2020."),
        ("sr-Latn", "A. Hoxha i B. Shala, Ur., <i>Lufta dhe paqja</i>, 2. izd. 2001. Pristupljeno: 01. Mart 2020."),
        ("sr-Cyrl", "A. Hoxha и B. Shala, Ур., <i>Lufta dhe paqja</i>, 2. изд. 2001. Приступљено: 01. Март 2020."),
    ],
)
def test_languages_that_csl_knows_badly(lang: str, expected: str) -> None:
    """Albanian has its own words, Serbian one script, and neither the capitals of an English title."""
    source = {"type": "book", "title": "Lufta dhe paqja", "edition": "2", "issued": {"date-parts": [[2001]]},
              "editor": [{"family": "Hoxha", "given": "Agim"}, {"family": "Shala", "given": "Besa"}],
              "URL": "https://example.org/", "accessed": {"date-parts": [[2020, 3, 1]]}}  # fmt: skip
    assert entry("ieee", source, lang).startswith(expected)
    assert "<i>Lufta dhe paqja</i>" in entry("chicago-author-date", source, lang)


@pytest.mark.parametrize(("lang", "era"), [("en", "BC"), ("fr", "av. J.-C."), ("de", "v. Chr."), ("sr-Latn", "p. n. e."), ("sq", "p.e.s.")])
def test_years_before_christ(lang: str, era: str) -> None:
    """The era is parted from the year."""
    shown = entry("ieee", book("T", year=-44), lang).replace("\xa0", " ")
    assert shown.endswith(f"44 {era}{'' if era.endswith('.') else '.'}")


# What docs/pack-format/sources.md says is not reported: marks of programs, and short forms of others.
QUIET = frozenset(
    ["abstract", "annote", "keyword", "source", "citation-key", "citation-label", "language", "ISBN", "ISSN", "PMID", "PMCID", "call-number", "license", "year-suffix", "title-short", "shortTitle", "container-title-short", "journalAbbreviation", "page-first", "references", "event"]
)
STYLE = st.sampled_from(("ieee", "apa", "chicago-author-date", "mla", "vancouver"))
LETTERS = st.text(st.characters(codec="utf-8", categories=("Ll", "Lu", "Nd"), max_codepoint=0x4FF), min_size=5, max_size=20)


def printed_or_reported(text: str, name: str, style: str, word: str) -> None:
    """Assert that a word of the source `a` is in its list, or that a note names its field."""
    found, problems = read_sources(text, name)
    listed = Citations({key: item for key, (item, _) in found.items()}, style)
    listed.register(read_cluster("@a") or ())
    (made_of,) = listed.bibliography()
    shown = plain(html.unescape(re.sub(r"<[^<>]*>", "", str(made_of.html))))
    reported = [problem.message for problem in problems] + [text for _, _, text in listed.unprinted]
    assert plain(word) in shown or any(plain(word) in plain(each) for each in reported)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted({*TEXT_FIELDS, *NAME_FIELDS} - QUIET)), st.sampled_from(CSL_TYPES), LETTERS, STYLE)
def test_any_field_of_csl_is_printed_or_reported(name: str, kind: str, word: str, style: str) -> None:
    """Whatever the kind of source and the style."""
    value: Any = [{"family": f"Q{word}Q", "given": "A"}] if name in NAME_FIELDS else f"Q{word}Q"
    source = {"id": "a", "type": kind, "title": "T", name: value}
    printed_or_reported(json.dumps([source]), "sources.json", style, f"Q{word}Q")


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted({*FIELDS, "author", "editora", "titleaddon", "subtitle", "howpublished", "number", "foo"})),
       st.sampled_from(sorted(TYPES)), LETTERS, STYLE)  # fmt: skip
def test_any_field_of_bibtex_is_printed_or_reported(name: str, kind: str, word: str, style: str) -> None:
    """Whatever the type of the entry and the style."""
    if FIELDS.get(name, name) in QUIET and name not in {"note", "addendum"}:
        return
    text = f"@{kind}{{a, title = {{T}}, {name} = {{Q{word}Q}}}}"
    printed_or_reported(text, "sources.bib", style, f"Q{word}Q")


def test_people_in_place_of_an_author_are_printed_once() -> None:
    """Chicago names the editor first where there is no author, and the translator after the title."""
    source = {"type": "book", "title": "T", "editor": [{"family": "Berg", "given": "Ida"}],
              "translator": [{"family": "Lind", "given": "Olaf"}], "issued": {"date-parts": [[2001]]}}  # fmt: skip
    assert entry("chicago-author-date", source) == "Berg, Ida, ed. 2001. <i>T</i>. Translated by Olaf Lind."


def test_a_repeated_title_is_printed_again() -> None:
    """The dash of MLA stands for people."""
    two = made("mla", {"type": "book", "title": "Same"}, {"type": "book", "title": "Same", "publisher": "P"})
    assert {str(each.html) for each in two.bibliography()} == {"<i>Same</i>.", "<i>Same</i>. P."}


@pytest.mark.parametrize(
    ("style", "expected"),
    [("ieee", "A. Hill, B. Berg, <i>et al.,</i> <i>T</i>."), ("apa", "Hill, A., Berg, B., et al. (n.d.). <i>T</i>."),
     ("vancouver", "Hill A, Berg B, et al. T.")],
)  # fmt: skip
def test_others_are_et_al(style: str, expected: str) -> None:
    """BibTeX's `and others` has the word of the style and the language."""
    people = [{"family": "Hill", "given": "Ada"}, {"family": "Berg", "given": "Bo"}, {"literal": "others"}]
    source = {"type": "book", "title": "T", "author": people}
    assert entry(style, source) == expected
    assert "others" not in entry(style, source, "sr-Latn")


def test_chinese_names_have_no_initials() -> None:
    """The family name comes first, and the whole name is printed."""
    assert entry("ieee", book("T", "毛, 泽东")).startswith("毛泽东, <i>T</i>")


def test_an_abbreviation_keeps_its_capitals() -> None:
    """Only a longer title in capitals is taken for shouting."""
    series = {"type": "book", "title": "A THING OF NO NOTE", "collection-title": "ICWS ’04"}
    shown = entry("chicago-author-date", series)
    assert "A Thing of No Note" in shown
    assert "ICWS ’04" in shown
