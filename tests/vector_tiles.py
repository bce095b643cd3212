"""Mapbox Vector Tiles 2.1 opened, as a browser opens them: layers, what each feature tells, and its points."""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from shapely import Point

from geo.services.tiling import Tile


@dataclass(frozen=True)
class Feature:
    """What a tile tells of a thing, and the points of its shape in steps from the tile's north-western corner."""

    properties: dict[str, object]
    points: list[tuple[int, int]]


@dataclass(frozen=True)
class Layer:
    name: str
    extent: int
    features: list[Feature]


def tile_at(point: Point, z: int) -> Tile:
    """The tile that a point (EPSG:4326) lies in."""
    down = (1 - math.asinh(math.tan(math.radians(point.y))) / math.pi) / 2
    return Tile(z, int((point.x + 180) / 360 * (1 << z)), int(down * (1 << z)))


def opened(tile: bytes) -> dict[str, Layer]:
    """Return the layers of a tile by name."""
    layers = [_layer(content) for number, content in _fields(tile) if number == 3 and isinstance(content, bytes)]
    return {layer.name: layer for layer in layers}


def _layer(content: bytes) -> Layer:
    fields = list(_fields(content))
    keys = [_text(value) for number, value in fields if number == 3]
    values = [_value(value) for number, value in fields if number == 4 and isinstance(value, bytes)]
    (name,) = (_text(value) for number, value in fields if number == 1)
    (extent,) = (value for number, value in fields if number == 5)
    features = [_feature(value, keys, values) for number, value in fields if number == 2 and isinstance(value, bytes)]
    assert isinstance(extent, int)
    return Layer(name, extent, features)


def _feature(content: bytes, keys: list[str], values: list[object]) -> Feature:
    fields = dict(_fields(content))
    tags = _numbers(fields.get(2, b""))
    told = {keys[key]: values[value] for key, value in zip(tags[::2], tags[1::2], strict=True)}
    return Feature(told, _points(_numbers(fields[4])))


def _points(commands: list[int]) -> list[tuple[int, int]]:
    """Follow MoveTo (1), LineTo (2) and ClosePath (7)."""
    points, x, y, place = [], 0, 0, 0
    while place < len(commands):
        command, times = commands[place] & 7, commands[place] >> 3
        place += 1
        if command == 7:
            continue
        for _ in range(times):
            x += _zigzag(commands[place])
            y += _zigzag(commands[place + 1])
            points.append((x, y))
            place += 2
    return points


def _zigzag(number: int) -> int:
    return (number >> 1) ^ -(number & 1)


def _value(content: bytes) -> object:
    ((number, value),) = _fields(content)
    if isinstance(value, bytes):
        return _text(value) if number == 1 else struct.unpack("<d", value)[0]
    return _zigzag(value) if number == 6 else value


def _text(value: int | bytes) -> str:
    assert isinstance(value, bytes)
    return value.decode("utf-8")


def _numbers(value: int | bytes) -> list[int]:
    assert isinstance(value, bytes)
    numbers, place = [], 0
    while place < len(value):
        number, place = _varint(value, place)
        numbers.append(number)
    return numbers


def _fields(content: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Walk a protocol buffer: each field's number with its number or bytes."""
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        kind = key & 7
        if kind == 0:
            number, place = _varint(content, place)
            yield key >> 3, number
            continue
        size, place = _varint(content, place) if kind == 2 else ({1: 8, 5: 4}[kind], place)
        yield key >> 3, content[place : place + size]
        place += size


def _varint(content: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = content[place]
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return number, place
