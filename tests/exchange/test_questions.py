"""Questions and tables for other programs, read back by other programs' readers where there are any."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import re
import shutil
import subprocess
import zipfile
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from guide.cli import guide
from guide.content.load import load_pack

ROOT = Path(__file__).parents[2]
GIFT = Path(os.environ.get("GUIDE_TEST_GIFT", ROOT / ".venv/gift")) / "node_modules/gift-pegjs"


def exported(form: str, pack: Path, *more: str) -> tuple[bytes, str]:
    """Return the file of an export, and what was reported."""
    out = pack.parent / f"out.{form}"
    result = CliRunner().invoke(guide, ["export", form, str(pack), "-o", str(out), *more])
    assert result.exit_code == 0, result.output
    before = out.read_bytes()
    CliRunner().invoke(guide, ["export", form, str(pack), "-o", str(out), *more])
    assert out.read_bytes() == before
    return before, result.output


def losses(told: str) -> set[tuple[str, int]]:
    """Return the questions that lost something, with the line that the report names."""
    return {(name, int(line)) for line, name in re.findall(r"yaml:(\d+):\d+: warning\[export-loss\]: `([\w-]+)`", told)}


def test_csv_is_the_same_cards_again(water: Path) -> None:
    """Moved into another pack, the table gives the same cards: texts, ids, tags, sources, gaps, directions."""
    data, told = exported("csv", water, "--kind", "cards")
    other = water.parent / "other"
    (other / "cards").mkdir(parents=True)
    shutil.copytree(water / "figures", other / "figures")
    (other / "pack.yaml").write_text("format: 1\ntitle: T\n")
    (other / "sources.yaml").write_bytes((water / "sources.yaml").read_bytes())
    (other / "cards/all.csv").write_bytes(data)
    (before, _), (after, problems) = load_pack(water), load_pack(other)
    assert not [p for p in problems if p.severity == "error"]
    assert [c.model_dump() for c in after.cards] == [c.model_dump() for c in before.cards] and not losses(told)


def test_quizlet_has_a_line_a_card(water: Path) -> None:
    """Term, tab, definition: gaps are blanks with their hints, a reversed card is one line, a picture is reported."""
    data, told = exported("quizlet", water, "--kind", "cards")
    rows = dict(line.split("\t") for line in data.decode().splitlines())
    assert rows["At what temperature does ice melt? (Celsius)"] == "0 °C & 273 K"
    assert "Water is _____ (formula), and E = mc² holds; so does _____." in rows
    assert any(term.endswith("(_____)") for term in rows) and rows["el agua"] == "water"
    assert losses(told) == {("drop", 2), ("turn", 4)}


def test_moodle_has_everything(water: Path) -> None:
    """Six types with points, feedback, tags, ids and pictures; nothing is lost."""
    data, told = exported("moodle", water)
    assert not losses(told)
    found = {q.findtext("idnumber"): q for q in ET.fromstring(data).iter("question") if q.find("idnumber") is not None}
    kinds = {name: q.get("type") for name, q in found.items()}
    assert kinds == {"choice": "multichoice", "several": "multichoice", "truth": "truefalse", "short": "shortanswer",
                     "match": "matching", "order": "ordering"}  # fmt: skip

    def answers(name: str) -> list[tuple[str, str]]:
        return [(a.get("fraction"), a.findtext("text")) for a in found[name].iter("answer")]

    assert answers("choice") == [("100", "In the sea"), ("0", "In lakes: {a} = b"), ("0", "In ice")]
    assert answers("several") == [("50", "Ice"), ("50", "Snow"), ("-50", "Steam")]
    assert answers("truth") == [("100", "true"), ("0", "false")] and answers("short") == [("100", "Vapour")]
    assert [text for _, text in answers("order")] == ["ice", "water", "steam"]
    assert [(s.findtext("text"), s.findtext("answer/text")) for s in found["match"].iter("subquestion")][1] == ("liquid", "water")
    choice = found["choice"]
    assert choice.findtext("defaultgrade") == "2" and choice.findtext("generalfeedback/text") == "About 97 %."
    assert [t.findtext("text") for t in choice.iter("tag")] == ["core", "level-3"]
    assert r"\(\rho_1&lt;\rho_2\)" in found["truth"].findtext("questiontext/text")
    file = found["short"].find("questiontext/file")
    assert base64.b64decode(file.text) == (water / "figures/drop.png").read_bytes()
    assert f"@@PLUGINFILE@@/{file.get('name')}" in found["short"].findtext("questiontext/text")


def test_gift_says_what_it_cannot_carry(water: Path) -> None:
    """Ordering is omitted, pictures and points too, each at its line."""
    data, told = exported("gift", water)
    assert losses(told) == {("choice", 1), ("short", 4), ("order", 6)} and "5 questions" in told
    text = data.decode()
    assert r"~In lakes\: \{a\} \= b" in text and "=liquid -> water" in text and "####About 97 %." in text


@pytest.mark.skipif(not (GIFT.exists() and shutil.which("node")), reason=".ci/judges installs the parser of GIFT")
def test_a_parser_of_gift_reads_the_same_questions(water: Path) -> None:
    """gift-pegjs, written by others."""
    data, _ = exported("gift", water)
    script = f"const g=require({json.dumps(str(GIFT))});const t=require('fs').readFileSync(0,'utf8');console.log(JSON.stringify(g.parse(t)))"
    run = subprocess.run(["node", "-e", script], input=data, capture_output=True, check=True)
    found = {q["title"]: q for q in json.loads(run.stdout) if q["type"] != "Category"}
    assert {name: q["type"] for name, q in found.items()} == {
        "choice": "MC", "several": "MC", "truth": "TF", "short": "Short", "match": "Matching",
    }  # fmt: skip

    def choices(name: str) -> list[tuple[str, Any, Any]]:
        return [(c["text"]["text"], c["isCorrect"], c["weight"]) for c in found[name]["choices"]]

    assert choices("choice") == [("In the sea", True, None), ("In lakes: {a} = b", False, None), ("In ice", False, None)]
    assert choices("several") == [("Ice", False, 50), ("Snow", False, 50), ("Steam", False, -50)]
    assert found["truth"]["isTrue"] is True and r"\rho_1" in found["truth"]["stem"]["text"]
    assert found["choice"]["globalFeedback"]["text"] == "About 97 %."
    assert [(p["subquestion"]["text"], p["subanswer"]) for p in found["match"]["matchPairs"]][0] == ("solid", "ice")


def test_qti_is_a_package_of_items(water: Path) -> None:
    """Each item is well-formed, is in the manifest with its pictures, and has its right answer and points."""
    data, told = exported("qti", water)
    assert not losses(told)
    archive = zipfile.ZipFile(io.BytesIO(data))
    manifest = ET.fromstring(archive.read("imsmanifest.xml"))
    listed = {f.get("href") for f in manifest.iter() if f.tag.endswith("}file")}
    assert listed == {*archive.namelist()} - {"imsmanifest.xml"} and len(listed) == 7
    space = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"
    items = {name: ET.fromstring(archive.read(f"items/{name}.xml")) for name in ("choice", "several", "truth", "short", "match", "order")}

    def right(name: str) -> list[str]:
        return [v.text for v in items[name].find(f"{space}responseDeclaration/{space}correctResponse")]

    assert (right("choice"), right("several"), right("truth")) == (["o1"], ["o1", "o2"], ["true"])
    assert (right("short"), right("order"), right("match")[0]) == (["Vapour"], ["o1", "o2", "o3"], "a1 b1")
    assert items["choice"].find(f"{space}outcomeDeclaration").get("normalMaximum") == "2"
    picture = items["short"].find(f".//{space}img").get("src")
    assert archive.read(picture.removeprefix("../")) == (water / "figures/drop.png").read_bytes()


def test_kahoot_is_a_sheet_that_excel_opens(water: Path) -> None:
    """Choice and true or false, in the places of Kahoot!'s template; the others are reported."""
    data, told = exported("kahoot", water)
    assert {("short", 4), ("match", 5), ("order", 6)} <= losses(told) and "3 questions" in told
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    cells = {a: unescape(b or c) for a, b, c in re.findall(r'<c r="([A-H]\d+)"[^>]*>(?:<is><t[^>]*>([^<]*)</t></is>|<v>(\d+)</v>)</c>', sheet)}
    assert cells["B8"].startswith("Question") and cells["B9"] == "Where is most water?" and cells["D9"] == "In lakes: {a} = b"
    assert (cells["H9"], cells["H10"], cells["H11"], cells["G9"]) == ("1", "1,2", "1", "30")
    try:
        import openpyxl  # the extra [exchange] has it
    except ImportError:
        return
    rows = list(openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(min_row=8, values_only=True))
    assert rows[1][1] == "Where is most water?"


def test_a_pack_without_identity_is_warned_of(water: Path) -> None:
    """A card without `id` in a pack without guide.lock would be another card after a correction."""
    text = (water / "cards.yaml").read_text().replace("{id: turn, ", "{")
    (water / "cards.yaml").write_text(text)
    assert "cards.yaml:4:3: warning[no-identity]: `which-way` has no `id`" in exported("csv", water)[1]
    CliRunner().invoke(guide, ["check", str(water), "--fix", "--no-layout"])
    data, told = exported("csv", water)
    assert "no-identity" not in told
    assert any(row["id"] == "which-way" for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


@pytest.mark.parametrize("form", ["moodle", "gift"])
def test_questions_come_back(water: Path, form: str) -> None:
    """Exported and imported, the questions are the same, but for what the format cannot carry."""
    exported(form, water)
    back = water.parent / "back"
    back.mkdir()
    (back / "pack.yaml").write_text("format: 1\ntitle: Back\n")
    result = CliRunner().invoke(guide, ["import", str(water.parent / f"out.{form}"), "--into", str(back), "--write"])
    assert result.exit_code == 0, result.output

    def said(folder: Path) -> dict[str, dict[str, Any]]:
        left = {"tags", "sources"} if form == "moodle" else {"tags", "sources", "points", "type"}
        pack, problems = load_pack(folder)
        assert not [p for p in problems if p.severity == "error"], problems
        return {q.id: q.model_dump(exclude=left, by_alias=True) for q in pack.questions}

    before, after = said(water), said(back)
    lost = {"order", "short"} if form == "gift" else {"short"}  # the path of a picture is another one
    assert {*before} - {*after} <= {"order"} and len(after) == (6 if form == "moodle" else 5)
    for name in {*before} - lost:
        assert {k: _plain(v) for k, v in after[name].items()} == {k: _plain(v) for k, v in before[name].items()}


def _plain(value: Any) -> Any:
    """Return a text with formulas in one notation: `\\(x\\)` and `$x$` print the same, as do escaped braces."""
    if isinstance(value, str):
        return re.sub(r"\\\((.*?)\\\)", r"$\1$", value).replace("\\{", "{").replace("\\}", "}")
    return tuple(map(_plain, value)) if isinstance(value, tuple | list) else value
