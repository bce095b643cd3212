"""Scripts and styles of others that live pages are made of, the same for all of them."""

from fastapi import APIRouter, Response

from api.page_assets import Asset, served

router = APIRouter(include_in_schema=False)


@router.get("/assets/{name}")
def asset(name: Asset) -> Response:
    """Serve one of the files that others made."""
    return served(name)
