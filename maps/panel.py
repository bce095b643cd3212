"""Markup of a page's panel: words of the dictionary, and no values."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from geo.territory.dictionaries import dictionary

TEMPLATES = Path(__file__).parent / "templates"


@cache
def panel_markup(template: str) -> str:
    """Return a template's markup, every word in Chinese with English beside it."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    terms = dictionary("terms")
    return environment.get_template(template).render(
        zh=lambda code: terms[code].zh, en=lambda code: terms[code].en, words=lambda code: terms[code].label
    )
