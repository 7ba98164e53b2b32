"""sends a message once to a client that listens to it in several ways"""

from miniredis import pubsub
from miniredis.glob import matches

STAGE = "mini.psubscribe"


def spoil() -> None:
    def once(self: pubsub.PubSub, channel: bytes, message: bytes) -> int:
        direct = self.channels.get(channel, {})
        told = pubsub._tell(direct, [b"message", channel, message])
        heard = set(direct)
        for pattern, clients in self.patterns.items():
            if matches(pattern, channel):
                new = [client for client in clients if client not in heard]
                heard.update(new)
                told += pubsub._tell(new, [b"pmessage", pattern, channel, message])
        return told

    pubsub.PubSub.publish = once
