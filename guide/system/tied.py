"""Imported by the process that workers are forked from: it goes when the one that started it goes."""

from __future__ import annotations

from guide.system.signals import quiet, tie_to_namer
from guide.system.tempfiles import adopt

tie_to_namer()
adopt()
quiet()
