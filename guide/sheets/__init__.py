"""Faces to sheets: what goes where, the marks, and the drawing."""
