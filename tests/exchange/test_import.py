"""guide import: what a file becomes, that the same again changes nothing, and that a person's edits stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from imports import PNG, document, package, paragraph, part, zipped

from guide.actions import importing
from guide.cli import guide
from guide.content.load import load_pack
from guide.diagnostics.diagnostic import GuideError, Severity
from guide.exchange.importing import Plan
from guide.exchange.reading.found import Options

Bring = Callable[..., Plan]


@pytest.fixture
def bring(tmp_path: Path) -> Bring:
    """Import a file, given as text or bytes, into the pack `pack`, and write it unless something is wrong."""

    def run(name: str, data: str | bytes, *, skip: bool = False, **options: Any) -> Plan:
        file = tmp_path / name
        file.write_bytes(data if isinstance(data, bytes) else data.encode())
        plan = importing.plan((file,), tmp_path / "pack", Options(**options), skip=skip)
        if not plan.refused or skip:
            importing.write(plan)
        return plan

    return run


def pack_of(tmp_path: Path) -> Any:
    """The pack that came of it, which has no error."""
    pack, problems = load_pack(tmp_path / "pack")
    assert pack is not None and not [each for each in problems if each.severity == Severity.ERROR], problems
    return pack


def sides(tmp_path: Path) -> list[tuple[str, str]]:
    """The fronts and backs of the pack's cards."""
    return [(card.front or card.cloze, card.back) for card in pack_of(tmp_path).cards]


def codes(plan: Plan) -> set[str]:
    """The codes of what is wrong."""
    return {each.code for each in plan.problems if each.severity != Severity.NOTE}


TWO = [("uno", "one"), ("dos", "two")]
CP = "Vorderseite;Rückseite\nuno;one\ndos;two\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", "uno\tone\ndos\ttwo"),
        ("a.txt", "uno - one\ndos - two\n"),
        ("a.txt", "uno\tone;dos\ttwo;"),
        ("a.txt", "uno,one;dos,two"),
        ("a.csv", "Term,Definition\nuno,one\n\"dos\",two\n"),
        ("a.csv", "\ufeffTerm;Definition\r\nuno;one\r\ndos;two\r\n"),
        ("a.csv", "sep=;\nFrage;Antwort\nuno;one\ndos;two"),
        ("a.csv", CP.encode("cp1252")),
        ("a.csv", CP.encode("mac_roman")),
        ("a.csv", CP.encode("utf-16")),
        ("a.csv", CP.encode("utf-16-le")),
        ("a.csv", "Verso,Recto\none,uno\ntwo,dos\n"),
        ("a.tsv", "front\tback\tid\nuno\tone\tx-1\ndos\ttwo\tx-2"),
        ("a.csv", "Spanish,English\nuno,one\ndos,two"),
        ("a.txt", "#separator:tab\n#html:true\n#guid column:1\ng1\tuno\tone\ng2\tdos\ttwo"),
        ("a.md", "Q: uno\nA: one\n\nQ: dos\nA: two\n"),
        ("a.md", "#flashcards\n\nuno::one\n\ndos\n?\ntwo\n"),
    ],
)  # fmt: skip
def test_the_same_two_cards(name: str, data: str | bytes, bring: Bring, tmp_path: Path) -> None:
    """However a file has them, the cards are the same, and importing it again changes nothing."""
    bring(name, data)
    assert sides(tmp_path) == TWO
    again = bring(name, data)
    assert not again.files and again.counts[name]["cards"] == {"unchanged": 2}


def test_an_edited_file_changes_only_what_was_edited(bring: Bring, tmp_path: Path) -> None:
    """Other entries, their order, comments and a person's own fields stay as they are, to the byte."""
    bring("a.txt", "uno\tone\ndos\ttwo\ntres\tthree")
    file = tmp_path / "pack/cards/a.yaml"
    written = file.read_text().replace("  back: two\n", "  # mine\n  back: two\n  hint: after one\n")
    file.write_text(written)
    plan = bring("a.txt", "tres\tthree\nuno\tone\ndos\tTWO\ncuatro\tfour")
    assert plan.counts["a.txt"]["cards"] == {"unchanged": 2, "changed": 1, "new": 1}
    wanted = written.replace("  back: two\n", "  back: TWO\n") + "- id: cuatro\n  front: cuatro\n  back: four\n"
    assert file.read_text() == wanted
    plan = bring("a.txt", "tres\tthree\nuno \tone\ndos\tTWO\nquatro\tfour")
    assert plan.counts["a.txt"]["cards"] == {"unchanged": 3, "changed": 1}
    assert "- id: cuatro\n  front: quatro\n  back: four\n" in file.read_text()


def test_what_a_person_edited_stays_and_is_reported(bring: Bring, tmp_path: Path) -> None:
    """The pack's wording is kept when both changed; a deleted card does not come back; a gone one stays."""
    bring("a.txt", "uno\tone\ndos\ttwo\ntres\tthree")
    file = tmp_path / "pack/cards/a.yaml"
    text = file.read_text().replace("back: two", "back: mine")
    file.write_text(text.replace("- id: uno\n  front: uno\n  back: one\n", ""))
    before = file.read_text()
    plan = bring("a.txt", "uno\tone\ndos\tTWO")
    assert plan.counts["a.txt"]["cards"] == {"edited here": 2, "gone": 1}
    assert codes(plan) == {"import-edited", "import-gone"}
    assert file.read_text() == before
    places = {(each.code, each.place.path.removeprefix(str(tmp_path)), each.place.line) for each in plan.problems}
    assert ("import-edited", "/pack/cards/a.yaml", 4) in places and ("import-gone", "/pack/cards/a.yaml", 5) in places


def test_a_card_that_is_there_is_not_imported_twice(bring: Bring, tmp_path: Path) -> None:
    """The same card from another file, or written by hand, is known."""
    bring("a.txt", "uno\tone")
    plan = bring("b.csv", "Term,Definition\nuno,one\ndos,two\n")
    assert plan.counts["b.csv"]["cards"] == {"unchanged": 1, "new": 1}
    assert sides(tmp_path) == TWO


def test_values_in_braces_are_edited_in_place(bring: Bring, tmp_path: Path) -> None:
    """A person may have written the entry on one line."""
    bring("a.txt", "uno\tone")
    file = tmp_path / "pack/cards/a.yaml"
    file.write_text('- {id: uno, front: uno, back: one, tags: [x]}  # kept\n')
    bring("a.txt", "uno\tONE")
    assert file.read_text() == '- {id: uno, front: uno, back: "ONE", tags: [x]}  # kept\n'


@pytest.mark.parametrize("new", [False, True])
def test_a_package_of_anki(new: bool, bring: Bring, tmp_path: Path) -> None:
    """Fields, tags, decks, both ways, clozes, formulas and pictures, in the old and the new format."""
    notes = [
        ("g1", 1, "core organelle_one", ["What is <b>this</b>?<br><img src=\"a%20b.png\">", "A cell &amp; more[sound:x.mp3]"]),
        ("g2", 2, "", ["Zelle", "cell"]),
        ("g3", 3, "", ["The {{c1::nucleus::part}} has {{c2::<i>DNA</i>}}: \\(x^{2}\\)", "Extra"]),
    ]
    plan = bring("deck.apkg", package(notes, {"a b.png": PNG, "x.mp3": b"ID3"}, new=new))
    one, two, three = pack_of(tmp_path).cards
    assert one.front == "What is **this**?\\\n![](figures/deck/a-b.png)" and one.back == "A cell & more"
    assert one.tags == ("Cells", "core", "organelle one")
    assert (tmp_path / "pack/figures/deck/a-b.png").read_bytes() == PNG
    assert (two.front, two.back, two.reverse) == ("Zelle", "cell", True)
    assert three.cloze == "The {{c1::nucleus::part}} has {{c2::<i>DNA</i>}}: \\(x^{2}\\)"  # `Extra` would be on the front, too
    assert codes(plan) == {"import-omitted"} and pack_of(tmp_path).manifest.title == "Cells"
    again = bring("deck.apkg", package([("g2", 2, "", ["Zelle", "a cell"]), notes[2], notes[0]], {"a b.png": PNG}, new=new))
    assert again.counts["deck.apkg"]["cards"] == {"changed": 1, "unchanged": 2}
    assert [card.back for card in pack_of(tmp_path).cards if card.front == "Zelle"] == ["a cell"]


def test_templates_say_which_fields_are_on_which_side(bring: Bring, tmp_path: Path) -> None:
    """A note type with further fields prints those that its first card shows; others print nowhere."""
    kind = ("Words", ["Kanji", "Sound", "Reading", "Meaning"],
            [("{{Kanji}} {{#Reading}}({{furigana:Reading}}){{/Reading}}", "{{FrontSide}} {{Meaning}}"), ("{{Meaning}}", "{{Kanji}}")], False)  # fmt: skip
    bring("w.apkg", package([("g", 1, "", ["木", "[sound:a.mp3]", "き", "tree"])], kinds=(kind,)))
    (card,) = pack_of(tmp_path).cards
    assert (card.front, card.back, card.reverse) == ("木\n\nき", "tree", True)


def test_a_document_of_word(bring: Bring, tmp_path: Path) -> None:
    """Headings become sections; lists, tables, footnotes stay; comments and deletions are left out, and reported."""
    table = "<w:tbl>" + "".join(f"<w:tr><w:tc>{paragraph(a)}</w:tc><w:tc>{paragraph(b)}</w:tc></w:tr>" for a, b in (("a", "b|c"), ("1", "2"))) + "</w:tbl>"
    note = '<w:p><w:r><w:t>Fact</w:t></w:r><w:r><w:footnoteReference w:id="5"/></w:r><w:del><w:r><w:delText>old</w:delText></w:r></w:del></w:p>'
    body = (paragraph("Rome", "Title") + paragraph("Kings", "heading1") + paragraph("1. They ruled *long*.") + note
            + paragraph("Early", "heading2") + table + paragraph("Republic", "heading1") + paragraph("It came."))  # fmt: skip
    more = {
        "word/footnotes.xml": part("footnotes", f'<w:footnote w:id="5">{paragraph("Livy says so.")}</w:footnote>'),
        "word/comments.xml": part("comments", f'<w:comment w:id="1" w:author="A">{paragraph("Really?")}</w:comment>'),
    }
    plan = bring("rome.docx", document(body, more))
    pack = pack_of(tmp_path)
    assert pack.manifest.title == "Rome" and [each.title for each in pack.sections] == ["Kings", "Republic"]
    first = pack.sections[0].body
    assert "1\\. They ruled \\*long\\*." in first and "Fact[^footnote-" in first and ": Livy says so." in first
    assert "## Early" in first and "| a | b\\|c |" in first and "old" not in first and "Really" not in first
    assert {each.message for each in plan.problems} >= {"a comment omitted", "deleted text of tracked changes omitted"}
    changed = bring("rome.docx", document(body.replace("It came.", "It went."), more))
    assert changed.counts["rome.docx"]["sections"] == {"unchanged": 1, "changed": 1}
    assert pack_of(tmp_path).sections[1].body == "It went.\n"


GIFT = r"""// a remark
$CATEGORY: $course$/top/Biology

::Q1:: What\: 2 + 2? {=4#good ~3#no ####In general}

The sun is a star.{T#wrong}

Match. {=cat -> meow =dog -> woof}

Two? {=two =2}

Near {#3:2}

Which? {~%50%a ~%50%b ~%-100%c}

Write {}
"""


def test_questions_in_gift(bring: Bring, tmp_path: Path) -> None:
    """Each kind of question with its feedback; an open question without an answer is reported."""
    plan = bring("q.gift", GIFT)
    choice, truth, match, short, number, several = pack_of(tmp_path).questions
    assert (choice.prompt, choice.options, choice.answer) == ("What: 2 + 2?", ("4", "3"), ("4",))
    assert choice.explanation == "In general\n\n4: good\n\n3: no" and choice.tags == ("Biology",)
    assert truth.answer is True and match.pairs == {"cat": "meow", "dog": "woof"}
    assert (short.answer, number.answer, several.answer) == ("two / 2", "3 ± 2", ("a", "b"))
    assert [each.place.line for each in plan.problems] == [16]


MOODLE = """<?xml version="1.0"?><quiz>
<question type="category"><category><text>$course$/top/Cells</text></category></question>
<!-- question: 7 -->
<question type="multichoice"><name><text>n</text></name>
<questiontext format="html"><text><![CDATA[<p>What is <b>it</b>? <img src="@@PLUGINFILE@@/a.png" alt="A cell"></p>]]></text>
<file name="a.png" path="/" encoding="base64">{png}</file></questiontext>
<generalfeedback format="html"><text>General</text></generalfeedback><defaultgrade>2.0</defaultgrade>
<answer fraction="100"><text>A cell</text><feedback><text>yes</text></feedback></answer>
<answer fraction="0"><text>A &amp;lt;b&amp;gt;</text></answer><tags><tag><text>easy</text></tag></tags></question>
<question type="ordering"><questiontext><text>Order</text></questiontext><answer fraction="1"><text>a</text></answer>
<answer fraction="2"><text>b</text></answer></question>
<question type="matching"><questiontext><text>M</text></questiontext><subquestion><text>x</text><answer><text>1</text></answer>
</subquestion><subquestion><text>y</text><answer><text>2</text></answer></subquestion></question>
<question type="cloze"><questiontext><text>c</text></questiontext></question></quiz>"""


def test_questions_of_moodle(bring: Bring, tmp_path: Path) -> None:
    """Pictures, points, feedback, tags; a type that guide lacks is reported with its line."""
    import base64

    plan = bring("m.xml", MOODLE.replace("{png}", base64.b64encode(PNG).decode()))
    choice, order, match = pack_of(tmp_path).questions
    assert choice.prompt == "What is **it**? ![A cell](figures/m/a.png)" and choice.points == 2
    assert choice.options == ("A cell", "A &lt;b>") and choice.tags == ("Cells", "easy")
    assert choice.explanation == "General\n\nA cell: yes" and order.items == ("a", "b") and match.pairs == {"x": "1", "y": "2"}
    assert [each.place.line for each in plan.problems] == [14]


def test_workbooks(bring: Bring, tmp_path: Path) -> None:
    """Cells are read as they are shown; Kahoot's template is a quiz."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["Begriff", "Erklärung"])
    book.active.append(["a*b", 0.5])
    book.active["B2"].number_format = "0%"
    book.active.append(["x", 3.0])
    file = tmp_path / "made.xlsx"
    book.save(file)
    bring("a.xlsx", file.read_bytes())
    assert sides(tmp_path) == [("a\\*b", "50%"), ("x", "3")]
    quiz = Workbook()
    for row in (["Kahoot"], [None, "Question - max 120 characters", "Answer 1 - max", "Answer 2 - max", "Time limit", "Correct answer(s)"],
                [1, "Which?", "this", "that", 20, 2]):  # fmt: skip
        quiz.active.append(row)
    quiz.save(file)
    bring("k.xlsx", file.read_bytes())
    (question,) = pack_of(tmp_path).questions
    assert (question.options, question.answer) == (("this", "that"), ("that",))


def refused(bring: Bring, name: str, data: str | bytes, **options: Any) -> tuple[str, int, str]:
    """The code, the line and the message of the error that stops an import."""
    try:
        plan = bring(name, data, **options)
        (found,) = [each for each in plan.problems if each.severity == Severity.ERROR]
        assert not plan.files
    except GuideError as exc:
        found = exc.diagnostics[-1]
    assert found.hint
    return found.code, found.place.line, found.message


def _bomb() -> bytes:
    return zipped({"word/document.xml": b"0" * 30_000_000})


def _formula() -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    for row in (["Term", "Definition"], ["a", "b"], ["c", "=1+1"]):
        book.active.append(row)
    import io

    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _empty_rows() -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["Term", "Definition"])
    for _ in range(5100):
        sheet.append([None])
    import io

    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "code", "line"),
    [
        ("a.txt", "uno\tone\ndos\t", "import-unreadable", 2),
        ("a.csv", "Term,Definition\nx,y\n,z", "import-unreadable", 3),
        ("a.csv", "a,b,c\nd,e,f", "import-columns", 1),
        ("a.csv", "Term,Definition,Remark\na,b,\nc,d,e", "import-unreadable", 3),
        ("a.csv", "Term,Definition\nä,b\n".encode("cp1252"), "import-encoding", 2),
        ("a.txt", "only words\nmore words", "import-columns", 1),
        ("a.csv", 'a,b\n"c"d,e', "import-unreadable", 2),
        ("a.md", "Q: why?\n\nText.", "import-unreadable", 1),
        ("a.gift", "Which {=a ~b\n", "import-unreadable", 1),
        ("a.xml", "<quiz><question>\n</quiz>", "import-unreadable", 2),
        ("a.xml", '<!DOCTYPE quiz [<!ENTITY a "b">]><quiz>&a;</quiz>', "import-format", 0),
        ("a.docx", _bomb, "import-too-large", 0),
        ("a.docx", lambda: document(paragraph("x"), {"word/vbaProject.bin": b"x"}), "import-macros", 0),
        ("a.docx", lambda: document("<w:p>"), "import-unreadable", 0),
        ("a.xlsx", _formula, "import-unreadable", 3),
        ("a.xlsx", _empty_rows, "import-too-large", 2),
        ("a.apkg", lambda: zipped({"collection.anki2": b"SQLite format 3\0" + b"x" * 5000}), "import-unreadable", 0),
        ("a.apkg", lambda: zipped({"collection.anki21b": b"\x28\xb5\x2f\xfdxx"}), "import-unreadable", 0),
        ("a.apkg", lambda: package([("g", 1, "", ["a", "b"])], {"../../x.png": PNG}), "import-unsafe", 0),
        ("a.apkg", lambda: zipped({"collection.anki2": b"x", "../x": b"x"}), "import-unsafe", 0),
        ("a.apkg", lambda: package([("g", 1, "", ["a", ""])]), "import-unreadable", 0),
        ("a.pdf", b"%PDF-1.7", "import-format", 0),
        ("a.zip", lambda: zipped({"x": b"x"}), "import-format", 0),
        ("a.md", "![x](../../secret.png)", "import-unsafe", 0),
        ("a.txt", "", "import-nothing", 0),
        ("a.csv", "front,back,id\na,{{x,one\nb,c,two\n", "", 0),
        ("a.csv", "cloze,id\nno gap,x\n", "import-unreadable", 2),
    ],
)  # fmt: skip
def test_bad_input_leaves_the_pack_as_it_was(name: str, data: Any, code: str, line: int, bring: Bring, tmp_path: Path) -> None:
    """A diagnostic with the row or line and a remedy; not a byte of the pack changes."""
    bring("old.txt", "uno\tone")
    before = {path: path.read_bytes() for path in sorted((tmp_path / "pack").rglob("*")) if path.is_file()}
    made = data() if callable(data) else data
    if not code:
        bring(name, made)
        return
    found = refused(bring, name, made)
    assert found[:2] == (code, line), found
    assert {path: path.read_bytes() for path in sorted((tmp_path / "pack").rglob("*")) if path.is_file()} == before


def test_the_rest_is_imported_on_demand(bring: Bring, tmp_path: Path) -> None:
    """--skip-unreadable leaves out what cannot be read, also what guide's own rules refuse."""
    bring("a.csv", "cloze,front,back,id\nno gap,,,x\n,uno,one,y\n,dos,two,z\n,tres,,w\n", skip=True)
    assert sides(tmp_path) == TWO


def test_columns_separators_and_texts_can_be_named(bring: Bring, tmp_path: Path) -> None:
    """What is not clear from the file is said by options."""
    bring("a.csv", "x,one,uno\ny,two,dos\n", columns=("-", "back", "front"))
    assert sides(tmp_path) == TWO
    bring("b.txt", "tres => three##cuatro => four", separator=" => ", between="##")
    assert sides(tmp_path)[2:] == [("tres", "three"), ("cuatro", "four")]
    bring("c.csv", "Term,Definition\n<b>,**x**\n", text="plain")
    assert sides(tmp_path)[4:] == [("&lt;b>", "\\*\\*x\\*\\*")]


def test_what_guide_exports_comes_back_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deck as CSV and as an Anki package, imported into a new pack, has the same cards under the same ids."""
    monkeypatch.chdir(tmp_path)
    Path("deck").mkdir()
    Path("deck/pack.yaml").write_text("format: 1\ntitle: Deck\ndocuments: {flashcards: {derive: []}}\n")
    Path("deck/cards.yaml").write_text(
        "- {id: one, front: What is **bold**?, back: a *word*, tags: [core, two words], hint: think}\n"
        "- {id: two, front: Zelle, back: cell, reverse: true}\n"
        '- {id: three, cloze: "The {{c1::nucleus::part}} has {{c2::DNA}}."}\n'
        "- id: four\n  front: List \\* star\n  back: |-\n    - one\n    - two\n\n    $x^2$ and H~2~O\n"
    )
    wanted = {card.id: card.model_dump() for card in load_pack(tmp_path / "deck")[0].cards}
    for kind, ending in (("csv", "csv"), ("anki", "apkg")):
        done = CliRunner().invoke(guide, ["export", kind, "deck", "-o", f"deck.{ending}"])
        assert done.exit_code == 0, done.output
        done = CliRunner().invoke(guide, ["import", f"deck.{ending}", "--into", kind, "--write"])
        assert done.exit_code == 0, done.output
        pack, _ = load_pack(tmp_path / kind)
        assert {card.id: card.model_dump() for card in pack.cards} == wanted


def test_the_command_shows_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --write nothing is written; a pack is named after the file, or is the one at hand."""
    monkeypatch.chdir(tmp_path)
    Path("my words.txt").write_text("uno\tone\ndos\ttwo\n")
    shown = CliRunner().invoke(guide, ["import", "my words.txt"])
    assert shown.exit_code == 0 and "cards    2" in shown.output and "add --write" in shown.output
    assert not Path("my-words").exists()
    assert CliRunner().invoke(guide, ["import", "my words.txt", "--write", "--lang", "es"]).exit_code == 0
    assert "lang: es" in Path("my-words/pack.yaml").read_text()
    monkeypatch.chdir(tmp_path / "my-words")
    again = CliRunner().invoke(guide, ["import", "../my words.txt", "--write"])
    assert "nothing has changed" in again.output
    wrong = CliRunner().invoke(guide, ["import", "../none.txt"])
    assert wrong.exit_code == 1 and "error[import-unreadable]" in wrong.output


def test_new_from_notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headings become sections, terms a glossary, questions and answers cards."""
    monkeypatch.chdir(tmp_path)
    notes = "# Water\n\n## Steps\n\nIt *moves*.\n\nVapour: water in the air\n\nQ: What drives it?\nA: The Sun.\n\n## More\n\n- a\n"
    Path("notes.md").write_text(notes)
    done = CliRunner().invoke(guide, ["new", "pack", "--from", "notes.md"])
    assert done.exit_code == 0, done.output
    pack = pack_of(tmp_path)
    assert pack.manifest.title == "Water" and [each.title for each in pack.sections] == ["Steps", "More"]
    assert pack.glossary[0].definition == "water in the air" and sides(tmp_path) == [("What drives it?", "The Sun.")]
    assert CliRunner().invoke(guide, ["new", "pack", "--from", "notes.md"]).exit_code == 1




def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """What came from which could not be told apart the next time; the pack is not begun."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "words.csv").write_text("front,back\nuno,one\n")
    files = (tmp_path / "a/words.csv", tmp_path / "b/words.csv")
    with pytest.raises(GuideError) as caught:
        importing.plan(files, tmp_path / "pack", Options())
    (problem,) = caught.value.diagnostics
    assert problem.code == "import-unreadable" and str(files[1]) in problem.message
    assert not (tmp_path / "pack").exists()
