"""makes a copy that is the same object under two names"""

from miniredis.commands import keys
from miniredis.values import Value

STAGE = "mini.copy"


def spoil() -> None:
    class Copying:
        @staticmethod
        def deepcopy(value: Value) -> Value:
            return value

    keys.copying = Copying
