"""The links by which a list is walked: in the body and in the ``Link`` header alike."""

from fastapi import Request, Response


def page_links(request: Request, media_type: str, following: str | int | None) -> list[dict[str, str]]:
    """Return ``self`` and, where more follows after the item ``following``, ``next``."""
    links = [{"rel": "self", "href": str(request.url), "type": media_type}]
    if following is not None:
        href = str(request.url.include_query_params(after=following))
        links.append({"rel": "next", "href": href, "type": media_type})
    return links


def here_with(request: Request, **parameters: object) -> str:
    """Return a request's own address with other query parameters, from the root of this server."""
    return str(request.url.include_query_params(**parameters).replace(scheme="", netloc=""))


def following(request: Request, more: int | str | None) -> str | None:
    """Return the address of the next page of what a request lists; ``more`` is the last one here if others follow."""
    return None if more is None else here_with(request, after=more)


def announce(response: Response, links: list[dict[str, str]]) -> None:
    """Put the link to the next page into the header too."""
    for link in links:
        if link["rel"] == "next":
            response.headers["Link"] = f'<{link["href"]}>; rel="next"; type="{link["type"]}"'
