"""What axe-core finds on a page."""

from typing import TYPE_CHECKING

from maps.assets import installed

if TYPE_CHECKING:
    from playwright.sync_api import Page

GRAVE = ("serious", "critical")
#: What is fading in has not its own colours yet.
AT_REST = "Promise.allSettled(document.getAnimations().map(motion => motion.finished)).then(() => null)"


def grave_faults(page: "Page") -> list[str]:
    """Return the serious and critical findings on a page at rest, each with the first element it is about."""
    page.evaluate(AT_REST)
    page.evaluate(installed("axe-core/axe.min.js").read_text(encoding="utf-8") + "; null")
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found if each["impact"] in GRAVE]
