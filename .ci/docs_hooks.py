"""What mkdocs calls for each page: nothing of a page is loaded from another host."""

from __future__ import annotations

from typing import Any

from mkdocs.utils import get_relative_url

SHIM = "https://unpkg.com/iframe-worker/shim"  # the search's, where pages are files


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Take the script that the search needs from the site itself."""
    return output.replace(SHIM, get_relative_url("javascripts/iframe-worker.js", page.url))


def on_post_template(output: str, template_name: str, **_: Any) -> str:
    """Do the same for the page of addresses that do not exist."""
    return output.replace(SHIM, "javascripts/iframe-worker.js")
