"""A community's part of a plan as one picture: its grids with their numbers, for the report of the plan."""

from dataclasses import replace

from geo.territory.map_content import MapContent
from maps.drawing import Paper
from maps.sheet_focus import focus_on, numbered_buildings
from maps.sheet_map import draw_sheet
from maps.styles import household_classes

#: Of plans with more buildings than this they are left out: drawing them takes most of the time.
MOST_BUILDINGS = 1_000


def plan_picture(content: MapContent, community: str, width_mm: float, height_mm: float) -> tuple[str, int]:
    """Draw the grids of one community, as its sheet does, without what is not of the plan.

    Parameters
    ----------
    content
        Of the whole plan.
    community
        Its code.
    width_mm, height_mm
        Of the picture on paper.

    Returns
    -------
    str, int
        The picture as SVG, and its scale: one millimetre is so many on the ground.

    Raises
    ------
    NotFoundError
        The plan has no grid there.
    """
    content = replace(content, city_elements=None, stairwells=None, ledger=None)
    if content.buildings is not None and len(content.buildings) > MOST_BUILDINGS:
        content = replace(content, buildings=None)
    focus = focus_on(content, community)
    near = focus.area.buffer(0.1 * (focus.area.bounds[2] - focus.area.bounds[0]))
    for name in ("buildings", "barriers", "compounds"):
        frame = getattr(content, name)
        if frame is not None:
            content = replace(content, **{name: frame.iloc[frame.sindex.query(near, predicate="intersects")]})
    assert content.grids is not None
    paper = Paper.around(focus.area, width_mm, height_mm)
    classes = household_classes(content.lower, content.upper, content.grids["households"].tolist())
    sheet = draw_sheet(content, focus, numbered_buildings(content, focus), classes, paper)
    return sheet.drawing.to_text(), paper.scale
