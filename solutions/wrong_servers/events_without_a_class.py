"""publishes every event of a key, whatever classes were asked for"""

from miniredis import notifications

STAGE = "mini.notify"


def spoil() -> None:
    classes = notifications.classes

    def all_of_them(setting: str) -> str:
        return classes("A" + setting)

    notifications.classes = all_of_them
