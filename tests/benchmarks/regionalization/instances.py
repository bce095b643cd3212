"""The instances and the scorer that ``../shared/regionalization`` keeps beside the project."""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

SHARED = Path(__file__).resolve().parents[4] / "shared" / "regionalization"


def shared(name: str) -> ModuleType:
    """Import a module of the shared folder by its file name; end the program where a plain clone has none."""
    if not (SHARED / f"{name}.py").is_file():
        sys.exit(
            f"没有 {SHARED}/{name}.py:本测试所用的算例不在项目旁边\n"
            f"no {SHARED}/{name}.py: the instances that this benchmark runs on are not beside the project"
        )
    if str(SHARED) not in sys.path:
        sys.path.insert(0, str(SHARED))
    return importlib.import_module(name)


def keep(instance: Any, path: Path) -> Path:
    """Write what a solver may see of an instance: no compounds, no superblocks, no older plan."""
    np.savez(
        path,
        households=instance.households,
        edges=instance.edges,
        cost=instance.edge_weight,
        xy=instance.xy,
        main_road=instance.kind == 2,
    )
    return path
