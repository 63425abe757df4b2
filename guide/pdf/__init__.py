"""An Html to a Pdf: layout, fit, faults, tags."""

from guide.engine import libraries

libraries.install()  # before any module here imports WeasyPrint
