"""lets BLPOP wait within EXEC, which then has no reply"""

from miniredis.connection import Client

STAGE = "mini.blocking-exec"


def spoil() -> None:
    Client.may_block = property(lambda self: self.socket is not None)
