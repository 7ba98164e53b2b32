"""Places on the globe, kept in sorted sets: the score of a member is its geohash (`values.geohash`)."""

from __future__ import annotations

from dataclasses import dataclass, field

from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.score_arguments import score
from miniredis.commands.sorted_set_ranges import store
from miniredis.commands.sorted_sets import zadd
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.resp import NULL_ARRAY, Args, CommandError, Reply
from miniredis.values import SortedSet
from miniredis.values.geohash import (
    LATITUDES,
    LONGITUDES,
    Area,
    Place,
    decode,
    encode,
    metres,
    squares_around,
    text,
)

_UNITS = {b"M": 1.0, b"KM": 1000.0, b"FT": 0.3048, b"MI": 1609.34}
_NO_MEMBER = "ERR could not decode requested zset member"


def read_place(args: Args, at: int) -> Place:
    """Read a longitude and a latitude."""
    longitude, latitude = score(args[at]), score(args[at + 1])
    if not (LONGITUDES[0] <= longitude <= LONGITUDES[1] and LATITUDES[0] <= latitude <= LATITUDES[1]):
        raise CommandError(f"ERR invalid longitude,latitude pair {longitude:.6f},{latitude:.6f}")
    return Place(longitude, latitude)


def read_unit(arg: bytes) -> float:
    """Read a unit of length; how many metres it is."""
    unit = _UNITS.get(arg.upper())
    if unit is None:
        raise CommandError("ERR unsupported unit provided. please use M, KM, FT, MI")
    return unit


def write_distance(distance: float) -> bytes:
    """Return a distance with four digits behind the point."""
    return b"%d.%04d" % divmod(round(distance * 10_000), 10_000)


@command("GEOADD", arity=-5, flags="write denyoom", keys=(1, 1, 1), since="3.2.0")
def geoadd(client: Client, args: Args) -> Reply:
    """GEOADD key [NX | XX] [CH] longitude latitude member […]: a ZADD with places for scores."""
    raise NotImplementedError("mini.geoadd")  # course hint mini.geoadd


@command("GEOPOS", arity=-2, flags="readonly", keys=(1, 1, 1), since="3.2.0")
def geopos(client: Client, args: Args) -> Reply:
    """GEOPOS key [member …]: longitude and latitude of each, as exactly as 52 bits can say."""
    raise NotImplementedError("mini.geoadd")  # course hint mini.geoadd


def _place_of(value: SortedSet | None, member: bytes) -> Place | None:
    found = None if value is None else value.score(member)
    return None if found is None else decode(found)


@command("GEOHASH", arity=-2, flags="readonly", keys=(1, 1, 1), since="3.2.0")
def geohash(client: Client, args: Args) -> Reply:
    """GEOHASH key [member …]: the eleven letters of each that other programs know a place by."""
    raise NotImplementedError("mini.geohash")  # course hint mini.geohash


@command("GEODIST", arity=-4, flags="readonly", keys=(1, 1, 1), since="3.2.0")
def geodist(client: Client, args: Args) -> Reply:
    """GEODIST key member member [M | KM | FT | MI]: how far apart they are, in metres or that unit."""
    raise NotImplementedError("mini.geodist")  # course hint mini.geodist


# Searching


@dataclass(slots=True)
class Found:
    """A place that was found: metres from the middle."""

    distance: float
    place: Place
    score: float
    member: bytes


@dataclass(slots=True)
class Search:
    """What a search asks for.

    Attributes:
        value: the places; None where the key is not there: then everything is read, and nothing found.
        center: the middle; None for a member of a key that is not there.
        centered: whether a middle was named.
        width, height, round: see `Area`, in metres; `width` is None while it was not said.
        unit: in which distances are shown.
        order: "ASC", "DESC", or nothing for the order in which they are found.
        count: at most so many; 0 for all.
        any: the first that are found will do, instead of the nearest.
        shown: what to show besides the members: WITHDIST, WITHHASH, WITHCOORD.
        target: the key under which to store what is found.
        store_distances: with their distances for scores.
    """

    value: SortedSet | None
    center: Place | None = None
    centered: bool = False
    width: float | None = None
    height: float = 0.0
    round: bool = True
    unit: float = 1.0
    order: bytes = b""
    count: int = 0
    any: bool = False
    shown: set[bytes] = field(default_factory=set)
    target: bytes | None = None
    store_distances: bool = False

    def start_at(self, member: bytes) -> None:
        """Take the place of a member as the middle."""
        self.centered = True
        if self.value is not None:
            self.center = _place_of(self.value, member)
            if self.center is None:
                raise CommandError(_NO_MEMBER)

    def read_radius(self, args: Args, at: int) -> None:
        """Read a radius and its unit."""
        radius = score(args[at], "ERR need numeric radius")
        if radius < 0:
            raise CommandError("ERR radius cannot be negative")
        self.unit = read_unit(args[at + 1])
        self.width, self.height, self.round = radius * self.unit, 0.0, True

    def read_box(self, args: Args, at: int) -> None:
        """Read a width, a height and their unit."""
        width = score(args[at], "ERR need numeric width")
        height = score(args[at + 1], "ERR need numeric height")
        if width < 0 or height < 0:
            raise CommandError("ERR height or width cannot be negative")
        self.unit = read_unit(args[at + 2])
        self.width, self.height, self.round = width * self.unit, height * self.unit, False


def _read_common(search: Search, args: Args, at: int) -> int:
    """Read the option at `at` that all searches know; the place behind it, or `at` where it is none."""
    raise NotImplementedError("mini.geosearch")  # course hint mini.geosearch


def _run(client: Client, search: Search, name: str, event: str) -> Reply:
    """Check that the options go together, search, and reply or store."""
    raise NotImplementedError("mini.geosearch")  # course hint mini.geosearch


def _find(search: Search) -> list[Found]:
    """Look through the squares around the middle; with ANY only until enough are found."""
    raise NotImplementedError("mini.geosearch")  # course hint mini.geosearch


def _in_square(value: SortedSet, least: int, behind: int) -> list[tuple[float, bytes]]:
    """The members whose scores are at least `least` and below `behind`. O(log n) and those."""
    start = value.count_before(least, False, _score_of)
    return value.between(start, value.count_before(behind, False, _score_of))


def _score_of(pair: tuple[float, bytes]) -> float:
    return pair[0]


def _sorted(search: Search, found: list[Found]) -> list[Found]:
    """In the order that was asked for, and no more than were asked for: the nearest, if nothing else was said."""
    raise NotImplementedError("mini.geosearch")  # course hint mini.geosearch


def _show(search: Search, found: Found) -> Reply:
    raise NotImplementedError("mini.geosearch")  # course hint mini.geosearch


def _store(client: Client, key: bytes, search: Search, found: list[Found], event: str) -> int:
    """Keep what was found as places, or with their distances for scores."""
    raise NotImplementedError("mini.geosearchstore")  # course hint mini.geosearchstore


@command("GEOSEARCH", arity=-7, flags="readonly", keys=(1, 1, 1), since="6.2.0")
def geosearch(client: Client, args: Args) -> Reply:
    """GEOSEARCH key FROMMEMBER … | FROMLONLAT … BYRADIUS … | BYBOX … [ASC | DESC] [COUNT n [ANY]] [WITH…]: who is near.

    The middle is a member or a longitude and a latitude; the area a radius or a width and a height, and a unit. With
    WITHCOORD, WITHDIST and WITHHASH each comes with its place, its distance, its score.
    """
    search = Search(client.db.read(args[1], SortedSet))
    _read_search(search, args, 2)
    return _run(client, search, _named(args), "")


@command("GEOSEARCHSTORE", arity=-8, flags="write denyoom", keys=(1, 2, 1), since="6.2.0")
def geosearchstore(client: Client, args: Args) -> Reply:
    """GEOSEARCHSTORE destination source … [STOREDIST]: store what GEOSEARCH finds, as places or distances. How many."""
    search = Search(client.db.read(args[2], SortedSet), target=args[1])
    _read_search(search, args, 3)
    return _run(client, search, _named(args), "geosearchstore")


def _named(args: Args) -> str:
    """The command as it was typed, for error texts."""
    return args[0].decode("latin-1")


def _read_search(search: Search, args: Args, at: int) -> None:
    """Read the options of GEOSEARCH and GEOSEARCHSTORE."""
    raise NotImplementedError("mini.geosearch")  # course hint mini.geosearch


# The older forms


def _radius(client: Client, args: Args, by_member: bool, storing: bool) -> Reply:
    """GEORADIUS and GEORADIUSBYMEMBER: the middle and the radius first, then options, one of which stores."""
    raise NotImplementedError("mini.georadius")  # course hint mini.georadius


def _keys_of_radius(args: Args) -> list[bytes]:
    """The source, and what stands behind the last STORE or STOREDIST."""
    targets = {args[at].upper(): args[at + 1] for at in range(5, len(args) - 1)}
    return args[1:2] + [targets[word] for word in (b"STORE", b"STOREDIST") if word in targets]


@command(
    "GEORADIUS",
    arity=-6,
    flags="write denyoom",
    keys=(1, 1, 1),
    find_keys=_keys_of_radius,
    since="3.2.0",
)
def georadius(client: Client, args: Args) -> Reply:
    """GEORADIUS key longitude latitude radius unit [WITH…] [COUNT n [ANY]] [ASC | DESC] [STORE key | STOREDIST key]."""
    return _radius(client, args, by_member=False, storing=True)


@command("GEORADIUS_RO", arity=-6, flags="readonly", keys=(1, 1, 1), since="3.2.10")
def georadius_ro(client: Client, args: Args) -> Reply:
    """GEORADIUS_RO key longitude latitude radius unit [WITH…] [COUNT n [ANY]] [ASC | DESC]: GEORADIUS without STORE."""
    return _radius(client, args, by_member=False, storing=False)


@command(
    "GEORADIUSBYMEMBER",
    arity=-5,
    flags="write denyoom",
    keys=(1, 1, 1),
    find_keys=_keys_of_radius,
    since="3.2.0",
)
def georadiusbymember(client: Client, args: Args) -> Reply:
    """GEORADIUSBYMEMBER key member radius unit [options of GEORADIUS]: around a member."""
    return _radius(client, args, by_member=True, storing=True)


@command("GEORADIUSBYMEMBER_RO", arity=-5, flags="readonly", keys=(1, 1, 1), since="3.2.10")
def georadiusbymember_ro(client: Client, args: Args) -> Reply:
    """GEORADIUSBYMEMBER_RO key member radius unit [options of GEORADIUS_RO]: around a member, without STORE."""
    return _radius(client, args, by_member=True, storing=False)
