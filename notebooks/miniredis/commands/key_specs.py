"""What a command does to its keys, for COMMAND INFO and COMMAND GETKEYSANDFLAGS.

RO, RW, OW and RM: it reads the value, changes it, overwrites it, removes it. `access`: what is in the value comes
back or is used; `update`, `insert` and `delete` say what becomes of it. Clients that cache or route want to know.
"""

from __future__ import annotations

from miniredis.commands.table import Command
from miniredis.resp import Map, Reply, SetReply, Status

# Command names by the flags of their keys; several groups of keys are separated by "|".
_FLAGS = {
    "RO": "watch xlen memory|usage hexists sismember llen exists touch scard type zcard strlen hstrlen object|freq"
    " object|encoding object|idletime object|refcount hlen",
    "not_key": "sunsubscribe spublish ssubscribe",
    "RW access": "pfcount pfdebug",
    "OW insert": "setnx msetnx",
    "OW update": "restore psetex mset setex",
    "OW update | RO access": "zrangestore bitop zinterstore sinterstore sdiffstore zdiffstore zunionstore sunionstore"
    " geosearchstore",
    "RM delete": "unlink del",
    "RO access": "xreadgroup sort",
    "RO access | OW update": "copy georadius georadiusbymember",
    "RW access delete": "getdel blmpop rpop bzmpop bzpopmax blpop lpop brpop hgetdel bzpopmin lmpop zmpop zpopmax spop"
    " zpopmin",
    "RW access delete | OW insert": "renamenx",
    "RW access delete | OW update": "rename",
    "RW access delete | RW insert": "lmove brpoplpush smove rpoplpush blmove",
    "RW access insert | RO access": "pfmerge",
    "RW access update": "hincrbyfloat decrby getset hincrby getex incrby hgetex move zincrby decr setbit incrbyfloat"
    " incr",
    "RW access update variable_flags": "set bitfield",
    "RW delete": "lrem zremrangebyscore zrem ltrim xgroup|delconsumer xgroup|destroy xdel xautoclaim xtrim xdelex"
    " zremrangebyrank zremrangebylex hdel srem",
    "RW insert": "rpush hsetnx xgroup|createconsumer xgroup|create append lpush sadd lpushx linsert pfadd rpushx",
    "RW update delete": "xackdel",
}
_OF_COMMAND = {name: flags for flags, names in _FLAGS.items() for name in names.split()}


def _groups(entry: Command) -> list[str]:
    usual = "RW update" if entry.writes else "RO access"
    return _OF_COMMAND.get(entry.name, usual).split(" | ")


def key_flags(entry: Command, place: int, count: int) -> list[str]:
    """Return the flags of one of a command's `count` keys."""
    groups = _groups(entry)
    flags = groups[min(place, len(groups) - 1)].split()
    # SET and BITFIELD do less without their options, and are asked here for what they always do.
    return ["OW", "update"] if "variable_flags" in flags else flags


def key_specs(entry: Command) -> list[Reply]:
    """Return where a command's keys are, one map for each group of keys."""
    first, last, step = entry.keys
    if first == 0 and entry.find_keys is None:
        return []
    groups = _groups(entry)
    if entry.find_keys is not None:
        return [_spec(flags, "unknown", Map(), "unknown", Map()) for flags in groups]
    if len(groups) == 1:
        return [
            _spec(groups[0], "index", Map([b"index", first]), "range", _range(last if last < 0 else last - first, step))
        ]
    specs = [
        _spec(flags, "index", Map([b"index", first + place]), "range", _range(0, 1))
        for place, flags in enumerate(groups[:-1])
    ]
    start = first + len(groups) - 1
    rest = _range(last if last < 0 else last - start, step)
    return [*specs, _spec(groups[-1], "index", Map([b"index", start]), "range", rest)]


def _range(last: int, step: int) -> Map:
    return Map([b"lastkey", last, b"keystep", step, b"limit", 0])


def _spec(flags: str, begin: str, where: Map, find: str, how: Map) -> Reply:
    return Map(
        [
            *(b"flags", SetReply(map(Status, flags.split()))),
            *(b"begin_search", Map([b"type", begin.encode(), b"spec", where])),
            *(b"find_keys", Map([b"type", find.encode(), b"spec", how])),
        ]
    )
