"""counts the channels and patterns that a message went to, and not the clients"""

from miniredis.pubsub import PubSub

STAGE = "mini.publish"


def spoil() -> None:
    publish = PubSub.publish

    def counting(self: PubSub, channel: bytes, message: bytes) -> int:
        return min(publish(self, channel, message), 1)

    PubSub.publish = counting
