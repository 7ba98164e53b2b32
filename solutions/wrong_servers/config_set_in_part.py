"""changes the settings in front of the one that is wrong"""

from collections.abc import Mapping

from miniredis.config import Config

STAGE = "mini.config-set"


def spoil() -> None:
    change = Config.change

    def one_by_one(self: Config, texts: Mapping[str, str]) -> Mapping[str, object]:
        before: dict[str, object] = {}
        for name, text in texts.items():
            before.update(change(self, {name: text}))
        return before

    Config.change = one_by_one
