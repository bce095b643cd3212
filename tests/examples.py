"""How many examples a property is tried on: few in every run, more when ``EXAMPLES=10 make test`` asks for ten times.

No example has a deadline: how long one takes depends on what else the machine does.
"""

import os

from hypothesis import settings

TIMES = int(os.environ.get("EXAMPLES", "1"))
#: For properties that are cheap to try and do not say.
USUAL = 100


def examples(number: int) -> settings:
    """Try a property on so many examples, or on as many times more as the environment asks for."""
    return settings(max_examples=number * TIMES, deadline=None)


def register() -> None:
    """Make this the way of all properties that do not say otherwise."""
    settings.register_profile("wangge", examples(USUAL))
    settings.load_profile("wangge")
