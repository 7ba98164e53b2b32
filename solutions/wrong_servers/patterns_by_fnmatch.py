"""matches names with Python's fnmatch, which knows no backslash and writes [^a] as [!a]"""

import fnmatch
import re
from collections.abc import Callable

from miniredis.commands import scan

STAGE = "mini.keys"


def spoil() -> None:
    def matcher(pattern: bytes) -> Callable[[bytes], object]:
        return re.compile(fnmatch.translate(pattern.decode("latin-1")).encode("latin-1")).match

    scan.matcher = matcher
