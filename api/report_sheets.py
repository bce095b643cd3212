"""Reports for meetings on paper."""

from api.bill_sheets import PAPER, style, templates
from geo.exchange.stamps import Stamp
from geo.services.reporting import Report


def report_pdf(report: Report, stamp: Stamp, *, is_whole: bool = True) -> bytes:
    """Return a report as PDF, A4 landscape, with the stamp at its end."""
    from maps.paper import pdf_of  # loads WeasyPrint, which takes most of a second

    page = templates().get_template("report_sheet.html")
    return pdf_of(page.render(report=report, is_whole=is_whole, stamp=stamp.line, style=style()), PAPER)
