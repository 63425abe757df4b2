"""PDF files that guide did not make: read in a confined process, measured, their fields drawn."""
