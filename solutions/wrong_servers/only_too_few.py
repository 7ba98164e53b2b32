"""refuses too few arguments and takes too many: what is too much is dropped without a word"""

from miniredis.commands.table import Command

STAGE = "mini.arity"


def spoil() -> None:
    Command.fits = lambda self, count: count >= abs(self.arity)
