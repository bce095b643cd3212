"""The links by which a list is walked: in the body and in the ``Link`` header alike."""

from fastapi import Request, Response


def page_links(request: Request, media_type: str, following: str | int | None) -> list[dict[str, str]]:
    """Return ``self`` and, where more follows after the item ``following``, ``next``."""
    links = [{"rel": "self", "href": str(request.url), "type": media_type}]
    if following is not None:
        href = str(request.url.include_query_params(after=following))
        links.append({"rel": "next", "href": href, "type": media_type})
    return links


def announce(response: Response, links: list[dict[str, str]]) -> None:
    """Put the link to the next page into the header too."""
    for link in links:
        if link["rel"] == "next":
            response.headers["Link"] = f'<{link["href"]}>; rel="next"; type="{link["type"]}"'
