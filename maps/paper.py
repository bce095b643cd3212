"""HTML onto paper. Apart from :mod:`maps.sheets` because WeasyPrint takes most of a second to import."""

from collections.abc import Mapping
from typing import Any

from weasyprint import CSS, HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse


class _NothingOutside(URLFetcher):  # type: ignore[misc]
    """Refuses every address but those of pictures that the sheet was given: it is made of what it is given."""

    def __init__(self, pictures: Mapping[str, str]) -> None:
        super().__init__()
        self._pictures = pictures

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
        if url not in self._pictures:
            raise FatalURLFetchingError(f"a sheet fetches nothing, but was asked for {url[:80]}")
        return URLFetcherResponse(url, self._pictures[url], {"Content-Type": "image/svg+xml"})


def pdf_of(page: str, paper: str, pictures: Mapping[str, str] | None = None) -> bytes:
    """Return a page of HTML as PDF on ``paper`` (``A4``, ``A3``), landscape; nothing is fetched for it.

    Parameters
    ----------
    pictures
        SVG by the address under which the page shows it (``<img src="picture:1">``). Written into the page, each line
        of a picture would be parsed as HTML and asked for its style, which takes most of the time.
    """
    size = CSS(string=f"@page {{ size: {paper} landscape }}")
    pdf = HTML(string=page, url_fetcher=_NothingOutside(pictures or {})).write_pdf(stylesheets=[size])
    assert isinstance(pdf, bytes)
    return pdf
