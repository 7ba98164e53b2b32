"""rounds what is left of a key's time down to whole seconds"""

from miniredis.commands import expire

STAGE = "mini.expire"


def spoil() -> None:
    expire._in_seconds = lambda milliseconds: milliseconds if milliseconds < 0 else milliseconds // 1000
