"""writes passwords into the slow log"""

from miniredis import slowlog

STAGE = "mini.slowlog"


def spoil() -> None:
    def as_typed(command: object, args: list[bytes]) -> list[bytes]:
        return args

    slowlog.without_secrets = as_typed
