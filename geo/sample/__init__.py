"""The sample town: a fictional sub-district of Shenzhen's kind, made from a seed."""

from geo.sample.city import stream_city
from geo.sample.recipe import Recipe, load_recipe
from geo.sample.town import generate_town

__all__ = ["Recipe", "generate_town", "load_recipe", "stream_city"]
