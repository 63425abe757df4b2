"""What a document may load: its own assets and the bundled fonts, by value; nothing else."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote
from urllib.request import DataHandler, Request

from weasyprint.urls import URLFetcher, URLFetcherResponse

from guide.resources import font_file

# RFC 2606: `.invalid` never resolves; urljoin needs a scheme that it knows, hence http.
BASE = "http://pack.invalid/"
MAX_DATA = 2_000_000  # characters of a data: URI
_INLINE = ("image/png", "image/jpeg", "image/svg+xml", "font/", "application/font-")
_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".jpeg": "image/jpeg", ".ttf": "font/ttf"}


class RefusedURL(ValueError):
    """The document names something outside itself."""


class Fetcher(URLFetcher):  # type: ignore[misc]
    """Serves `BASE asset/...` from a mapping and `BASE fonts/FAMILY/FILE` from the font packages.

    A picture or font that a stylesheet or template holds itself, as a data: URI, is part of it.

    A response never carries a `file:` URL, because WeasyPrint would read that path again by itself.
    """

    def __init__(self, assets: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=set(), allow_redirects=False, timeout=1)
        self.assets = assets

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Return the response for `url`; raises RefusedURL for anything but assets and fonts."""
        if url[:5].lower() == "data:":
            return self._inline(url)
        try:
            path, data = self._find(url)
        except (RefusedURL, FileNotFoundError):
            raise RefusedURL(f"{url[:80]} is not part of the document") from None
        suffix = "." + path.rpartition(".")[2].lower()
        kind = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        return URLFetcherResponse(url, data, {"Content-Type": kind})

    def _inline(self, url: str) -> URLFetcherResponse:
        try:
            found = DataHandler().data_open(Request(url if len(url) <= MAX_DATA else ""))  # noqa: S310
        except ValueError:
            found = None
        kind = found.headers.get_content_type() if found else ""
        if found is None or not kind.startswith(_INLINE):
            raise RefusedURL(f"{url[:40]}… is not part of the document")
        return URLFetcherResponse("data:", found.read(), {"Content-Type": kind})

    def _find(self, url: str) -> tuple[str, bytes]:
        if not url.startswith(BASE):
            raise RefusedURL(url)
        path = unquote(url.removeprefix(BASE).partition("#")[0].partition("?")[0])
        if path in self.assets:
            return path, self.assets[path]
        match = re.fullmatch(r"fonts/([^/]+)/([^/]+\.ttf)", path)
        if not match:
            raise RefusedURL(url)
        return path, font_file(match[1], match[2]).read_bytes()
