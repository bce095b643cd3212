"""HTML onto paper. Apart from :mod:`maps.sheets` because WeasyPrint takes most of a second to import."""

from typing import Any

from weasyprint import CSS, HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher


class _NothingOutside(URLFetcher):  # type: ignore[misc]
    """Refuses every address: a sheet is made of what it is given."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
        raise FatalURLFetchingError(f"a sheet fetches nothing, but was asked for {url[:80]}")


def pdf_of(page: str, paper: str) -> bytes:
    """Return a page of HTML as PDF on ``paper`` (``A4``, ``A3``), landscape; nothing is fetched for it."""
    size = CSS(string=f"@page {{ size: {paper} landscape }}")
    pdf = HTML(string=page, url_fetcher=_NothingOutside()).write_pdf(stylesheets=[size])
    assert isinstance(pdf, bytes)
    return pdf
