"""An answer about an address as the terminal shows it, whether out of the store or out of a gazetteer in a file."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from rich.console import Console
from rich.text import Text

from geo.addresses.answers import Heard, Reason
from geo.services.locating_files import say_heard
from geo.territory.dictionaries import dictionary


class Shown(Protocol):
    """A place as it is listed: its address and id, and what tells it from the others."""

    @property
    def id(self) -> str:
        """Its code."""

    @property
    def address(self) -> str:
        """Its whole address."""

    @property
    def apart(self) -> str:
        """What tells it from the others; empty when it stands alone."""


Place_co = TypeVar("Place_co", bound=Shown, covariant=True)


class Told(Protocol[Place_co]):
    """What is answered."""

    @property
    def outcome(self) -> str:
        """``one``, ``several`` or ``none``."""

    @property
    def candidates(self) -> Sequence[Place_co]:
        """What it could be."""

    @property
    def nearest(self) -> Sequence[Place_co]:
        """What does exist."""

    @property
    def total(self) -> int:
        """How many places it could be, also those not listed."""

    @property
    def reason(self) -> Reason:
        """Why."""

    @property
    def heard(self) -> Sequence[Heard]:
        """How the text was read."""


def show_answer(console: Console, told: Told[Place_co], lines_of: Callable[[Place_co], Sequence[str]]) -> None:
    """Show an answer: outcome, places each with its own lines, why, what does exist, and how the text was read."""
    outcome = dictionary("address_outcomes")[told.outcome]
    console.print(Text(f"{outcome.zh} {outcome.en.capitalize()}", style="bold"))
    several = told.outcome == "several"
    for number, place in enumerate(told.candidates, start=1):
        _show_place(console, place, lines_of(place), mark=f"{number}. " if several else "")
    if told.total > len(told.candidates) > 1:
        console.print(Text(f"共 {told.total} 处,只列出 {len(told.candidates)} 处 {told.total} places in all"))
    console.print(Text(f"原因 Why: {told.reason.zh}\n          {told.reason.en}"), soft_wrap=True)
    if told.nearest:
        console.print(Text("最近的地址 What does exist:"))
        for place in told.nearest:
            _show_place(console, place, lines_of(place), mark="  · ")
    if told.heard:
        console.print(Text(f"读作 Read as: {say_heard(told.heard)}"), soft_wrap=True)


def _show_place(console: Console, place: Shown, lines: Sequence[str], *, mark: str) -> None:
    apart = f"({place.apart})" if place.apart else ""
    console.print(Text(f"{mark}{place.address} [{place.id}]{apart}"), soft_wrap=True)
    for line in lines:
        console.print(Text(f"{' ' * len(mark)}  {line}"), soft_wrap=True)


def point_words(lon: float, lat: float) -> str:
    """Say where a point is."""
    return f"坐标 at {lon:.6f}, {lat:.6f}"
