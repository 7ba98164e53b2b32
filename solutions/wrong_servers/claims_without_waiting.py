"""claims entries however short they have waited"""

from miniredis.commands import stream_claims
from miniredis.connection import Client
from miniredis.values.stream_groups import Consumer, Group, Id

STAGE = "mini.xclaim"


def spoil() -> None:
    claimed = stream_claims._claimed

    def at_once(client: Client, group: Group, id: Id, consumer: Consumer, claim: stream_claims._Claim) -> bool:
        claim.idle = 0
        return claimed(client, group, id, consumer, claim)

    stream_claims._claimed = at_once
