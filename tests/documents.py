"""Small packs as documents, and the comparison with stored HTML."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from guide.content.load import load_pack
from guide.diagnostics.diagnostic import Diagnostic
from guide.html.document import Document
from guide.html.parts import bibliography, sections
from guide.html.views import SectionView
from guide.model.pack import Pack

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import ziamath  # noqa: F401  its import warns, which the project's pytest settings take for an error

PARTS = ("sections", "timeline", "actors", "facts", "glossary", "questions")


@dataclass
class Made:
    """A pack, its document, its rendered sections, and everything that is wrong with them."""

    pack: Pack
    document: Document
    sections: list[SectionView]
    problems: list[Diagnostic]

    @property
    def html(self) -> str:
        """The bodies of all sections, with their citations."""
        return self.filled(*(section.html for section in self.sections))

    def filled(self, *texts: object) -> str:
        """Return texts with their citations, as if all that these cite were listed after them."""
        markup, citations = "".join(map(str, texts)), self.document.citations
        citations.settle(markup)
        listed = "".join(f'<li id="{source.id}">' for source in bibliography(self.document))
        return citations.fill(markup + listed).removesuffix(listed)


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Pack]:
    """Return a function that writes files and loads them: `sections__a_md` is sections/a.md."""

    def loaded(manifest: str = "", **files: str) -> Pack:
        (tmp_path / "pack.yaml").write_text(f"format: 1\ntitle: T\n{manifest}")
        for name, text in files.items():
            path = tmp_path / ".".join(name.replace("__", "/").rsplit("_", 1))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        pack, _ = load_pack(tmp_path)
        assert pack is not None
        return pack

    return loaded


@pytest.fixture
def make(load: Callable[..., Pack]) -> Callable[..., Made]:
    """Return a function that renders bodies of sections (from line 4 on) in a pack of `files`."""

    def made(*bodies: str, manifest: str = "", front: str = "", style: str = "ieee", **files: str) -> Made:
        texts = {
            f"sections__{number}_md": f"---\ntitle: Section {number}\n{front}---\n{body}"
            for number, body in enumerate(bodies, 1)
        }
        pack = load(manifest, **texts, **files)
        document = Document.of(pack, PARTS, style, lambda _: "#1a1f24")
        return Made(pack, document, sections(document), document.problems)

    return made
