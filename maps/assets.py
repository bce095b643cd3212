"""Scripts and styles that pages are made of: ours from ``static/``, others' as installed from the lock file."""

from functools import cache
from pathlib import Path

from geo.errors import NotFoundError

_HERE = Path(__file__).parent
_INSTALLED = _HERE / "node_modules"

#: Scripts of both pages, in the order in which they run.
_SHARED_SCRIPTS = (
    "paper.js",
    "scheme.js",
    "shapes.js",
    "patterns.js",
    "labels.js",
    "painter.js",
    "card.js",
    "search.js",
    "panel.js",
    "view.js",
)
PAGE_SCRIPTS = (*_SHARED_SCRIPTS, "page.js")
LEDGER_SCRIPTS = (
    *_SHARED_SCRIPTS,
    "hazards.js",
    "hazard_discs.js",
    "ledger_grids.js",
    "ledger_panel.js",
    "timeline.js",
    "ledger.js",
    "page.js",
)
COMPARISON_SCRIPTS = (*_SHARED_SCRIPTS, "change.js", "figures.js", "comparison.js")
PAGE_STYLES = ("surfaces.css", "page.css")


@cache
def installed(path: str) -> Path:
    """Return a file of an installed package, e.g. ``leaflet/dist/leaflet.js``.

    Raises
    ------
    NotFoundError
        The packages are not installed; says how to install them.
    """
    found = _INSTALLED / path
    if not found.is_file():
        raise NotFoundError(
            f"缺少网页组件 {path}:请在项目目录运行 make setup(即在 maps/ 中运行 npm ci --ignore-scripts)",
            f"the page asset {path} is not installed: run `make setup` in the project "
            "(that is, `npm ci --ignore-scripts` in maps/)",
        )
    return found


def leaflet_script() -> str:
    """Return Leaflet's script without its pointer to a source map, which a browser's tools would try to fetch."""
    lines = installed("leaflet/dist/leaflet.js").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("//# sourceMappingURL"))


def leaflet_style() -> str:
    """Return Leaflet's style sheet without the rules that refer to its image files, which our pages do not use."""
    style = installed("leaflet/dist/leaflet.css").read_text(encoding="utf-8")
    rules = [rule for rule in style.split("}") if "url(" not in rule]
    return "}".join(rules)


def page_script(names: tuple[str, ...] = PAGE_SCRIPTS) -> str:
    """Return scripts of ours as one strict scope, without the lines that are comments alone."""
    lines = [line for name in names for line in (_HERE / "static" / name).read_text(encoding="utf-8").splitlines()]
    told = (line for line in lines if not line.lstrip().startswith("//"))
    return "\n".join(["(() => {", "'use strict';", *told, "})();"])


def page_style(*names: str) -> str:
    """Return style sheets of ours as one."""
    return "\n".join((_HERE / "static" / name).read_text(encoding="utf-8") for name in names)
