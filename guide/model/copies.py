"""Who gets a copy, and what a numbered copy says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

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
    """What one copy says about itself: `number` of `total`, and for whom it was made.

    `copy_id` is the invisible id, 32 hexadecimal digits, in the metadata and on every page.
    """

    number: int
    total: int
    name: str
    organisation: str
    copy_id: str
