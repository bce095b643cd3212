"""The application behind a real port, for browsers."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from sqlalchemy import Engine

from api.commands.serve import listen
from api.main import create_app
from api.settings import AppSettings


@contextmanager
def serving(engine: Engine, port: int = 0) -> Iterator[str]:
    """Run the application over a database, in a thread of its own, and yield its address; any free port by default."""
    server = uvicorn.Server(uvicorn.Config(create_app(AppSettings(), engine), log_level="error"))
    with listen("127.0.0.1", port) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:  # a thread that goes on would keep a failed run from ending
            server.should_exit = True
            thread.join()
