"""takes the seconds of EX and SETEX for milliseconds"""

from miniredis.commands import strings
from miniredis.commands.strings import Options
from miniredis.connection import Client

STAGE = "mini.setex"


def spoil() -> None:
    end_of = strings.end_of

    def too_soon(client: Client, command: str, options: Options) -> int | None:
        if options.unit == b"EX":
            options.unit = b"PX"
        return end_of(client, command, options)

    strings.end_of = too_soon
