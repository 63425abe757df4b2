"""WeasyPrint and pydyf as guide needs them: every patch, and the version that they fit."""
