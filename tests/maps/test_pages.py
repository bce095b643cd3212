import json
import re
from html.parser import HTMLParser

import pytest

from geo.errors import BoundsError, NotFoundError
from geo.territory.map_content import MapContent
from maps import assets
from maps.escaping import content_hash
from maps.pages import plan_page
from tests.maps.content import content


class Blocks(HTMLParser):
    """Collects a page's scripts and styles, and every address it names."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.data = ""
        self.policy = ""
        self.addresses: list[str] = []
        self._inside: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [str(given[name]) for name in ("src", "href", "action", "data", "srcset") if name in given]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(given["content"])
        self._inside = "data" if given.get("type") == "application/json" else tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside == "style":
            self.styles.append(data)
        elif self._inside == "data":
            self.data += data


def test_a_page_names_no_address_outside_itself() -> None:
    blocks = Blocks(plan_page(content()))
    assert [address for address in blocks.addresses if not address.startswith("#")] == []
    assert not any("url(" in style or "@import" in style for style in blocks.styles)
    assert not any("sourceMappingURL" in script for script in blocks.scripts)


def test_the_policy_names_exactly_the_scripts_and_styles_that_are_there() -> None:
    blocks = Blocks(plan_page(content()))
    allowed = re.findall(r"'sha256-[^']+'", blocks.policy)
    assert allowed == [content_hash(part) for part in (*blocks.scripts, *blocks.styles)]
    assert "unsafe" not in blocks.policy
    assert blocks.policy.startswith("default-src 'none'")
    assert "https:" not in blocks.policy


def test_no_value_is_part_of_a_script() -> None:
    marker = "独一无二的名字"
    blocks = Blocks(plan_page(content(title=marker, subtitle=marker, plan_name=marker)))
    assert not any(marker in script for script in blocks.scripts)
    assert json.loads(blocks.data)["title"] == marker


def test_a_template_in_a_value_is_not_run() -> None:
    page = plan_page(content(title="{{ 7*7 }}{% raw %}", plan_name="{{ 7*7 }}"))
    assert json.loads(Blocks(page).data)["title"] == "{{ 7*7 }}{% raw %}"
    assert "<title>49" not in page


def test_the_same_content_gives_the_same_page() -> None:
    assert plan_page(content()) == plan_page(content())


def test_tiles_are_allowed_only_with_a_token() -> None:
    blocks = Blocks(plan_page(content(), tianditu_token="0123456789abcdef0123456789abcdef"))
    assert "https://t0.tianditu.gov.cn" in blocks.policy
    with pytest.raises(BoundsError):
        plan_page(content(), tianditu_token="x' onload='alert(1)")


def test_an_empty_content_is_still_a_page() -> None:
    assert json.loads(Blocks(plan_page(MapContent(title="空"))).data)["layers"] == []


def test_missing_assets_say_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory) -> None:
    monkeypatch.setattr(assets, "_INSTALLED", tmp_path)
    with pytest.raises(NotFoundError, match="make setup"):
        assets.installed("leaflet/dist/elsewhere.js")


def test_a_map_says_who_took_it_out_and_says_it_as_text() -> None:
    page = plan_page(content(), stamp="导出 <script>li</script>")
    assert '<p id="stamp">导出 &lt;script&gt;li' in page
    assert '<p id="stamp">' not in plan_page(content())
