"""Networks of old grids by atom, checked at the door."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.errors import BoundsError, InputError


@dataclass(frozen=True)
class OldLayer:
    """One network of old grids, by atom.

    Attributes
    ----------
    name
        The department, or the file; no two layers have the same.
    labels
        n whole numbers: the old grid of each atom, -1 where the layer has none.
    weight
        How much its grids count beside those of the other layers; 0 leaves it out.
    """

    name: str
    labels: NDArray[np.integer]
    weight: float = 1.0


def checked_layers(layers: Sequence[OldLayer], n_atoms: int) -> list[OldLayer]:
    """Return the layers that count, by name.

    Raises
    ------
    BoundsError
        A weight is below 0 or no number.
    InputError
        A layer has another number of labels than there are atoms, or a name comes twice.
    """
    names = [layer.name for layer in layers]
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise InputError(
            f"旧网格层“{double[0]}”给了两次;每层只能有一份,请合并或改名",
            f"the old layer {double[0]!r} is given twice; give each layer once, or rename one",
        )
    for layer in layers:
        if not np.isfinite(layer.weight) or layer.weight < 0:
            raise BoundsError(
                f"“{layer.name}”的权重为 {layer.weight},应不小于 0",
                f"the weight of {layer.name!r} is {layer.weight}; it must be 0 or more",
            )
        if np.shape(layer.labels) != (n_atoms,):
            raise InputError(
                f"旧网格层“{layer.name}”有 {np.size(layer.labels)} 个标签,应与楼栋同为 {n_atoms} 个",
                f"the old layer {layer.name!r} has {np.size(layer.labels)} labels; there are {n_atoms} atoms",
            )
    return sorted((layer for layer in layers if layer.weight > 0), key=lambda layer: layer.name)


def agreement(edges: NDArray[np.integer], layers: Sequence[OldLayer]) -> NDArray[np.float64]:
    """Return for each pair of atoms the share, by weight, of the layers that have both in one old grid; 0 to 1."""
    kept = np.zeros(len(edges))
    for layer in layers:
        ends = np.asarray(layer.labels)[edges]
        kept += layer.weight * ((ends[:, 0] == ends[:, 1]) & (ends[:, 0] >= 0))
    whole = sum(layer.weight for layer in layers)
    return kept / whole if whole > 0 else kept
