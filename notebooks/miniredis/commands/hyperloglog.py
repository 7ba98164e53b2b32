"""PFADD, PFCOUNT, PFMERGE: counting different things without keeping them. The bytes are in `values.hyperloglog`.

(PF are the initials of Philippe Flajolet, who invented it.)
"""

from __future__ import annotations

from miniredis.commands.strings import changeable
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.resp import OK, Args, CommandError, Reply, Status
from miniredis.values import hyperloglog as hll

NO_HYPERLOGLOG = "WRONGTYPE Key is not a valid HyperLogLog string value."
CORRUPTED = "INVALIDOBJ Corrupted HLL object detected"


@command("PFADD", arity=-2, flags="write denyoom fast", keys=(1, 1, 1), since="2.8.9")
def pfadd(client: Client, args: Args) -> Reply:
    """PFADD key [element …]: let it see elements. 1 if the estimate may have changed, or it is new; else 0."""
    raise NotImplementedError("mini.pfadd")  # course hint mini.pfadd


def _add(client: Client, value: bytearray, element: bytes) -> bool:
    try:
        return hll.add(value, element, _max_sparse(client))
    except hll.Corrupted:
        raise CommandError(CORRUPTED) from None


def _max_sparse(client: Client) -> int:
    return int(client.server.config.get("hll-sparse-max-bytes", 3000))


@command("PFCOUNT", arity=-2, flags="readonly", keys=(1, -1, 1), since="2.8.9")
def pfcount(client: Client, args: Args) -> Reply:
    """PFCOUNT key [key …]: how many different elements they have seen, together. Of one key it is remembered."""
    raise NotImplementedError("mini.pfcount")  # course hint mini.pfcount


@command("PFMERGE", arity=-2, flags="write denyoom", keys=(1, -1, 1), since="2.8.9")
def pfmerge(client: Client, args: Args) -> Reply:
    """PFMERGE destination [source …]: the destination has then seen what it and the sources have seen."""
    raise NotImplementedError("mini.pfmerge")  # course hint mini.pfmerge


def _is_dense(client: Client, key: bytes) -> bool:
    value = _checked(client.db.read_string(key))
    return value is not None and hll.is_dense(value)


def _all_registers(client: Client, keys: Args) -> list[bytes]:
    """Return the registers of those that are there."""
    raise NotImplementedError("mini.pfmerge")  # course hint mini.pfmerge


def _checked(value: bytes | bytearray | None) -> bytes | bytearray | None:
    """Refuse a string that is no HyperLogLog."""
    if value is not None and not hll.is_valid(value):
        raise CommandError(NO_HYPERLOGLOG)
    return value


def _editable(client: Client, key: bytes) -> bytearray | None:
    """Return the HyperLogLog at a key, to be changed; None where there is none."""
    value = _checked(client.db.edit_string(key))
    return None if value is None else changeable(client, key, value)


def _registers(value: bytes | bytearray) -> bytes:
    try:
        return hll.registers(value)
    except hll.Corrupted:
        raise CommandError(CORRUPTED) from None


@command("PFDEBUG", arity=3, flags="write denyoom admin", keys=(2, 2, 1), since="2.8.9")
def pfdebug(client: Client, args: Args) -> Reply:
    """PFDEBUG GETREG|DECODE|ENCODING|TODENSE key: look inside, for those who build one."""
    word, key = args[1].upper(), args[2]
    value = _editable(client, key)
    if value is None:
        raise CommandError("ERR The specified key does not exist")
    if word == b"ENCODING":
        return Status("dense" if hll.is_dense(value) else "sparse")
    if word == b"DECODE":
        if hll.is_dense(value):
            raise CommandError("ERR HLL encoding is not sparse")
        return " ".join(_described(run) for run in hll.runs(value)).encode()
    if word not in (b"GETREG", b"TODENSE"):
        raise CommandError(f"ERR Unknown PFDEBUG subcommand '{args[1].decode('latin-1')}'")
    converted = not hll.is_dense(value)
    ranks = _registers(value)
    if converted:
        hll.become_dense(value)
        client.server.dirty += 1
    return list(ranks) if word == b"GETREG" else int(converted)


def _described(run: hll.Run) -> str:
    if run.value:
        return f"v:{run.value},{run.length}"
    return f"{'Z' if run.end - run.at == 2 else 'z'}:{run.length}"


@command("PFSELFTEST", arity=1, flags="admin", since="2.8.9")
def pfselftest(client: Client, args: Args) -> Reply:
    """PFSELFTEST: whether registers keep what they are given, and ten thousand elements are counted nearly right."""
    value = hll.new()
    for number in range(10_000):
        hll.add(value, b"%d" % number, _max_sparse(client))
    ranks = hll.registers(value)
    error = abs(hll.estimate(ranks) - 10_000) / 10_000
    if hll.pack(ranks) != value[hll.HEADER :] or error > 0.05:
        raise CommandError(f"ERR TESTFAILED error {error:.3f}")
    return OK
