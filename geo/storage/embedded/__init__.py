"""A private PostgreSQL + PostGIS server in a folder of the user's.

One data folder is one cluster: initialised once, listening on a Unix socket only, reachable by nobody but its owner
(and root). ``start`` may be called by every process that needs the database; the first one starts the server, the
others are told where it is. The server goes on running when the caller ends; ``stop`` ends it.

Nothing here knows the tables: ``geo.storage.database`` opens and migrates what this package hands out as a URL.
"""

from geo.storage.embedded.cluster import ServerStatus, start, status, stop
from geo.storage.embedded.folders import default_data_dir

__all__ = ["ServerStatus", "default_data_dir", "start", "status", "stop"]
