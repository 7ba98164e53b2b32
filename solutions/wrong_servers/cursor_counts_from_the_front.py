"""walks with a cursor that counts from the front: removing a key lets another slip past"""

from miniredis.values.indexed import Indexed

STAGE = "mini.scan"


def spoil() -> None:
    def scan(self: Indexed[object], cursor: int, count: int) -> tuple[int, list[bytes]]:
        page = self._keys[cursor : cursor + count]
        following = cursor + count
        return (following if following < len(self._keys) else 0), page

    Indexed.scan = scan
