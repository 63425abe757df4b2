"""Who gets a copy, and what a numbered copy says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from guide.model.base import Frozen, Text


class Recipient(Frozen):
    """A row of a recipients file; only `name` is required."""

    name: Text
    email: str = ""
    organisation: str = ""
    copies: Annotated[int, Field(ge=1, le=1000)] = 1
    channel: str = ""
    edition: str = ""
    language: str = ""
    password: SecretStr = SecretStr("")
    ref: str = ""


@dataclass(frozen=True)
class CopyLabel:
    """What one copy says about itself: `number` of `total` (0: not said), and for whom it was made.

    `copy_id` is the invisible id, 32 hexadecimal digits, in the metadata and on every page. `own`
    tells that the copy is one person's, whose name goes on a line for it; of a row with several
    copies, which may be for a group, the line stays free.
    """

    number: int
    total: int
    name: str
    organisation: str
    copy_id: str
    own: bool = True


Side = Annotated[float, Field(gt=5, le=500)]


class StampPlace(Frozen):
    """The `[stamp]` table of a kind: where its copies carry their label. All lengths in mm.

    The line is `inset` from the `edge` of every page as it is seen, `side` from the ends of that
    edge, and is `height` tall; at the left or right its foot is towards the edge. `joined` sets the
    document control line behind the label, not under it. `anchor` is the id of a box on a page that
    is `box` wide and high, in which number and name are set as well: the number `number` below its
    upper edge, the name `name`.
    """

    edge: Literal["bottom", "top", "left", "right"] = "bottom"
    align: Literal["left", "center", "right"] = "center"
    inset: Annotated[float, Field(ge=0, le=100)] = 5
    side: Annotated[float, Field(ge=0, le=100)] = 10
    height: Annotated[float, Field(ge=3, le=50)] = 7
    size: Annotated[float, Field(ge=4, le=24)] = 7.5
    joined: bool = False
    anchor: str = ""
    box: tuple[Side, Side] = (58, 28)
    number: Annotated[float, Field(ge=0, le=500)] = 5
    name: Annotated[float, Field(ge=0, le=500)] = 17.8


ENCRYPTED, SIGNED = "encrypted", "signed"


@dataclass(frozen=True)
class StampStyle:
    """How copies are stamped; made by `guide.html.stamps.stamp_style`.

    `words` is the label with `%(number)s` and `%(total)s` in the document's language, `alone` that
    without a total; `control` the document control line, `watermark` the text across every page,
    both '' for none; `opacity` is of the watermark. `version` is what the copy says of itself in its
    metadata, and `seal` how it was closed when it was given out: words of `ENCRYPTED` and `SIGNED`.
    """

    place: StampPlace = StampPlace()
    words: str = "Copy %(number)s of %(total)s"
    alone: str = "Copy %(number)s"
    lang: str = "en"
    direction: str = "ltr"
    version: str = ""
    control: str = ""
    watermark: str = ""
    opacity: float = 0.12
    seal: str = ""


class Signature(Frozen):
    """A key to sign copies with, as its bytes: PKCS#12, or PEM with the certificates.

    `visible` puts a box on the first page, `detached` leaves the PDF as it is and gives the
    signature as a separate file. The box says `caption`, in the language `lang`, and the name.
    """

    key: bytes = Field(repr=False)
    passphrase: SecretStr = SecretStr("")
    visible: bool = False
    detached: bool = False
    caption: str = "Digitally signed by"
    lang: str = "en"


class Seal(Frozen):
    """What closes a copy: a password to open it ('' for none), and a signature."""

    password: SecretStr = SecretStr("")
    signature: Signature | None = None
