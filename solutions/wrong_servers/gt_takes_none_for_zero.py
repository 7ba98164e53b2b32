"""takes "no end" for the moment 0, so that EXPIRE … GT gives an end to a key that had none"""

from miniredis.commands import expire

STAGE = "mini.expire-conditions"


def spoil() -> None:
    allowed = expire.allowed

    def none_is_zero(words: set[bytes], when: int, current: int | None) -> bool:
        if current is None and words == {b"GT"}:
            return True
        return allowed(words, when, current)

    expire.allowed = none_is_zero
