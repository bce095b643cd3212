import io
from datetime import date

import numpy as np
import pypdf
import pytest
from PIL import Image

from geo.errors import BoundsError, NotFoundError
from geo.territory.map_content import MapContent
from maps.drawing import Drawing, Paper
from maps.sheet_focus import focus_on, numbered_buildings, title_of_building
from maps.sheets import sheet_pdf, sheet_png
from tests.maps.content import COMMUNITIES, area, buildings, content, grids, line, stairwells

TODAY = date(2026, 11, 21)
GRID = f"{COMMUNITIES[0]}002"


@pytest.fixture(scope="module")
def grid_sheet() -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(sheet_pdf(content(), GRID, printed=TODAY)))


def embedded_fonts(reader: pypdf.PdfReader) -> set[str]:
    fonts = set()
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            for descendant in font.get_object().get("/DescendantFonts", []):
                descriptor = descendant.get_object()["/FontDescriptor"].get_object()
                if any(key in descriptor for key in ("/FontFile2", "/FontFile3", "/FontFile")):
                    fonts.add(str(descriptor["/FontName"]))
    return fonts


def test_a_sheet_says_everything_in_chinese(grid_sheet: pypdf.PdfReader) -> None:
    text = "".join(page.extract_text() for page in grid_sheet.pages)
    for wanted in (
        "网格",
        "250",
        "南湖路3号",
        "125户",
        "图例",
        "比例尺",
        "调整方案",
        "草案",
        "2026-11-21",
        "布吉河",
        "厕",
        "北",
    ):
        assert wanted in text, wanted
    assert "网格 001" in text  # the neighbour at the edge


def test_chinese_glyphs_come_from_an_embedded_chinese_font(grid_sheet: pypdf.PdfReader) -> None:
    assert any("CJK" in name or "Hei" in name or "Han" in name for name in embedded_fonts(grid_sheet))


def test_a_grid_is_a4_and_a_community_a3_landscape(grid_sheet: pypdf.PdfReader) -> None:
    assert [round(float(side) / 72 * 25.4) for side in grid_sheet.pages[0].mediabox[2:]] == [297, 210]
    community = pypdf.PdfReader(io.BytesIO(sheet_pdf(content(), "东湖社区", printed=TODAY)))
    assert [round(float(side) / 72 * 25.4) for side in community.pages[0].mediabox[2:]] == [420, 297]
    text = community.pages[0].extract_text()
    assert "东湖社区" in text
    assert "250户" in text
    assert "▼150" in text


def test_a_sheet_of_a_file_plan_needs_no_more_than_grids_and_points() -> None:
    points = buildings()[["households", "geometry"]]
    points = points.assign(geometry=points.geometry.representative_point())
    bare = MapContent(title="x", grids=grids()[["code", "households", "geometry"]], buildings=points)
    assert sheet_pdf(bare, GRID).startswith(b"%PDF")


def test_hostile_text_is_text_on_a_sheet() -> None:
    hostile = buildings()
    hostile["address"] = '<script>x</script>&amp;<img src="http://example.org/x.png">'
    reader = pypdf.PdfReader(io.BytesIO(sheet_pdf(content(buildings=hostile, title="</title><b>"), GRID)))
    assert "<script>x</script>&amp;" in "".join(page.extract_text() for page in reader.pages)


def test_a_long_table_runs_on_to_further_pages() -> None:
    one = buildings().iloc[[2]]
    many = one.loc[one.index.repeat(130)].reset_index(drop=True)
    many["address"] = [f"南湖路{number}号" for number in range(1, 131)]
    reader = pypdf.PdfReader(io.BytesIO(sheet_pdf(content(buildings=many, stairwells=None), GRID)))
    text = "".join(page.extract_text() for page in reader.pages)
    assert len(reader.pages) == 2
    assert all(f"南湖路{number}号" in text for number in (1, 64, 130))


def test_a_png_has_the_size_its_resolution_says() -> None:
    picture = Image.open(io.BytesIO(sheet_png(content(), GRID, dpi=72)))
    assert picture.size == (842, 596)
    dark = sum(picture.convert("L").histogram()[:100])
    assert dark > 1000  # lines and letters, not an empty page


@pytest.mark.parametrize("dpi", [0, 35, 601])
def test_an_absurd_resolution_is_refused(dpi: int) -> None:
    with pytest.raises(BoundsError, match="36"):
        sheet_png(content(), GRID, dpi=dpi)


@pytest.mark.parametrize("wanted", ["001", "nowhere", "", "440307001009"])
def test_what_is_not_there_or_there_twice_is_said(wanted: str) -> None:
    with pytest.raises(NotFoundError):
        focus_on(content(), wanted)


def test_a_grid_is_found_by_code_and_a_community_by_name_or_code() -> None:
    assert focus_on(content(), GRID).households == 250
    assert [focus_on(content(), wanted).households for wanted in ("东湖社区", COMMUNITIES[0])] == [400, 400]


def test_buildings_are_numbered_as_people_count() -> None:
    mixed = buildings().assign(grid_code=GRID, address=[f"南湖路{n}号" for n in (10, 2, 1, 30, 3, 21, 100, 9)])
    numbered = numbered_buildings(content(buildings=mixed), focus_on(content(), GRID))
    assert numbered["address"].str.extract(r"(\d+)")[0].astype(int).tolist() == [1, 2, 3, 9, 10, 21, 30, 100]
    assert numbered["number"].tolist() == list(range(1, 9))


def test_a_divided_building_counts_only_with_its_stairwells_in_the_grid() -> None:
    divided = stairwells().assign(grid_code=[f"{COMMUNITIES[0]}001", GRID])
    town = content(stairwells=divided)
    first = numbered_buildings(town, focus_on(town, f"{COMMUNITIES[0]}001"))
    second = numbered_buildings(town, focus_on(town, GRID))
    assert first["households"].tolist() == [40, 75]
    assert second["households"].tolist() == [35, 125, 125]
    assert title_of_building(second.iloc[0]) == "南湖路1号(2单元)"
    whole = numbered_buildings(town, focus_on(town, "东湖社区"))
    assert whole["households"].tolist() == [75, 75, 125, 125]
    assert title_of_building(whole.iloc[0]) == "南湖路1号"


def test_the_scale_is_round_and_the_area_fits() -> None:
    shown = area(0, 0, 8, 3)
    paper = Paper.around(shown, 200, 150)
    west, north, east, south = paper.place(np.array([shown]))[0].bounds
    assert paper.scale in (7000, 8000, 10000)
    assert west >= 0
    assert north >= 0
    assert east <= 200
    assert south <= 150
    # 0.016 degrees of longitude at 22.6° north are 1,645 m.
    assert (east - west) * paper.scale / 1000 == pytest.approx(1645, rel=0.01)


def test_no_two_texts_overlap() -> None:
    drawing = Drawing(Paper.around(area(0, 0, 8, 3), 100, 100))
    assert drawing.label([("南湖路", 3.0)], 50, 50, colour="#000000")
    assert not drawing.label([("南湖路", 3.0)], 51, 50.5, colour="#000000")
    assert drawing.label([("南湖路", 3.0)], 50, 60, colour="#000000")
    assert not drawing.label([("出界", 3.0)], 99.5, 50, colour="#000000")
    assert drawing.along(drawing.paper.place(np.array([line(0, 0.4, 8, 0.4)]))[0], "南湖路", 3.0, "#000000")


def test_the_footer_says_who_printed_it() -> None:
    page = pypdf.PdfReader(io.BytesIO(sheet_pdf(content(), GRID, printed_by="<b>li.hua</b>"))).pages[0]
    assert "<b>li.hua</b>" in page.extract_text()
