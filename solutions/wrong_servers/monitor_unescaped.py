"""shows the arguments of commands to MONITOR as they are, line ends included"""

from miniredis import monitor

STAGE = "mini.monitor"


def spoil() -> None:
    def bare(text: bytes) -> str:
        return '"' + text.decode("latin-1") + '"'

    monitor.quoted = bare
