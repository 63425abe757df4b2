"""The world in which hostile packs are built."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # behind tests/, whose conftest others import
from world import world  # noqa: E402, F401
