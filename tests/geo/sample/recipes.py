"""A recipe for a town of four superblocks, made in a fraction of a second."""

from dataclasses import replace

from geo.sample.recipe import Recipe, load_recipe


def small_recipe() -> Recipe:
    whole = load_recipe()
    street = replace(whole.street, area_km2=0.56, households=8000)
    skeleton = replace(whole.skeleton, columns=2, rows=2, drop_corner=False, merges=(0, 0))
    return replace(whole, street=street, skeleton=skeleton, uses=replace(whole.uses, villages=(1, 1)))
