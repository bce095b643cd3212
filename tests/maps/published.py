"""The made-up town's hazards as anyone may see them."""

from datetime import date

from maps.published import CoarseSpot, PublishedContent
from tests.maps.content import SOUTH, STEP, WEST, content, grids


def published() -> PublishedContent:
    """Two communities in different classes, a grid whose number may not be shown, one hot spot."""
    communities = content().communities
    assert communities is not None
    hidden = (None, None, None)
    numbers = [(None, None, 30), hidden, (None, None, 100), (None, None, 120)]
    return PublishedContent(
        code="440307001",
        title="南湖街道安全隐患公开图",
        since=date(2026, 1, 1),
        until=date(2026, 6, 30),
        least=10,
        communities=communities,
        grids=grids(),
        numbers={
            "440307001": (20, 230, 250),
            communities["code"].iloc[0]: (None, None, 30),
            communities["code"].iloc[1]: (15, 205, 220),
            **dict(zip(grids()["code"], numbers, strict=True)),
        },
        spots=(CoarseSpot(WEST + 3 * STEP, SOUTH + STEP, 200.0, 20, date(2026, 2, 1), date(2026, 5, 1)),),
    )
