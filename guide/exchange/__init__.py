"""Packs from and to other programs' formats."""
