"""confirms SUBSCRIBE once, however many channels it names"""

from miniredis.commands import pubsub
from miniredis.connection import Client
from miniredis.resp import NO_REPLY

STAGE = "mini.subscribe"


def spoil() -> None:
    def once(client: Client, args: list[bytes], mine: dict[bytes, None], listeners: object) -> object:
        for name in args[1:]:
            mine[name] = None
            pubsub.pubsub.add(listeners, name, client)
        pubsub._confirm(client, args[0], args[-1], mine)
        client.session_changed()
        return NO_REPLY

    pubsub._listen = once
