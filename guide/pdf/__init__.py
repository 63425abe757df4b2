"""An Html to a Pdf: layout, fit, faults, tags."""
