"""What the title block says of a plan, in figures: the same on the page and on the sheet."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.territory.dictionaries import dictionary
from geo.territory.map_content import MapContent


@dataclass(frozen=True)
class Fact:
    """One line of the title block: a code of ``terms`` and its value."""

    term: str
    value: str
    noted: bool = False

    def as_row(self) -> dict[str, object]:
        """Return the fact for the page."""
        return {"term": self.term, "value": self.value, "note": self.noted}


def facts_of(content: MapContent) -> list[Fact]:
    """Return what is known of the plan; nothing is said of what is not there."""
    facts = []
    if content.plan_name:
        facts.append(Fact("plan", content.plan_name))
    if content.plan_state:
        entry = dictionary("plan_states").find(content.plan_state)
        facts.append(Fact("plan_state", entry.label if entry else content.plan_state))
    if content.grids is not None and len(content.grids):
        facts.extend(_grid_facts(content))
    if content.plan_date is not None:
        facts.append(Fact("date", content.plan_date.isoformat()))
    source = households_source(content)
    if source:
        facts.append(Fact("households_source", source, noted=holds_estimates(content)))
    return facts


def _grid_facts(content: MapContent) -> list[Fact]:
    assert content.grids is not None
    households = pd.to_numeric(content.grids["households"], errors="coerce")
    facts = [Fact("grids", f"{len(content.grids):,}"), Fact("households", f"{int(households.sum()):,}")]
    if content.lower is not None and content.upper is not None:
        inside = int(households.between(content.lower, content.upper).sum())
        share = inside / len(content.grids)
        facts.append(Fact("bounds", f"{content.lower}–{content.upper} 户"))
        facts.append(Fact("in_range_share", f"{share:.1%}({inside:,}/{len(content.grids):,})"))
    return facts


def households_source(content: MapContent) -> str:
    """Return how households were counted, as shares of all households, e.g. "登记 80 %、估算 20 %"; "" if not said."""
    counted = _households_by_source(content)
    total = counted.sum()
    if not total:
        return ""
    words = dictionary("household_sources")
    shares = (counted / total).sort_values(ascending=False)
    named = [(words.find(str(code)), share) for code, share in shares.items()]
    if len(named) == 1:
        return named[0][0].label if named[0][0] else str(shares.index[0])
    return "、".join(f"{entry.zh if entry else '不明'} {share:.0%}" for entry, share in named)


def holds_estimates(content: MapContent) -> bool:
    """Say whether any household was estimated: a map must show it."""
    return bool(_households_by_source(content).get("estimated", 0))


def _households_by_source(content: MapContent) -> pd.Series:
    buildings = content.buildings
    if buildings is None or "households_source" not in buildings.columns:
        return pd.Series(dtype=float)
    households = pd.to_numeric(buildings["households"], errors="coerce").replace([np.inf, -np.inf], np.nan)
    lived_in = households.fillna(0) > 0
    sources = buildings["households_source"].fillna("unknown").astype(str)
    counted: pd.Series = households[lived_in].groupby(sources[lived_in]).sum()
    return counted
