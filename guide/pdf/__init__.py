"""An Html to a Pdf: layout, fit, faults, tags."""

from guide import engine

engine.install("ctypes")  # before any module here imports WeasyPrint
