"""What workers are given: communities to be drafted in one go, small ones together."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from geo.errors import WanggeError
from geo.regionalization.communities import Community
from geo.regionalization.drafting import CommunityDraft, DraftSettings, draft_community

#: Takes the share done, 0 to 1; False asks for the best so far.
Tell = Callable[[float], bool]


@dataclass(frozen=True)
class Task:
    """Communities that one worker drafts one after the other.

    Attributes
    ----------
    number
        0, 1, 2 ... in the order in which tasks are given out.
    positions
        Where each community stood among all that were to be drafted.
    """

    number: int
    positions: tuple[int, ...]
    communities: tuple[Community, ...]
    settings: DraftSettings

    @property
    def codes(self) -> str:
        """The communities as a planner names them, the first few of many."""
        return "、".join(community.code for community in self.communities[:5])


def in_tasks(
    communities: Iterable[tuple[int, Community]], settings: DraftSettings, *, buildings: int = 0
) -> Iterator[Task]:
    """Put communities into tasks in the given order, as many together as it takes to reach so many buildings."""
    number, together, size = 0, list[tuple[int, Community]](), 0
    for position, community in communities:
        together.append((position, community))
        size += len(community.buildings)
        if size >= buildings:
            yield _task(number, together, settings)
            number, together, size = number + 1, [], 0
    if together:
        yield _task(number, together, settings)


def _task(number: int, together: Sequence[tuple[int, Community]], settings: DraftSettings) -> Task:
    positions, communities = zip(*together, strict=True)
    return Task(number, positions, communities, settings)


def run(task: Task, tell: Tell) -> list[CommunityDraft]:
    """Draft the communities of a task, telling again and again how much of it is done.

    Raises
    ------
    WanggeError
        What went wrong, with the name of the community where it did. Any other error carries the name as a note.
    """
    sizes = [1 + len(community.buildings) for community in task.communities]
    done, drafts = 0, []
    for community, size in zip(task.communities, sizes, strict=True):
        within = _Forward(tell, done / sum(sizes), size / sum(sizes))
        drafts.append(_draft(community, task.settings, within))
        done += size
    return drafts


def _draft(community: Community, settings: DraftSettings, progress: Tell) -> CommunityDraft:
    try:
        return draft_community(community, settings, progress)
    except WanggeError as error:
        raise type(error)(f"社区 {community.code}:{error.zh}", f"community {community.code}: {error.en}") from error
    except Exception as error:
        error.add_note(f"划分社区 {community.code} 时出错 while drafting community {community.code}")
        raise


class _Forward:
    """A community's share as a share of its task; a second try at a community never counts backwards."""

    def __init__(self, tell: Tell, done: float, share: float) -> None:
        self.tell, self.done, self.share = tell, done, share
        self.best = 0.0

    def __call__(self, fraction: float) -> bool:
        self.best = max(self.best, min(fraction, 1.0))
        return self.tell(float(self.done + self.share * self.best))


class Handout:
    """Tasks to be given out, never one that is too far ahead of the oldest one still being worked on.

    So whoever wants the drafts in order need not keep more than ``ahead`` tasks of them.
    """

    def __init__(self, tasks: Iterable[Task], ahead: int | None = None) -> None:
        self._tasks = iter(tasks)
        self._ahead = ahead
        self._again: deque[Task] = deque()
        self._out: set[int] = set()
        self._given = 0
        self._next: Task | None = None

    @property
    def over(self) -> bool:
        """Whether all tasks were given out and done."""
        return not (self._out or self._again or self._peek())

    def next(self) -> Task | None:
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

    def _peek(self) -> Task | None:
        """The next new task. Asked for as late as can be: whoever makes tasks may take long over one."""
        if self._next is None:
            self._next = next(self._tasks, None)
        return self._next

    def done(self, task: Task) -> None:
        """Say that a task is done."""
        self._out.discard(task.number)

    def again(self, task: Task) -> None:
        """Take back a task whose worker died, to be given out next."""
        self._again.append(task)
