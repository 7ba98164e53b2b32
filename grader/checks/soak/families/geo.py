"""Geo: places on the map, how far apart they are and who is near."""

from __future__ import annotations

import math

from grader.checks.soak.work import Rule, Step, Work, between, step, unordered

_RADIUS = 6372797.560856  # of the earth in metres, as Redis takes it
_COARSE = 0.6  # metres: a place is kept in 52 bits


class Geo(Work):
    """What is known of a key is where each of its places is, longitude and latitude."""

    family = "geo"

    def _start(self) -> None:
        self._maps: dict[bytes, dict[bytes, tuple[float, float]]] = {key: {} for key in self._keys}

    def _some(self) -> tuple[bytes, dict[bytes, tuple[float, float]]]:
        key = self._key()
        return key, self._maps[key]

    def add(self) -> list[Step]:
        key, places = self._some()
        name = self._word()
        where = round(self._chance.uniform(-9, 9), 5), round(self._chance.uniform(40, 55), 5)
        new = name not in places
        places[name] = where
        return [step("GEOADD", key, *where, name, gives=int(new))]

    def distance(self) -> list[Step]:
        key, places = self._some()
        one, two = self._word(), self._word()
        if one not in places or two not in places:
            return [step("GEODIST", key, one, two, gives=None)]
        metres = _metres(places[one], places[two])
        return [step("GEODIST", key, one, two, gives=between(metres - 2 * _COARSE, metres + 2 * _COARSE))]

    def position(self) -> list[Step]:
        key, places = self._some()
        name = self._word()
        if name not in places:
            return [step("GEOPOS", key, name, gives=[None])]
        where = places[name]
        near = Rule(f"near {where}", lambda reply: _metres(where, (float(reply[0][0]), float(reply[0][1]))) < _COARSE)
        return [step("GEOPOS", key, name, gives=near)]

    def search(self) -> list[Step]:
        key, places = self._some()
        centre, radius = (0.0, 47.0), self._chance.randrange(100_000, 900_000)
        far = {name: _metres(where, centre) for name, where in places.items()}
        if any(abs(metres - radius) < _COARSE for metres in far.values()):
            return self.distance()
        within = [name for name, metres in far.items() if metres < radius]
        return [step("GEOSEARCH", key, "FROMLONLAT", *centre, "BYRADIUS", radius, "m", gives=unordered(within))]

    def remove(self) -> list[Step]:
        key, places = self._some()
        if not places:
            return self.add()
        name, _ = places.popitem()
        return [step("ZREM", key, name, gives=1)]


def _metres(one: tuple[float, float], two: tuple[float, float]) -> float:
    """The distance of two places on a sphere, by the haversine formula."""
    (x1, y1), (x2, y2) = [tuple(map(math.radians, place)) for place in (one, two)]
    a = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * _RADIUS * math.asin(math.sqrt(a))
