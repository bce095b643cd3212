"""How cases of a generated town run, as its recipe says: shares, ways and words."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Way:
    """One way on from a step of a workflow.

    Attributes
    ----------
    action
        What is done next; "" ends the story.
    by
        Who does it: a part in the story (:data:`geo.sample.ledger_stories.PARTS`).
    weight
        How often, among the ways that the case's nature allows.
    hours
        Median of the wait.
    """

    step: str
    action: str
    weight: float
    by: str = ""
    hours: float = 0.0


@dataclass(frozen=True)
class LedgerRecipe:
    """``data/sample/ledger.toml``.

    Attributes
    ----------
    ways
        By workflow and step.
    words
        By what is done, else by what is filled in.
    """

    looks: Mapping[str, float]
    grades: Mapping[str, float]
    waits: Mapping[str, float]
    natures: Mapping[str, float]
    ways: Mapping[str, Mapping[str, tuple[Way, ...]]]
    words: Mapping[str, tuple[str, ...]]
    requests: Mapping[str, Any]


@cache
def load_ledger_recipe() -> LedgerRecipe:
    """Read the recipe that the project ships."""
    table = tomllib.loads((files("data") / "sample" / "ledger.toml").read_text(encoding="utf-8"))
    return LedgerRecipe(
        looks=table["looks"],
        grades=table["grades"],
        waits=table["waits"],
        natures=table["natures"],
        ways={code: _by_step([Way(**row) for row in table[code]]) for code in ("hazard", "request")},
        words={key: tuple(texts) for key, texts in table["words"].items()},
        requests=table["requests"],
    )


def _by_step(ways: list[Way]) -> dict[str, tuple[Way, ...]]:
    return {step: tuple(way for way in ways if way.step == step) for step in dict.fromkeys(way.step for way in ways)}
