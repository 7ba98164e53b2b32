"""Places as numbers: geohashes, distances, and the squares in which to look for what is near. Pure arithmetic.

The world is halved again and again, east from west and north from south in turn, and each halving is one bit. After 26
of each a place is a number of 52 bits that a double holds exactly, so a sorted set can keep places by their scores; and
places with the same first bits lie in the same square. What is near is found by looking through the square around a
point and its eight neighbours. Names and steps are those of Redis's geohash.c, geohash_helper.c and geo.c, so that
every digit comes out the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

STEPS = 26
BITS = 2 * STEPS
LONGITUDES = (-180.0, 180.0)
# The limits of the Mercator map, not of the world: at the poles there is no place for a place.
LATITUDES = (-85.05112878, 85.05112878)
_EARTH_RADIUS = 6372797.560856  # metres
_HALF_MERCATOR = 20037726.37
_ALPHABET = b"0123456789bcdefghjkmnpqrstuvwxyz"
_EVEN = 0x5555555555555555
_ODD = 0xAAAAAAAAAAAAAAAA


class Place(NamedTuple):
    """A point, in degrees."""

    longitude: float
    latitude: float


class Square(NamedTuple):
    """A square of the grid: the first `2 * steps` bits of the geohashes of all places in it."""

    bits: int
    steps: int

    def scores(self) -> tuple[int, int]:
        """Return the least score of a place in it, and the least score behind it."""
        shift = BITS - 2 * self.steps
        return self.bits << shift, (self.bits + 1) << shift


@dataclass(frozen=True, slots=True)
class Bounds:
    """The edges of a square or of an area, in degrees."""

    west: float
    east: float
    south: float
    north: float


@dataclass(frozen=True, slots=True)
class Area:
    """What to look in: a circle or a box around a point.

    Attributes:
        center: its middle.
        width, height: of the box, in metres; a circle has its radius in `width` and no height.
        round: whether it is a circle.
    """

    center: Place
    width: float
    height: float = 0.0
    round: bool = True

    def distance_to(self, place: Place) -> float | None:
        """Return how far a place in it is from the middle, in metres; None for one outside."""
        if self.round:
            distance = metres(self.center, place)
            return distance if distance <= self.width else None
        if _along_a_meridian(place.latitude, self.center.latitude) > self.height / 2:
            return None
        if metres(place, Place(self.center.longitude, place.latitude)) > self.width / 2:
            return None
        return metres(self.center, place)

    def bounds(self) -> Bounds:
        """Return the edges of a box around all of it. Meridians come closer towards the poles."""
        longitude, latitude = self.center
        height = self.width if self.round else self.height / 2
        width = self.width if self.round else self.width / 2
        up = _degrees(height / _EARTH_RADIUS)
        top = _degrees(width / _EARTH_RADIUS / _cosine(_radians(latitude + up)))
        bottom = _degrees(width / _EARTH_RADIUS / _cosine(_radians(latitude - up)))
        across = bottom if latitude < 0 else top
        return Bounds(longitude - across, longitude + across, latitude - up, latitude + up)

    def reach(self) -> float:
        """Return how far its farthest point is from the middle, in metres."""
        if self.round:
            return self.width
        return math.sqrt((self.width / 2) * (self.width / 2) + (self.height / 2) * (self.height / 2))


def _radians(degrees: float) -> float:
    return degrees * (math.pi / 180.0)


def _cosine(radians: float) -> float:
    """The cosine; of an infinite angle no number, which is neither more nor less than any other."""
    return math.cos(radians) if math.isfinite(radians) else math.nan


def _degrees(radians: float) -> float:
    return radians / (math.pi / 180.0)


# Places and numbers


def encode(place: Place, steps: int = STEPS, latitudes: tuple[float, float] = LATITUDES) -> int:
    """Return the geohash of a place: `2 * steps` bits."""
    return _interleaved(_part(place.latitude, latitudes, steps), _part(place.longitude, LONGITUDES, steps))


def _part(degrees: float, limits: tuple[float, float], steps: int) -> int:
    least, most = limits
    return int((degrees - least) / (most - least) * (1 << steps)) & 0xFFFFFFFF


def bounds_of(square: Square) -> Bounds:
    """Return the edges of a square."""
    row, column = _separated(square.bits)
    cells = 1 << square.steps
    south, north = LATITUDES
    west, east = LONGITUDES
    high, wide = north - south, east - west
    return Bounds(
        west + (column * 1.0 / cells) * wide,
        west + ((column + 1) * 1.0 / cells) * wide,
        south + (row * 1.0 / cells) * high,
        south + ((row + 1) * 1.0 / cells) * high,
    )


def decode(score: float) -> Place:
    """Return the middle of the square that a score stands for; any score stands for some place."""
    bounds = bounds_of(Square(_bits_of(score), STEPS))
    longitude = (bounds.west + bounds.east) / 2
    latitude = (bounds.south + bounds.north) / 2
    return Place(min(max(longitude, LONGITUDES[0]), LONGITUDES[1]), min(max(latitude, LATITUDES[0]), LATITUDES[1]))


def _bits_of(score: float) -> int:
    """A score as 64 bits, as a processor casts it."""
    if score >= 2.0**64:
        return 0
    return int(score) & (2**64 - 1) if score > -(2.0**63) else 1 << 63


def text(score: float) -> bytes:
    """Return the eleven letters of a place that geohash.org knows; it has the whole globe, up to the poles."""
    bits = encode(decode(score), latitudes=(-90.0, 90.0))
    # 52 bits are ten letters and two bits; the eleventh letter is always 0.
    return bytes(_ALPHABET[bits >> (BITS - 5 * place) & 31] for place in range(1, 11)) + b"0"


def _interleaved(even: int, odd: int) -> int:
    """Two numbers of 32 bits as one of 64, a bit from each in turn."""
    return _spread(even) | _spread(odd) << 1


def _spread(number: int) -> int:
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        number = (number | number << shift) & mask
    return number


def _separated(bits: int) -> tuple[int, int]:
    """The two numbers that were interleaved."""
    return _gathered(bits), _gathered(bits >> 1)


def _gathered(bits: int) -> int:
    bits &= _EVEN
    for shift, mask in (
        (1, 0x3333333333333333),
        (2, 0x0F0F0F0F0F0F0F0F),
        (4, 0x00FF00FF00FF00FF),
        (8, 0x0000FFFF0000FFFF),
        (16, 0x00000000FFFFFFFF),
    ):
        bits = (bits | bits >> shift) & mask
    return bits


# Distances


def metres(one: Place, other: Place) -> float:
    """Return the distance along the surface of a globe (haversine)."""
    half_across = math.sin((_radians(other.longitude) - _radians(one.longitude)) / 2)
    if half_across == 0.0:
        return _along_a_meridian(one.latitude, other.latitude)
    one_latitude, other_latitude = _radians(one.latitude), _radians(other.latitude)
    half_up = math.sin((other_latitude - one_latitude) / 2)
    a = half_up * half_up + math.cos(one_latitude) * math.cos(other_latitude) * half_across * half_across
    return 2.0 * _EARTH_RADIUS * math.asin(math.sqrt(a))


def _along_a_meridian(one: float, other: float) -> float:
    return _EARTH_RADIUS * math.fabs(_radians(other) - _radians(one))


# Where to look


def squares_around(area: Area) -> Iterator[Square]:
    """The squares that have to be looked through for an area: the one around its middle, then its neighbours.

    Those that the area does not reach are left out.
    """
    bounds = area.bounds()
    steps = _steps_for(area.reach(), area.center.latitude)
    middle = Square(encode(area.center, steps), steps)
    if steps > 1 and not _is_covered(middle, bounds):
        steps -= 1
        middle = Square(encode(area.center, steps), steps)
    here = bounds_of(middle)
    before = None
    for right, up in ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)):
        if steps >= 2 and _is_beyond(right, up, here, bounds):
            continue
        square = _neighbour(middle, right, up)
        # In squares as large as continents the neighbours to both sides may be the same.
        if square != before:
            yield square
        before = square


def _is_beyond(right: int, up: int, here: Bounds, wanted: Bounds) -> bool:
    """Whether the area ends before it comes to the neighbour on that side."""
    return (
        (up < 0 and here.south < wanted.south)
        or (up > 0 and here.north > wanted.north)
        or (right < 0 and here.west < wanted.west)
        or (right > 0 and here.east > wanted.east)
    )


def _steps_for(reach: float, latitude: float) -> int:
    """How fine the grid may be so that nine squares cover so many metres to each side."""
    if reach == 0:
        return STEPS
    steps = 1
    while reach < _HALF_MERCATOR:
        reach *= 2
        steps += 1
    steps -= 2
    if abs(latitude) > 66:
        steps -= 1
        if abs(latitude) > 80:
            steps -= 1
    return min(max(steps, 1), STEPS)


def _is_covered(middle: Square, wanted: Bounds) -> bool:
    """Whether the neighbours reach as far as is wanted."""
    return (
        bounds_of(_neighbour(middle, 0, 1)).north >= wanted.north
        and bounds_of(_neighbour(middle, 0, -1)).south <= wanted.south
        and bounds_of(_neighbour(middle, 1, 0)).east >= wanted.east
        and bounds_of(_neighbour(middle, -1, 0)).west <= wanted.west
    )


def _neighbour(square: Square, right: int, up: int) -> Square:
    """The square to that side; behind the last one the first comes again.

    The eastern and the northern edge of the map lie in squares of their own, behind the last ones. Redis brings their
    number back into the map only in the direction in which it moves, and so does this.
    """
    row, column = _separated(square.bits)
    mask = (1 << square.steps) - 1
    if up:
        row = (row + up) & mask
    if right:
        column = (column + right) & mask
    return Square(_interleaved(row, column), square.steps)
