"""``python -m miniredis [redis.conf] --port 6390 …``"""

from __future__ import annotations

import sys

from miniredis import commands
from miniredis.config import BadSetting, from_arguments
from miniredis.persistence.aof import CannotGoOn
from miniredis.persistence.encodings import BadFile
from miniredis.server import serve, start


def main() -> int:
    """Serve; 0 after a graceful end, 1 when the settings or the address are not right."""
    assert commands.__all__
    try:
        server = start(from_arguments(sys.argv[1:]))
    except (BadSetting, BadFile, OSError) as error:
        print(f"miniredis cannot start: {error}", file=sys.stderr)
        return 1
    try:
        serve(server)
    except CannotGoOn as error:
        print(f"miniredis cannot go on: {error}", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
