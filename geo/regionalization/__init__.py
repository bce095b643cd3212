"""Households, contiguity and limits in; grids out, with a reason for each that is out of range."""

from geo.regionalization.engine import regionalize
from geo.regionalization.outcome import Locks, Prices, Quantity, Reason, Regionalization

__all__ = ["Locks", "Prices", "Quantity", "Reason", "Regionalization", "regionalize"]
