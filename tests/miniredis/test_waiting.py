"""Clients that wait, seen from inside: the lines they stand in, and what is left of them."""

from miniredis import commands
from miniredis.config import Config
from miniredis.connection import Client
from miniredis.resp import NO_REPLY, Args, Reply
from miniredis.server import Server

assert commands.__all__  # importing them registers them


class Recorder(Client):
    """A client without a socket that may wait all the same and keeps what it is sent."""

    def __init__(self, server: Server) -> None:
        super().__init__(server, None)
        self.received: list[Reply] = []

    @property
    def may_block(self) -> bool:
        return not self.in_exec

    def send(self, reply: Reply) -> None:
        if reply is not NO_REPLY:
            self.received.append(reply)


def run(client: Recorder, line: bytes) -> None:
    args: Args = line.split()
    client.send(client.server.process(client, args))


def test_a_served_client_stands_in_no_line() -> None:
    server = Server(Config())
    worker, boss = Recorder(server), Recorder(server)
    run(worker, b"BLPOP a b a 0")
    assert set(server.databases[0].waiting) == {b"a", b"b"}
    run(boss, b"RPUSH b job")
    assert worker.received == [[b"b", b"job"]]
    assert server.databases[0].waiting == {} and worker.wait is None


def test_a_wait_ends_at_its_deadline_and_not_before() -> None:
    server = Server(Config())
    worker = Recorder(server)
    run(worker, b"BLPOP a 0.5")
    deadline = server.blocked.next_deadline()
    assert deadline == server.now + 500
    server.now = deadline - 1
    server.blocked.give_up()
    assert worker.received == []
    server.now = deadline
    server.blocked.give_up()
    assert len(worker.received) == 1
    assert server.databases[0].waiting == {}


def test_the_deadline_of_a_wait_that_is_over_does_not_end_the_next_one() -> None:
    server = Server(Config())
    worker, boss = Recorder(server), Recorder(server)
    run(worker, b"BLPOP a 0.5")
    run(boss, b"RPUSH a job")
    run(worker, b"BLPOP a 0")
    server.now += 1000
    server.blocked.give_up()
    assert worker.received == [[b"a", b"job"]]
    assert worker.wait is not None and server.blocked.next_deadline() is None


def test_a_thousand_waiting_clients_are_served_in_their_order() -> None:
    server = Server(Config())
    boss = Recorder(server)
    workers = [Recorder(server) for _ in range(1000)]
    for worker in workers:
        run(worker, b"BRPOP q 0")
    for number in range(1000):
        run(boss, b"LPUSH q %d" % number)
    order = [int(reply[1]) for worker in workers for reply in worker.received if isinstance(reply, list)]
    assert order == list(range(1000))


def test_a_command_that_is_run_in_vain_has_one_deadline_all_the_time() -> None:
    """XREAD is tried again with each entry, also those that are none for it."""
    server = Server(Config())
    reader, writer = Recorder(server), Recorder(server)
    run(reader, b"XREAD BLOCK 100000 STREAMS s 9-0")
    deadline = server.blocked.next_deadline()
    for number in range(1, 9):
        run(writer, b"XADD s %d-1 f v" % number)
    assert (reader.received, len(server.blocked._deadlines)) == ([], 1)
    assert server.blocked.next_deadline() == deadline
    run(writer, b"XADD s 9-1 f v")
    assert len(reader.received) == 1


def test_who_hangs_up_leaves_all_lines() -> None:
    server = Server(Config())
    worker, boss = Recorder(server), Recorder(server)
    run(worker, b"BLPOP a b 0")
    worker.close()
    run(boss, b"RPUSH a job")
    assert server.databases[0].waiting == {}
    assert boss.received == [1] and worker.received == []
