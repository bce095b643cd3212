"""What is published of a street's hazards, as a map."""

from geo.services.publishing_ledger import PublishedHazards
from maps.published import CoarseSpot, PublishedContent, published_page


def hazards_map(found: PublishedHazards) -> str:
    """Return the published map of hazards as one HTML document."""
    return published_page(
        PublishedContent(
            code=found.code,
            title=f"{found.name}安全隐患公开图",
            since=found.period.first,
            until=found.period.last,
            least=found.least,
            communities=found.communities,
            grids=found.grids,
            numbers={code: (one.open, one.ended, one.found) for code, one in found.numbers.items()},
            spots=tuple(
                CoarseSpot(one.lon, one.lat, one.radius_m, one.count, one.first, one.last) for one in found.spots or ()
            ),
        )
    )
