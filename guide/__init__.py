"""Write a subject down once and print everything a room needs: packs, cards, handouts."""

__version__ = "0.1.0"
