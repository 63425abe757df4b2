"""The world in which hostile packs are built."""

from __future__ import annotations

from hostile.world import world  # noqa: F401
