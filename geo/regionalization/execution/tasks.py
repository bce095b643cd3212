"""What workers are given: places to be drafted in one go, small ones together, and what is drafted for each."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from geo.errors import WanggeError
from geo.regionalization.cell_ground import CellGround
from geo.regionalization.cells import CellDraft, draft_cells
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.drafting import CommunityDraft, DraftSettings, draft_community

#: Takes the share done, 0 to 1; False asks for the best so far.
Tell = Callable[[float], bool]


class Coded(Protocol):
    """A place with the code of its community."""

    @property
    def code(self) -> str:
        """The community's."""


Place = TypeVar("Place", bound=Coded)
Draft = TypeVar("Draft")
_Taken = TypeVar("_Taken", bound=Coded, contravariant=True)
_Given = TypeVar("_Given", covariant=True)


class Work(Protocol[_Taken, _Given]):
    """One kind of work: what is drafted for a place. It is sent to workers along with the place."""

    def size(self, place: _Taken, /) -> int:
        """How many buildings have to be drafted there."""

    def draft(self, place: _Taken, tell: Tell, /) -> _Given:
        """Draft one place, telling again and again how much of it is done."""


@dataclass(frozen=True)
class GridWork:
    """Communities into grids."""

    settings: DraftSettings

    def size(self, community: Community) -> int:
        """See :class:`Work`."""
        return len(community.buildings)

    def draft(self, community: Community, tell: Tell) -> CommunityDraft:
        """See :class:`Work`."""
        return draft_community(community, self.settings, tell)


@dataclass(frozen=True)
class CellWork:
    """The grids of communities into cells."""

    bounds: Bounds
    seed: int

    def size(self, ground: CellGround) -> int:
        """See :class:`Work`."""
        return len(ground.parts)

    def draft(self, ground: CellGround, tell: Tell) -> CellDraft:
        """See :class:`Work`."""
        return draft_cells(ground, self.bounds, seed=self.seed, progress=tell)


@dataclass(frozen=True)
class Task(Generic[Place, Draft]):
    """Places that one worker drafts one after the other.

    Attributes
    ----------
    number
        0, 1, 2 ... in the order in which tasks are given out.
    positions
        Where each place stood among all that were to be drafted.
    """

    number: int
    positions: tuple[int, ...]
    places: tuple[Place, ...]
    work: Work[Place, Draft]

    @property
    def codes(self) -> str:
        """The communities as a planner names them, the first few of many."""
        return "、".join(place.code for place in self.places[:5])


def in_tasks(
    places: Iterable[tuple[int, Place]], work: Work[Place, Draft], *, size: int = 0
) -> Iterator[Task[Place, Draft]]:
    """Put places into tasks in the given order, as many together as it takes to reach so many buildings."""
    number, together, held = 0, list[tuple[int, Place]](), 0
    for position, place in places:
        together.append((position, place))
        held += work.size(place)
        if held >= size:
            yield _task(number, together, work)
            number, together, held = number + 1, [], 0
    if together:
        yield _task(number, together, work)


def _task(number: int, together: Sequence[tuple[int, Place]], work: Work[Place, Draft]) -> Task[Place, Draft]:
    positions, places = zip(*together, strict=True)
    return Task(number, positions, places, work)


def run(task: Task[Place, Draft], tell: Tell) -> list[Draft]:
    """Draft the places of a task, telling again and again how much of it is done.

    Raises
    ------
    WanggeError
        What went wrong, with the name of the community where it did. Any other error carries the name as a note.
    """
    sizes = [1 + task.work.size(place) for place in task.places]
    done, drafts = 0, list[Draft]()
    for place, size in zip(task.places, sizes, strict=True):
        within = _Forward(tell, done / sum(sizes), size / sum(sizes))
        drafts.append(_draft(task.work, place, within))
        done += size
    return drafts


def _draft(work: Work[Place, Draft], place: Place, progress: Tell) -> Draft:
    try:
        return work.draft(place, progress)
    except WanggeError as error:
        raise type(error)(f"社区 {place.code}:{error.zh}", f"community {place.code}: {error.en}") from error
    except Exception as error:
        error.add_note(f"划分社区 {place.code} 时出错 while drafting community {place.code}")
        raise


class _Forward:
    """A community's share as a share of its task; a second try at a community never counts backwards."""

    def __init__(self, tell: Tell, done: float, share: float) -> None:
        self.tell, self.done, self.share = tell, done, share
        self.best = 0.0

    def __call__(self, fraction: float) -> bool:
        self.best = max(self.best, min(fraction, 1.0))
        return self.tell(float(self.done + self.share * self.best))


class Handout(Generic[Place, Draft]):
    """Tasks to be given out, never one that is too far ahead of the oldest one still being worked on.

    So whoever wants the drafts in order need not keep more than ``ahead`` tasks of them.
    """

    def __init__(self, tasks: Iterable[Task[Place, Draft]], ahead: int | None = None) -> None:
        self._tasks = iter(tasks)
        self._ahead = ahead
        self._again: deque[Task[Place, Draft]] = deque()
        self._out: set[int] = set()
        self._given = 0
        self._next: Task[Place, Draft] | None = None

    @property
    def over(self) -> bool:
        """Whether all tasks were given out and done."""
        return not (self._out or self._again or self._peek())

    def next(self) -> Task[Place, Draft] | None:
        """Give out a task; None when there is none, or none for now."""
        if self._again:
            return self._again.popleft()
        if self._ahead is not None and self._out and self._given - min(self._out) >= self._ahead:
            return None
        task, self._next = self._peek(), None
        if task:
            self._out.add(task.number)
            self._given += 1
        return task

    def _peek(self) -> Task[Place, Draft] | None:
        """The next new task. Asked for as late as can be: whoever makes tasks may take long over one."""
        if self._next is None:
            self._next = next(self._tasks, None)
        return self._next

    def done(self, task: Task[Place, Draft]) -> None:
        """Say that a task is done."""
        self._out.discard(task.number)

    def again(self, task: Task[Place, Draft]) -> None:
        """Take back a task whose worker died, to be given out next."""
        self._again.append(task)
