"""How the kernels are compiled: as those that draw tiles are."""

from geo.territory.compilation import kernel

__all__ = ["kernel"]
