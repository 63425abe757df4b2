"""Who may read and drive a preview, and what a stranger's pack can do in it."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from previews import PACK, Preview, ended, started, write

POLICY = "default-src 'none'; script-src 'self'"


def asked(preview: Preview, path: str, method: str = "GET", body: Any = None, **headers: str) -> Any:
    """Send one request, and return the answer with its body read."""
    link = HTTPConnection("127.0.0.1", preview.port, timeout=60)
    token = preview.address.split("/")[3]
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    link.request(method, path.replace("TOKEN", token), json.dumps(body) if body is not None else None, given)
    answer: Any = link.getresponse()
    answer.text = answer.read().decode("utf-8", "replace")
    link.close()
    return answer


def state(preview: Preview, fits: Any = lambda state: not state["building"], query: str = "") -> Any:
    """Return the first state that fits."""
    link, until = HTTPConnection("127.0.0.1", preview.port, timeout=120), time.monotonic() + 120
    link.request("GET", f"/{preview.address.split('/')[3]}/events{query}")
    answer = link.getresponse()
    try:
        for line in answer:
            if line.startswith(b"data: {") and fits(found := json.loads(line[6:])):
                return found
            assert time.monotonic() < until
    finally:
        link.close()
    raise AssertionError("the stream ended")


def test_only_its_own_page_is_answered(preview: Preview) -> None:
    port = preview.port
    own = f"http://127.0.0.1:{port}"
    assert asked(preview, "/TOKEN/").status == 200
    assert asked(preview, "/TOKEN/", Host=f"localhost:{port}").status == 200
    assert asked(preview, "/TOKEN/preview.js", Origin=own, Sec_Fetch_Site="same-origin").status == 200
    assert asked(preview, "/TOKEN/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 200
    refused = [
        asked(preview, "/"), asked(preview, "/preview.js"), asked(preview, "/wrong/"), asked(preview, "//TOKEN/"),
        asked(preview, "/TOKENx/events"), asked(preview, "/TOKEN/", Host=f"evil.example:{port}"),
        asked(preview, "/TOKEN/", Host="127.0.0.1"), asked(preview, "/TOKEN/", Origin="http://evil.example"),
        asked(preview, "/TOKEN/", Origin="null"), asked(preview, "/TOKEN/events", Sec_Fetch_Site="cross-site"),
        asked(preview, "/TOKEN/open", "POST", {"path": "pack.yaml", "line": 1}, Origin="https://evil.example"),
    ]  # fmt: skip
    assert {answer.status for answer in refused} == {403}
    for answer in (*refused, asked(preview, "/TOKEN/"), asked(preview, "/TOKEN/nothing")):
        assert answer.getheader("content-security-policy").startswith(POLICY)
        assert answer.getheader("x-frame-options") == "DENY" and answer.getheader("referrer-policy") == "no-referrer"


def test_it_listens_on_loopback_alone(preview: Preview) -> None:
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    listening = [line[1] for line in lines if line[3] == "0A" and line[1].endswith(f":{preview.port:04X}")]
    assert listening == [f"0100007F:{preview.port:04X}"]


def test_a_request_that_is_not_understood(preview: Preview) -> None:
    for body in (None, [], {"sha": 1}, {"path": "pack.yaml"}, {"path": "pack.yaml", "line": "x"}):
        assert asked(preview, "/TOKEN/open", "POST", body).status == 400
    assert asked(preview, "/TOKEN/open", "POST", "x" * 20_000).status == 413
    assert asked(preview, "/TOKEN/open").status == 405
    for path in ("page/0000/0", "page/0000/x", "words/0000/0", "find/0000?text=a", "pdf/0000/a.pdf", "../pack.yaml"):
        assert asked(preview, f"/TOKEN/{path}").status == 404
    sha = state(preview)["documents"][0]["sha"]
    assert asked(preview, f"/TOKEN/page/{sha}/999999").status == 404
    assert asked(preview, f"/TOKEN/page/{sha}/0?width=99999999").status == 200


def test_nothing_outside_the_pack_is_opened(preview: Preview, opened: Path) -> None:
    (preview.folder / "away").symlink_to("/etc")
    opened.unlink(missing_ok=True)
    for path in ("../other.md", "/etc/passwd", "away/passwd", "sections", "none.md", "a\0b"):
        answer = asked(preview, "/TOKEN/open", "POST", {"path": path, "line": 1})
        assert "opened" not in json.loads(answer.text)
    time.sleep(0.3)
    assert not opened.exists()
    (preview.folder / "away").unlink()


def test_browsers_that_never_read_hold_nobody(preview: Preview) -> None:
    token = preview.address.split("/")[3]
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            link = stack.enter_context(socket.create_connection(("127.0.0.1", preview.port)))
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            link.sendall(f"GET /{token}/events HTTP/1.1\r\nHost: 127.0.0.1:{preview.port}\r\n\r\n".encode())
        before = {each["sha"] for each in state(preview)["documents"]}
        (preview.folder / "cards.yaml").write_text(PACK["cards.yaml"].replace("dew", "mist"))
        after = state(preview, lambda s: not s["building"] and before - {d["sha"] for d in s["documents"]})
        assert not [p for p in after["problems"] if p["severity"] == "error"]
    write(preview.folder)


def test_a_port_that_is_taken_is_passed_over(preview: Preview) -> None:
    other = started(preview.folder, "--port", str(preview.port))
    assert preview.port < other.port < preview.port + 50
    assert f"port {preview.port} is taken" in other.said
    assert ended(other) == 130


def test_the_browser_is_opened_at_the_address_and_the_next_start_knows_all(tmp_path: Path) -> None:
    folder, said = write(tmp_path / "water"), tmp_path / "said"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {said}\nsleep 5\n')  # it stays, as some browsers do
    browser.chmod(0o755)
    running = started(folder, "--port", "0", "--open", BROWSER=f"{browser} %s")
    assert asked(running, "/TOKEN/").status == 200
    until = time.monotonic() + 30
    while not said.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert said.read_text().split() == [running.address]
    state(running)
    assert ended(running) == 130
    running = started(folder, "--port", "0")  # all of it is in the cache now
    found = state(running)
    assert {d["name"]: d["pairs"] for d in found["documents"]}["flashcards-screen.pdf"]
    assert found["editions"] == ["short"] and ["briefing", "Briefing pack"] in found["kinds"]
    assert ended(running) == 130


def test_a_hostile_pack_is_confined_and_the_preview_goes_on(tmp_path: Path) -> None:
    files = {
        **PACK,
        "pack.yaml": PACK["pack.yaml"].replace("flashcards: {}", "evil: {}"),
        "templates/evil/kind.toml": 'name = "evil"\ntitle = "Evil"\noutput = "evil.pdf"\nneeds = ["sections"]\n',
        "templates/evil/page.html": "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "templates/evil/page.css": "",
    }
    running = started(write(tmp_path / "evil", files), "--port", "0", GUIDE_LIMITS="seconds=2")
    found = state(running)
    assert {p["code"] for p in found["problems"] if p["severity"] == "error"} & {"render-limit", "bad-template"}
    script = "<script>alert(1)</script>"
    write(running.folder, {"templates/evil/page.html": f"{{% extends 'page.html' %}}{{% block body %}}{script} text{{% endblock %}}"})
    write(running.folder, {"sections/10-rain.md": PACK["sections/10-rain.md"] + f"\n{script}\n"})
    found = state(running, lambda s: not s["building"] and s["documents"])
    assert any(each["name"] == "briefing.pdf" for each in found["documents"])
    assert script not in asked(running, "/TOKEN/").text
    assert ended(running) == 130


@pytest.mark.parametrize(("what", "code"), [("nowhere", "pack-not-found"), ("empty", "no-pack")])
def test_a_pack_that_is_not_there(tmp_path: Path, what: str, code: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(AssertionError, match=rf"error\[{code}\]"):
        started(tmp_path / what)
