"""keeps clients in line that have hung up while they waited, and gives them elements nobody will read"""

from miniredis.connection import Client
from miniredis.server import Server

STAGE = "mini.blocking-serve"


def spoil() -> None:
    forget = Server.forget

    def forget_all_but_the_wait(self: Server, client: Client) -> None:
        wait, client.wait = client.wait, None
        forget(self, client)
        client.wait = wait

    Server.forget = forget_all_but_the_wait
