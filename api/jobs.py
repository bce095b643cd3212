"""Work that goes on after its request was answered: threads of this process, ended with it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from api.errors import RequestError
from api.workbench import Workbench

#: Seconds that work has to end when the process ends; what has not by then is told as interrupted by its silence.
ENDING_S = 5.0
#: Seconds between two looks for a free place.
WAITING_S = 0.1

Work = Callable[[threading.Event], None]


class Jobs:
    """Threads that each do one piece of work, as many at a time as there are places at the bench.

    Parameters
    ----------
    bench
        Where drafts made within requests take their places too.
    """

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()

    def start(self, name: str, work: Work) -> None:
        """Do a piece of work in a thread; it is told by an event when the process has to end."""

        def run() -> None:
            try:
                work(self._stop)
            finally:
                with self._lock:
                    self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    @contextmanager
    def place(self, key: str) -> Iterator[None]:
        """Wait for a place at the bench and hold it; without one when the process has to end."""
        with ExitStack() as held:
            while not self._stop.is_set():
                try:
                    held.enter_context(self._bench.work_on(key))
                    break
                except RequestError:
                    self._stop.wait(WAITING_S)
            yield

    def wait(self, seconds: float = ENDING_S) -> None:
        """Wait until all work has ended, or so long."""
        until = time.monotonic() + seconds
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def end(self) -> None:
        """Tell all work to end, and wait for it a little."""
        self._stop.set()
        self.wait()
