"""The families of commands that a soak exercises, one a module."""

from grader.checks.soak.families.bitmaps import Bitmaps
from grader.checks.soak.families.blunders import Blunders
from grader.checks.soak.families.connection import Connection
from grader.checks.soak.families.geo import Geo
from grader.checks.soak.families.hashes import Hashes
from grader.checks.soak.families.hyperloglog import HyperLogLogs
from grader.checks.soak.families.keys import Keys
from grader.checks.soak.families.lists import Lists
from grader.checks.soak.families.sets import Sets
from grader.checks.soak.families.sorted_sets import SortedSets
from grader.checks.soak.families.streams import Streams
from grader.checks.soak.families.strings import Strings
from grader.checks.soak.families.transactions import Transactions
from grader.checks.soak.work import Work

FAMILIES: tuple[type[Work], ...] = (
    Connection,
    Strings,
    Keys,
    Lists,
    Sets,
    Hashes,
    SortedSets,
    Bitmaps,
    HyperLogLogs,
    Geo,
    Streams,
    Transactions,
    Blunders,
)

__all__ = ["FAMILIES"]
