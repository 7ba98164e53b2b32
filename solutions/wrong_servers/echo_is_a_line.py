"""answers ECHO with a simple string: it works for a word, and falls apart with the first line end in a value"""

from miniredis.commands.table import COMMANDS
from miniredis.resp import Raw

STAGE = "mini.echo"


def spoil() -> None:
    COMMANDS[b"ECHO"].handler = lambda client, args: Raw(b"+%b\r\n" % args[1])
