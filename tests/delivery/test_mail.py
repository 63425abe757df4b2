"""Mail against a real server: logins, refusals, greylisting, lost connections."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from click.testing import Result
from post_office import LOGIN, PASSWORD, PostOffice, made_pdf

from guide.delivery import queries
from guide.delivery.database import Ledger
from guide.delivery.records import State

Run = Callable[..., Result]
Serve = Callable[..., PostOffice]


def listed(folder: Path, *people: str, header: str = "name,email", name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *people]) + "\n", "utf-8")
    return path


def states(folder: Path, name: str = "list") -> dict[int, str]:
    with Ledger.read(folder / f"{name}.ledger.db") as ledger:
        return {e.number: str(e.state) for e in queries.entries(ledger)}


@pytest.fixture
def send(run: Run, report_pdf: Path, tmp_path: Path) -> Run:
    """Return a function that mails the report to list.csv."""
    return lambda *words: run(
        "distribute", report_pdf, "--to", tmp_path / "list.csv", "--channel", "smtp", "--send", *words
    )


def test_mail_by_starttls_and_login(send: Run, serve: Serve, certificate: Path, tmp_path: Path) -> None:
    """Each recipient gets one message, with a numbered copy that can be opened."""
    office = serve(certificate, login=True)
    listed(tmp_path, "Jane Smith,jane@example.org", '"Müller, Jürgen",j@example.org', "עמית כהן,a@example.org")
    done = send()
    assert done.exit_code == 0, done.output
    assert {box: len(found) for box, found in office.boxes.items()} == {
        "jane@example.org": 1, "j@example.org": 1, "a@example.org": 1,
    }  # fmt: skip
    message = office.boxes["j@example.org"][0]
    assert message["To"].addresses[0].display_name == "Müller, Jürgen"
    assert "copy 2" in message["Subject"]
    attached: list[Any] = [part for part in message.walk() if part.get_content_type() == "application/pdf"]
    assert [part.get_filename() for part in attached] == ["report-copy-002.pdf"]
    with pikepdf.open(io.BytesIO(attached[0].get_payload(decode=True))) as pdf:
        assert len(pdf.pages) == 2
    assert {part.get_content_type() for part in message.walk()} >= {"text/plain", "text/html"}
    assert states(tmp_path) == {1: "sent", 2: "sent", 3: "sent"}
    assert send().exit_code == 0
    assert sum(map(len, office.boxes.values())) == 3


def test_the_login_is_never_shown(send: Run, serve: Serve, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused login stops the run with a remedy, and names no password; nothing was sent."""
    office = serve(certificate, login=True)
    monkeypatch.setenv("GUIDE_SMTP_PASSWORD", "wrong horse")
    listed(tmp_path, "Jane,jane@example.org")
    done = send()
    assert done.exit_code == 1
    assert "error[smtp-refused]" in done.output
    assert "wrong horse" not in done.output and PASSWORD not in done.output
    assert not office.boxes
    assert states(tmp_path) == {1: "made"}
    monkeypatch.setenv("GUIDE_SMTP_PASSWORD", PASSWORD)
    assert send().exit_code == 0
    assert len(office.boxes["jane@example.org"]) == 1


def test_a_certificate_that_is_not_trusted_stops_the_run(send: Run, serve: Serve, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS is checked."""
    office = serve(certificate)
    monkeypatch.setenv("GUIDE_SMTP_CA", "")
    listed(tmp_path, "Jane,jane@example.org")
    done = send()
    assert done.exit_code == 1
    assert "certificate" in done.output
    assert not office.boxes


def test_nothing_goes_in_the_clear_unless_asked(send: Run, serve: Serve, tmp_path: Path) -> None:
    """A server without STARTTLS gets nothing."""
    office = serve()
    listed(tmp_path, "Jane,jane@example.org")
    done = send("--smtp-security", "starttls")
    assert done.exit_code == 1
    assert "STARTTLS" in done.output
    assert not office.boxes


def test_greylisting_is_waited_for_and_bounded(send: Run, serve: Serve, tmp_path: Path) -> None:
    """451 is tried again; who is still refused at the end stays open for the next run."""
    office = serve()
    office.grey = {"a@example.org": 2, "b@example.org": 99}
    listed(tmp_path, "A,a@example.org", "B,b@example.org", "C,c@example.org")
    done = send()
    assert done.exit_code == 1
    assert "error[delivery-later]" in done.output
    assert "list.csv:3:1" in done.output
    assert office.grey["b@example.org"] == 93  # six tries
    assert sorted(office.boxes) == ["a@example.org", "c@example.org"]
    office.grey = {}
    assert send().exit_code == 0
    assert {box: len(found) for box, found in office.boxes.items()} == dict.fromkeys(
        ["a@example.org", "b@example.org", "c@example.org"], 1
    )


def test_5xx_stops_this_recipient_and_no_other(send: Run, serve: Serve, tmp_path: Path) -> None:
    """A refusal is recorded with the server's answer, not tried again, and named without address."""
    office = serve()
    office.refuse = {"b@example.org": "550 5.1.1 <b@example.org> no such user"}
    office.after = {"c@example.org": "552 5.3.4 Message too big"}
    listed(tmp_path, "A,a@example.org", "Beatrix,b@example.org", "C,c@example.org", "D,d@example.org")
    done = send()
    assert done.exit_code == 1
    assert done.output.count("error[delivery-failed]") == 2
    assert "550 5.1.1" in done.output
    assert "b@example.org" not in done.output and "Beatrix" not in done.output
    assert states(tmp_path) == {1: "sent", 2: "failed", 3: "failed", 4: "sent"}
    with Ledger.read(tmp_path / "list.ledger.db") as ledger:
        assert queries.copy(ledger, 2).answer.startswith("550 5.1.1 <b@example.org>")
    office.refuse = office.after = {}
    assert send().exit_code == 1  # still failed, still said
    assert sorted(office.boxes) == ["a@example.org", "d@example.org"]
    # A corrected address is another try; so is --resend.
    listed(tmp_path, "A,a@example.org", "Beatrix,bea@example.org", "C,c@example.org", "D,d@example.org")
    send()
    assert len(office.boxes["bea@example.org"]) == 1
    assert send("--resend", "3").exit_code == 0
    assert {box: len(found) for box, found in office.boxes.items()} == dict.fromkeys(
        ["a@example.org", "bea@example.org", "c@example.org", "d@example.org"], 1
    )


def test_the_servers_size_is_respected(send: Run, serve: Serve, tmp_path: Path) -> None:
    """What EHLO says is too large is never sent."""
    office = serve(limit=1500)
    listed(tmp_path, "A,a@example.org")
    done = send()
    assert "too large: " in done.output, done.output
    assert states(tmp_path) == {1: "failed"}
    assert not office.boxes


def test_a_line_cut_in_the_message_is_safe_to_repeat(send: Run, serve: Serve, report_pdf: Path, tmp_path: Path) -> None:
    """Before the last line nothing is delivered: it is sent again, once."""
    report_pdf.write_bytes(made_pdf(ballast=8_000_000))  # more than the buffers between the two
    office = serve()
    office.drop_in_data = {"b@example.org": 1}
    listed(tmp_path, "A,a@example.org", "B,b@example.org", "C,c@example.org")
    done = send()
    assert done.exit_code == 0, done.output
    assert {box: len(found) for box, found in office.boxes.items()} == dict.fromkeys(
        ["a@example.org", "b@example.org", "c@example.org"], 1
    )
    with Ledger.read(tmp_path / "list.ledger.db") as ledger:
        assert State.UNCERTAIN not in [event.state for event in queries.history(ledger)]


def test_a_line_cut_after_the_message_is_uncertain(send: Run, serve: Serve, tmp_path: Path) -> None:
    """The user decides; a second try has the same Message-ID."""
    office = serve()
    office.drop_after = {"b@example.org": 1, "c@example.org": 1}
    listed(tmp_path, "A,a@example.org", "B,b@example.org", "C,c@example.org", "D,d@example.org")
    done = send()
    assert done.exit_code == 1
    assert done.output.count("error[delivery-uncertain]") == 2
    assert "--mark-sent 2" in done.output and "--resend 2" in done.output
    again = send()
    assert again.exit_code == 1
    assert again.output.count("error[delivery-uncertain]") == 2
    assert [len(found) for found in office.boxes.values()] == [1, 1, 1, 1]
    assert send("--mark-sent", "2").exit_code == 1
    assert send("--resend", "3").exit_code == 0
    twice = office.boxes["c@example.org"]
    assert len(twice) == 2 and twice[0]["Message-ID"] == twice[1]["Message-ID"]
    assert len({box[0]["Message-ID"] for box in office.boxes.values()}) == 4
    assert set(states(tmp_path).values()) == {"sent"}


def test_slow_answers_are_waited_for_and_then_uncertain(send: Run, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer within the patience counts; one that never comes leaves the copy uncertain."""
    office = serve()
    office.slow = 0.3
    listed(tmp_path, "A,a@example.org")
    assert send().exit_code == 0
    office.slow = 2
    monkeypatch.setenv("GUIDE_SMTP_PATIENCE", "0.3")
    listed(tmp_path, "A,a@example.org", "B,b@example.org")
    done = send()
    assert "error[delivery-uncertain]" in done.output
    assert states(tmp_path) == {1: "sent", 2: "uncertain"}


def test_a_server_that_is_away_is_not_waited_for_by_each(send: Run, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection: one diagnostic, nothing sent, everybody still open."""
    serve()
    monkeypatch.setenv("GUIDE_SMTP_PORT", "1")
    listed(tmp_path, *(f"P{n},p{n}@example.org" for n in range(30)))
    done = send()
    assert done.exit_code == 1
    assert done.output.count("error[smtp-unreachable]") == 1
    assert set(states(tmp_path).values()) <= {"planned", "made"}


def test_the_rate_is_kept(send: Run, serve: Serve, tmp_path: Path) -> None:
    """600 a minute are a tenth of a second apart."""
    office = serve()
    listed(tmp_path, *(f"P{n},p{n}@example.org" for n in range(6)))
    assert send("--rate", "600").exit_code == 0
    gaps = [b - a for a, b in zip(office.times, office.times[1:], strict=False)]
    assert sum(gaps) > 0.45, "a gap can be short after a late letter, never all of them"


def test_the_password_comes_from_the_keyring(send: Run, serve: Serve, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the environment has none; a locked keyring, and none at all, are explained."""
    keyring = types.ModuleType("keyring")
    keyring.get_password = lambda service, user: {("guide-smtp", LOGIN): PASSWORD}.get((service, user))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    office = serve(certificate, login=True)
    monkeypatch.delenv("GUIDE_SMTP_PASSWORD")
    listed(tmp_path, "Jane,jane@example.org")
    assert send().exit_code == 0
    assert len(office.boxes["jane@example.org"]) == 1

    def locked(*_: str) -> str:
        raise RuntimeError("the keyring is locked, and would say " + PASSWORD)

    listed(tmp_path, "Jane,jane@example.org", "Bert,b@example.org")
    for module in (locked, None):
        keyring.get_password = module  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "keyring", keyring if module else None)
        done = send()
        assert done.exit_code == 1 and "error[smtp-not-configured]" in done.output
        assert PASSWORD not in done.output


@pytest.mark.parametrize("answer", ["451 4.3.0 try again", "421 4.3.2 closing down"])
def test_a_message_refused_for_now_at_its_end_is_open_and_not_uncertain(answer: str, send: Run, serve: Serve, tmp_path: Path) -> None:
    """The server said that it has not taken it; the next run sends it, once."""
    office = serve()
    office.after = {"b@example.org": answer}
    listed(tmp_path, "A,a@example.org", "B,b@example.org", "C,c@example.org")
    done = send()
    assert done.exit_code == 1 and done.output.count("error[delivery-later]") == 1
    assert states(tmp_path) == {1: "sent", 2: "made", 3: "sent"}
    office.after = {}
    assert send().exit_code == 0
    assert {box: len(found) for box, found in office.boxes.items()} == dict.fromkeys(
        ["a@example.org", "b@example.org", "c@example.org"], 1
    )


def test_letters_are_templates(send: Run, serve: Serve, tmp_path: Path) -> None:
    """Subject and body are Jinja2; a name with markup stays text in HTML, and as it is in text."""
    office = serve()
    listed(tmp_path, "<b>Bo & Co</b>,bo@example.org")
    (tmp_path / "b.txt").write_text("Dear {{ name }}, no. {{ numbers }} of {{ total }}\n.\n.dots\n", "utf-8")
    (tmp_path / "b.html").write_text("<p>{{ name }}</p>", "utf-8")
    done = send("--subject", "{{ document.title }} für {{ name }}", "--body", "b.txt", "--html", "b.html")
    assert done.exit_code == 0, done.output
    message = office.boxes["bo@example.org"][0]
    assert message["Subject"] == "A Report für <b>Bo & Co</b>"
    text = message.get_body(("plain",)).get_content()
    assert "Dear <b>Bo & Co</b>, no. 1 of 1" in text and "\n.\n.dots" in text.replace("\r\n", "\n")
    html = message.get_body(("html",)).get_content()
    assert "&lt;b&gt;Bo &amp; Co&lt;/b&gt;" in html


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--subject", "{{ nothing }}"), "template-error"),
        (("--subject", "a\nBcc: all@example.org"), "bad-subject"),
        (("--subject", "{{ ''.__class__.__mro__ }}"), "template-error"),
        (("--subject", "{% for %}"), "template-error"),
        (("--from", "nobody"), "bad-mail-settings"),
        (("--from", "a@example.org\nBcc: all@example.org"), "bad-mail-settings"),
    ],
)
def test_a_wrong_letter_is_found_before_anything_is_sent(words: tuple[str, ...], code: str, send: Run, serve: Serve, tmp_path: Path) -> None:
    """Nothing is sent, and nothing is written."""
    office = serve()
    listed(tmp_path, "A,a@example.org")
    done = send(*words)
    assert done.exit_code == 1
    assert f"error[{code}]" in done.output, done.output
    assert not office.boxes
    assert not (tmp_path / "list.ledger.db").exists()


def test_a_letter_that_goes_wrong_for_one_person_is_found_before_any_is_sent(send: Run, serve: Serve, tmp_path: Path) -> None:
    """With the line of that person."""
    office = serve()
    listed(tmp_path, "A,a@example.org,X", "B,b@example.org,X", "C,c@example.org,", header="name,email,organisation")
    done = send("--subject", "{% if organisation %}Hello{% else %}{{ nothing }}{% endif %}")
    assert done.exit_code == 1
    assert "error[template-error]" in done.output and "line 4" in done.output
    assert not office.boxes


def test_an_answer_names_nobody_whatever_part_it_repeats(send: Run, serve: Serve, tmp_path: Path) -> None:
    """Servers repeat the local part, or the domain in ASCII."""
    office = serve()
    office.refuse = {
        "zebedee@example.org": "550 5.1.1 unknown user: 'zebedee' (Zebedee@example.org)",
        "quux@xn--mller-kva.example.org": "550 quux@xn--mller-kva.example.org is not here",
    }
    listed(tmp_path, "A,zebedee@example.org", "B,quux@müller.example.org")
    done = send()
    assert done.output.count("error[delivery-failed]") == 2
    assert "unknown user" in done.output and "is not here" in done.output
    for part in ("zebedee", "quux", "kva"):
        assert part not in done.output.lower()


def test_no_header_comes_out_of_a_name(send: Run, serve: Serve, tmp_path: Path) -> None:
    """A line break in a name or an address stops the list; long and odd names are one header."""
    office = serve()
    listed(tmp_path, '"Eve\nBcc: all@example.org",eve@example.org', '"Ann","ann@example.org\r\nBcc: x@y.org"')
    done = send()
    assert done.exit_code == 1
    assert done.output.count("error[control-character]") == 2
    long = "Ÿ" * 300
    listed(tmp_path, f"{long},a@example.org", '"O\'Neil, ""Bo"" <x@y.org>",b@example.org', "a@b.org:;,c@example.org")
    assert send().exit_code == 0
    assert office.boxes["a@example.org"][0]["To"].addresses[0].display_name.replace(" ", "") == long
    for box in office.boxes.values():
        assert len(box[0]["To"].addresses) == 1
        assert box[0]["Bcc"] is None


def test_international_addresses(send: Run, serve: Serve, tmp_path: Path) -> None:
    """A domain goes in its ASCII form, a local part by SMTPUTF8."""
    office = serve()
    listed(tmp_path, "A,a@müller.example.org", "B,žofie@example.org")
    done = send()
    assert done.exit_code == 0, done.output
    assert sorted(office.boxes) == ["a@xn--mller-kva.example.org", "žofie@example.org"]


def test_several_copies_are_one_message(send: Run, serve: Serve, tmp_path: Path) -> None:
    """`copies: 3` gives three numbered attachments to one message."""
    office = serve()
    listed(tmp_path, "A,a@example.org,3", "B,b@example.org,", header="name,email,copies")
    assert send().exit_code == 0
    (message,) = office.boxes["a@example.org"]
    names = [p.get_filename() for p in message.walk() if p.get_content_type() == "application/pdf"]
    assert names == [f"report-copy-{n:03d}.pdf" for n in (1, 2, 3)]
    assert "copy 1, 2, 3" in message["Subject"]


def test_settings_come_from_a_file_but_no_password(send: Run, serve: Serve, run: Run, report_pdf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """mail.toml is read; a password in it is refused, an unknown key explained."""
    office = serve()
    for name in ("HOST", "PORT", "SENDER", "SECURITY"):
        monkeypatch.delenv(f"GUIDE_SMTP_{name}")
    config = tmp_path / "config" / "mail.toml"
    config.parent.mkdir()
    good = f'host = "localhost"\nport = {office.port}\nsecurity = "none"\nsender = "t@example.org"\n'
    listed(tmp_path, "A,a@example.org")
    for text, part in ((good + 'password = "x"', "password"), (good + 'hots = "x"', "did you mean `host`")):
        config.write_text(text, "utf-8")
        done = send()
        assert done.exit_code == 1 and "error[bad-mail-settings]" in done.output and part in done.output
    config.write_text(good, "utf-8")
    assert send().exit_code == 0
    assert len(office.boxes["a@example.org"]) == 1


def test_names_and_addresses_are_in_no_record_but_the_ledger(send: Run, serve: Serve, tmp_path: Path) -> None:
    """Output of a run, manifest and sums name nobody."""
    office = serve()
    office.refuse = {"secretary@example.org": "550 Zelda <secretary@example.org> is unknown"}
    listed(tmp_path, "Zelda,secretary@example.org,", "Yolanda,yolanda@example.org,", "Xaver,,folder", header="name,email,channel")
    done = send("--json")
    found = [path for path in (tmp_path / "build").rglob("*") if path.is_file()]
    assert {path.name for path in found} >= {"manifest.json", "SHA256SUMS", "report-copy-003.pdf"}
    said = done.output + "".join(str(p) for p in found)
    said += "".join(p.read_text("utf-8") for p in found if p.suffix != ".pdf")
    for part in ("Zelda", "secretary", "Yolanda", "yolanda", "Xaver"):
        assert part not in said
    data = json.loads(done.stdout)
    assert [copy["state"] for copy in data["copies"]] == ["failed", "sent", "sent"]


def test_a_ledger_that_fails_before_the_last_line_stops_the_message(send: Run, serve: Serve, tmp_path: Path) -> None:
    """When it cannot be written that a message leaves, it does not leave."""
    office = serve()
    listed(tmp_path, "A,a@example.org", "B,b@example.org")
    assert send("--limit", "1").exit_code == 0
    with sqlite3.connect(tmp_path / "list.ledger.db") as db:
        db.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON copies WHEN NEW.state = 'sending'"
            " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    db.close()
    done = send()
    assert done.exit_code == 1
    assert "Traceback" not in done.output and "internal error" not in done.output
    assert sorted(office.boxes) == ["a@example.org"]


def test_a_letter_tells_what_changed_since_the_copy_that_somebody_holds(run: Run, serve: Serve, tmp_path: Path) -> None:
    """Jane has version 1.0 and reads what is new in 1.1; somebody new reads nothing of it."""
    office = serve()
    pack = tmp_path / "water"
    pack.mkdir()
    about = "format: 1\ntitle: Water\nversion: '%s'\ndate: 2026-01-10\ndocuments: {briefing: {contents: false, index: false}}\n"
    (pack / "pack.yaml").write_text(about % "1.0")
    (pack / "glossary.yaml").write_text("- {term: Dew, definition: Water on gras.}\n- {term: Fog, definition: A cloud.}\n")
    command = ("distribute", pack, "--to", tmp_path / "list.csv", "--channel", "smtp", "--send", "--jobs", "1")
    listed(tmp_path, "Jane Smith,jane@example.org")
    assert run("release", pack).exit_code == 0
    done = run(*command)
    assert done.exit_code == 0, done.output
    (pack / "pack.yaml").write_text(about % "1.1")
    (pack / "glossary.yaml").write_text("- {term: Dew, definition: Water on grass.}\n- {term: Ice, definition: Water that is solid.}\n")
    assert run("release", pack).exit_code == 0
    listed(tmp_path, "Jane Smith,jane@example.org", "New Reader,new@example.org")
    done = run(*command)
    assert done.exit_code == 0, done.output
    first, second = (message.get_body(("plain",)).get_content() for message in office.boxes["jane@example.org"])
    assert "Since version" not in first
    for words in ("Since version 1.0, which you have:", "changed: Dew – Water on grass.", "new: Ice – Water that is solid.", "removed: Fog – A cloud."):
        assert words in second
    assert "Since version" not in office.boxes["new@example.org"][0].get_body(("plain",)).get_content()
