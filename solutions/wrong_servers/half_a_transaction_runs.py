"""runs the commands behind a MULTI of its append-only file as they come, EXEC or not"""

from miniredis.persistence import replay
from miniredis.resp import Args

STAGE = "mini.aof-truncated"


def spoil() -> None:
    read = replay.read_command

    def without_transactions(data: bytes, at: int) -> tuple[Args, int]:
        args, behind = read(data, at)
        return ([] if args and args[0].upper() in (b"MULTI", b"EXEC") else args), behind

    replay.read_command = without_transactions
