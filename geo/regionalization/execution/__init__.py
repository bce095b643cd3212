"""Drafting many communities side by side: in this process, in several, or on a Dask cluster.

Their grids, or the cells of these. The plan is the same on any number of workers, of any kind; only the time differs.
"""

from geo.regionalization.execution.running import draft_cells_of, draft_communities, stream_drafts
from geo.regionalization.execution.watching import Progress, part_of

__all__ = ["Progress", "draft_cells_of", "draft_communities", "part_of", "stream_drafts"]
