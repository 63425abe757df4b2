"""A real mail server in this process, a certificate of its own, small PDFs and lists."""

from office import certificate, report_pdf, run, serve  # noqa: F401
