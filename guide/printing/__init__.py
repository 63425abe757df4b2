"""Jobs for a printer: what a document needs, printer profiles, CUPS."""
