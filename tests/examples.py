"""How many examples a property is tried on: few in every run, more when ``EXAMPLES=10 make test`` asks for more.

No example has a deadline: how long one takes depends on what else the machine does.
"""

import os

from hypothesis import settings

TIMES = int(os.environ.get("EXAMPLES", "1"))
#: Of the examples that a property names, the share that a usual run tries, and the fewest.
SHARE, FEWEST = 0.4, 4
#: For properties that are cheap to try and do not say.
USUAL = 100


def examples(number: int) -> settings:
    """Try a property on a share of so many examples, or on as many times more of them as the environment asks for."""
    usual = min(number, max(FEWEST, round(number * SHARE)))
    return settings(max_examples=usual if TIMES == 1 else number * TIMES, deadline=None)


def register() -> None:
    """Make this the way of all properties that do not say otherwise."""
    settings.register_profile("wangge", examples(USUAL))
    settings.load_profile("wangge")
