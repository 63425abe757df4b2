"""The preview as a writer sees it: in a real browser, while files are saved."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from previews import PACK, Preview, chromium, write
from playwright.sync_api import Browser, Page, expect, sync_playwright

SOON = 60_000  # ms; far more than it takes, for a machine that has other things to do
expect.set_options(timeout=SOON)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, preview: Preview, asked: list[str]) -> Iterator[Page]:
    """A new browser at the preview; the pack is as it was at first, before and after."""
    write(preview.folder)
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    found = context.new_page()
    wrong: list[str] = []
    found.on("pageerror", lambda error: wrong.append(str(error)))
    found.on("request", lambda request: asked.append(request.url))
    found.goto(preview.address)
    expect(found.locator(".page img").first).to_be_visible()
    expect(found.locator("#status-text")).to_contain_text("Up to date")
    yield found
    assert not wrong
    context.close()
    write(preview.folder)


def choose(page: Page, name: str) -> None:
    page.locator("#document").select_option(name)
    expect(page.locator(".page img").first).to_be_visible()


def change(folder: Path, name: str, old: str, new: str) -> None:
    assert old in PACK[name]
    (folder / name).write_text(PACK[name].replace(old, new), encoding="utf-8")


def words(page: Page) -> Any:
    return page.locator("#pages")


def test_a_saved_edit_is_shown_and_page_and_zoom_are_kept(page: Page, preview: Preview) -> None:
    page.locator("#zoom").select_option("125%")
    page.get_by_role("button", name=re.compile("Go to page 5")).click()
    expect(page.locator("#page")).to_have_value("5")
    width = page.locator(".page").nth(4).bounding_box()["width"]
    top = page.locator("#pages").evaluate("e => e.scrollTop")
    change(preview.folder, "sections/20-rivers.md", "slowly", "unhurriedly")
    expect(words(page)).to_contain_text("unhurriedly")
    expect(page.locator(".page.changed")).to_have_count(1)
    assert page.locator("#pages").evaluate("e => e.scrollTop") == top
    assert page.locator(".page").nth(4).bounding_box()["width"] == width
    expect(page.locator("#zoom")).to_have_value("125%")


def test_it_goes_to_a_change_only_if_the_reader_wants(page: Page, preview: Preview) -> None:
    choose(page, "flashcards-screen.pdf")
    page.locator("#zoom").select_option("200%")
    page.get_by_text("Go to changes").click()
    change(preview.folder, "cards.yaml", "Drops on grass", "Beads on grass")
    expect(words(page)).to_contain_text("Beads on grass")
    changed = page.locator(".page.changed")
    expect(changed).to_have_count(1)
    expect(changed).to_be_in_viewport()
    page.get_by_text("Go to changes").click()
    change(preview.folder, "cards.yaml", "From clouds", "Out of clouds")
    expect(page.locator(".page.changed").first).to_have_attribute("aria-label", re.compile("Page 2 of"))
    expect(page.locator(".page").nth(1)).not_to_be_in_viewport()


def test_the_front_and_the_back_of_a_card_are_beside_each_other(page: Page) -> None:
    choose(page, "flashcards-screen.pdf")
    front, back, third = (page.locator(".page").nth(n).bounding_box() for n in range(3))
    assert front["y"] == back["y"] < third["y"]
    assert front["x"] + front["width"] <= back["x"]
    page.get_by_text("Front and back together").click()
    front, back = (page.locator(".page").nth(n).bounding_box() for n in range(2))
    assert front["y"] < back["y"]
    page.get_by_text("Front and back together").click()


def test_an_error_is_listed_while_the_old_pages_stay_and_goes(page: Page, preview: Preview, opened: Path) -> None:
    change(preview.folder, "cards.yaml", "- {id: two,", "- {id: one,")
    problems = page.locator("#problems")
    expect(problems).to_be_visible()
    expect(problems).to_contain_text("cards.yaml:2")
    expect(page.locator("#stale")).to_be_visible()
    expect(page.locator(".page img").first).to_be_visible()
    opened.unlink(missing_ok=True)
    problems.get_by_role("button", name=re.compile("cards.yaml:2")).first.click()
    expect(page.locator("#toast")).to_contain_text("cards.yaml:2")
    assert waited(opened) == f"{preview.folder}/cards.yaml:2"
    write(preview.folder)
    expect(problems).to_be_hidden()
    expect(page.locator("#status-text")).to_contain_text("Up to date")


def test_a_click_on_a_text_opens_where_it_was_written(page: Page, preview: Preview, opened: Path) -> None:
    choose(page, "flashcards-screen.pdf")
    opened.unlink(missing_ok=True)
    page.locator(".words span", has_text="Where do rivers go?").click()
    assert waited(opened) == f"{preview.folder}/cards.yaml:2"
    choose(page, "briefing.pdf")
    opened.unlink()
    page.locator(".page").nth(4).scroll_into_view_if_needed()
    page.locator(".words span", has_text="Rivers carry the water").click()
    assert waited(opened) == f"{preview.folder}/sections/20-rivers.md:7"


def waited(path: Path) -> str:
    until = time.monotonic() + 30
    while not (path.is_file() and path.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    return path.read_text()


def test_a_save_by_rename_and_an_editors_temporary_files(page: Page, preview: Preview) -> None:
    target, fresh = preview.folder / "cards.yaml", preview.folder / ".cards.yaml.swp"
    fresh.write_text(PACK["cards.yaml"].replace("dew", "fog"))
    (preview.folder / "4913").write_text("")
    os.replace(fresh, target)
    (preview.folder / "4913").unlink()
    choose(page, "flashcards-screen.pdf")
    expect(words(page)).to_contain_text("What is fog?")


def test_a_pack_that_is_deleted_and_restored(page: Page, preview: Preview) -> None:
    aside = preview.folder.with_name("aside")
    shutil.copytree(preview.folder, aside)
    shutil.rmtree(preview.folder)
    expect(page.locator("#problems")).to_contain_text("there is no such folder")
    expect(page.locator(".page img").first).to_be_visible()
    (aside / "cards.yaml").write_text(PACK["cards.yaml"].replace("grass", "leaves"))
    os.rename(aside, preview.folder)
    choose(page, "flashcards-screen.pdf")
    expect(words(page)).to_contain_text("Drops on leaves")
    expect(page.locator("#problems")).to_be_hidden()


def test_twenty_saves_in_a_second_and_a_thousand_files_end_at_the_last(page: Page, preview: Preview) -> None:
    choose(page, "flashcards-screen.pdf")
    for number in range(20):
        change(preview.folder, "cards.yaml", "Drops on grass", f"Seen {number} times")
        time.sleep(0.05)
    for number in range(1000):
        (preview.folder / f"note-{number}.txt").write_text("x")
    expect(words(page)).to_contain_text("Seen 19 times")
    for number in range(1000):
        (preview.folder / f"note-{number}.txt").unlink()
    expect(page.locator("#status-text")).to_contain_text("Up to date")


def test_a_second_tab_and_choices(page: Page, preview: Preview) -> None:
    other = page.context.new_page()
    other.goto(preview.address)
    other.get_by_text("Options").click()
    other.locator("#edition").select_option("short")
    expect(other.locator("#status-text")).to_contain_text("Up to date")
    other.locator("#document").select_option("flashcards-screen.pdf")
    expect(other.locator("#page-count")).to_have_text("of 2")
    choose(page, "flashcards-screen.pdf")
    expect(page.locator("#page-count")).to_have_text("of 6")
    change(preview.folder, "cards.yaml", "From clouds", "Out of clouds")
    for each in (page, other):
        expect(words(each)).to_contain_text("Out of clouds")
    other.close()


def test_search_and_download(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("rivers carry")
    expect(page.locator("#hits")).to_have_text("1 on 1 page")
    expect(page.locator(".words .hit").first).to_be_in_viewport()
    with page.expect_download() as got:
        page.get_by_role("link", name="Download PDF").click()
    assert got.value.suggested_filename == "briefing.pdf"
    assert Path(got.value.path()).read_bytes().startswith(b"%PDF")


def test_it_is_used_by_keyboard_alone(page: Page, preview: Preview, opened: Path) -> None:
    page.keyboard.press("]")
    expect(page.locator("#document")).to_have_value(re.compile("flashcards"))
    page.keyboard.press("n")
    page.keyboard.press("j")
    expect(page.locator(".words .at")).to_have_count(1)
    opened.unlink(missing_ok=True)
    page.keyboard.press("Enter")
    assert waited(opened).startswith(f"{preview.folder}/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, preview: Preview, scheme: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=scheme)
    change(preview.folder, "cards.yaml", "- {id: two,", "- {id: one,")
    expect(page.locator("#problems")).to_contain_text("cards.yaml:2")
    for width in (1200, 500):
        page.set_viewport_size({"width": width, "height": 800})
        page.locator("#choices summary").click()
        found = Axe().run(page).response["violations"]
        assert [(f["id"], f["nodes"][0]["html"]) for f in found if f["impact"] in {"serious", "critical"}] == []
        page.keyboard.press("Escape")


def test_no_request_leaves_loopback(page: Page, preview: Preview, asked: list[str]) -> None:
    choose(page, "flashcards.pdf")
    page.get_by_text("Options").click()
    page.locator("#theme").select_option("ink-saver")
    expect(page.locator("#status-text")).to_contain_text("Up to date")
    assert len(asked) > 8
    assert {url for url in asked if not url.startswith(preview.address)} == set()
