"""How an inspector's map on the phone looks, as data: what colours buildings, hazards and city elements."""

from geo.ledger.workflows import workflow
from geo.territory.dictionaries import dictionary
from maps.ledger_styles import NATURE_FILLS, SEEN, STATES, UNJUDGED, HazardClass

#: What the last looks in a building came to, the gravest first (hues that survive red-green blindness).
RESULTS = (
    HazardClass("findings", "有问题", "findings", "light_red"),
    HazardClass("no_access", "无人开门", "nobody opened", "light_yellow"),
    HazardClass("clear", "未发现问题", "nothing wrong", "nothing_found"),
    HazardClass("none", "没有检查记录", "no inspection on record", "nothing_known"),
)


def round_styles() -> dict[str, object]:
    """Return the legends of the phone's map, their colours by name, and the characters and colours of kinds."""
    natures = workflow("hazard").natures
    levels = [
        HazardClass(nature.code, nature.zh, nature.en, fill)
        for nature, fill in zip(natures, NATURE_FILLS, strict=False)
    ]
    classes = {
        "seen": SEEN,
        "result": RESULTS,
        "light": [state for state in STATES if state.key != "closed"],
        "level": [*levels, UNJUDGED],
    }
    return {
        **{name: [one.as_row() for one in each] for name, each in classes.items()},
        "hazard_symbols": {code: entry.extra["symbol"] for code, entry in dictionary("hazard_kinds").entries.items()},
        "elements": {
            code: {"symbol": entry.extra["symbol"], "fill": entry.extra["colour"]}
            for code, entry in dictionary("element_kinds").entries.items()
        },
    }
