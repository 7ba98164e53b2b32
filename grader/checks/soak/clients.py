"""The clients of a soak, each kind with habits of its own. Every one runs in a thread until it is told to stop.

Most have a `Mind` that decides what to send and judges what comes back. They differ in how they send: in long
pipelines, cut into pieces, through redis-py, on connections that last for a moment. Others have one thing to do: to
wait for one another, or to send what is no RESP at all.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import hiredis
import redis
import redis.asyncio

from grader.checks.soak.line import PATIENCE, Line, Lost, encode
from grader.checks.soak.mind import Mind, steps_of
from grader.checks.soak.tally import Lacking, Tally
from grader.checks.soak.work import Argument, Step, Work, lacks

_PLAIN = re.compile(rb"[A-Za-z0-9:(.#+-]+")
_MOST_BROKEN = 5  # connections that break before a client gives up


@dataclass(frozen=True, slots=True)
class Scene:
    """What all clients share.

    Attributes:
        url: of the server.
        home: what all keys begin with.
        families: what to do.
        seed: of all random numbers.
        stop: set when it is time to go.
        lacking: what the server cannot do.
    """

    url: str
    home: str
    families: Sequence[type[Work]]
    seed: int
    stop: threading.Event
    lacking: Lacking

    def chance(self, name: str) -> random.Random:
        """The random numbers of one client."""
        return random.Random(f"{self.seed} {name}")

    def mind(self, name: str) -> Mind:
        """A mind with keys of its own."""
        return Mind(f"{self.home}:{name}".encode(), self.families, self.chance(name), self.lacking)


class Client(ABC):
    """One client. `number` tells it from the others of the soak."""

    kind: str

    def __init__(self, scene: Scene, number: int) -> None:
        self.scene = scene
        self.number = number
        self.chance = scene.chance(f"{self.kind} {number}")
        self._is_done = False  # there is nothing left that it could do

    @property
    @abstractmethod
    def tallies(self) -> list[Tally]:
        """What has been done."""

    def farewell(self) -> list[Step]:
        """Remove what is left of it on the server."""
        return []

    def run(self) -> None:
        """Go on until the scene stops, or there is no server any more."""
        broken = 0
        while not (self.scene.stop.is_set() or self._is_done or broken == _MOST_BROKEN):
            try:
                self.turn()
            except (OSError, redis.RedisError) as error:
                broken += 1
                self.tallies[0].add_wrong("connection", (f"a {self.kind}",), "to be served", error)
                self.begin_again()
        self.leave()

    @abstractmethod
    def turn(self) -> None:
        """Do some work: a fraction of a second."""

    @abstractmethod
    def begin_again(self) -> None:
        """The connection broke: next time, start from nothing."""

    @abstractmethod
    def leave(self) -> None:
        """Hang up."""


class _WithLine(Client):
    """A client with a mind and a connection of plain bytes."""

    def __init__(self, scene: Scene, number: int) -> None:
        super().__init__(scene, number)
        self.mind = scene.mind(str(number))
        self.protocol = 2
        self._line: Line | None = None

    @property
    def tallies(self) -> list[Tally]:
        return [self.mind.tally]

    def farewell(self) -> list[Step]:
        return self.mind.farewell()

    def line(self) -> Line:
        if self._line is None:
            self._line = Line(self.scene.url, self.protocol)
            self.mind.tally.connections += 1
        return self._line

    def leave(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def begin_again(self) -> None:
        self.leave()
        self.mind.start_over()

    def exchange(self, steps: int, send: Callable[[Line, list[Step]], None]) -> None:
        """Draw operations, send them in one way or another, read and judge the replies."""
        line = self.line()
        drawn = self.mind.draw(steps)
        sent = steps_of(drawn)
        send(line, sent)
        if not self.mind.judge(drawn, [line.reply() for _ in sent]):
            self.leave()


class Pipeliner(_WithLine):
    """Sends a hundred commands at once. Every other one speaks RESP3. Connects anew now and then."""

    kind = "pipeliner"

    def __init__(self, scene: Scene, number: int) -> None:
        super().__init__(scene, number)
        self.protocol = 2 + number % 2 if not _lacks_hello(scene) else 2

    def turn(self) -> None:
        for _ in range(100):
            if self.scene.stop.is_set():
                return
            self.exchange(100, lambda line, steps: line.send(b"".join([encode(each.args) for each in steps])))
        self.leave()


class Cutter(_WithLine):
    """Sends commands cut anywhere, byte by byte, or typed in a line where they can be; their names in small letters."""

    kind = "cutter"

    def turn(self) -> None:
        self.exchange(20, self._in_pieces)

    def _in_pieces(self, line: Line, steps: list[Step]) -> None:
        commands = [(str(each.args[0]).lower(), *each.args[1:]) for each in steps]
        data = b"".join([_typed(args) or encode(args) for args in commands])
        if len(data) < 600:
            cuts = list(range(len(data) + 1))
        else:
            cuts = sorted({0, len(data), *(self.chance.randrange(len(data)) for _ in range(12))})
        for start, end in itertools.pairwise(cuts):
            line.send(data[start:end])


class Passer(_WithLine):
    """Connects, does a little, and goes; half of the time in the middle of a command, which must not be carried out."""

    kind = "passer-by"

    def turn(self) -> None:
        self.exchange(5, lambda line, steps: line.send(b"".join([encode(each.args) for each in steps])))
        if self.chance.random() < 0.5:
            command = encode(("SET", f"{self.scene.home}:never", "x" * 100))
            self.line().send(command[: self.chance.randrange(1, len(command))])
            self.mind.tally.cut += 1
        self.leave()


class Talker(Client):
    """redis-py as most programs use it: a command, a reply; and a pipeline now and then."""

    kind = "redis-py"

    def __init__(self, scene: Scene, number: int) -> None:
        super().__init__(scene, number)
        self.mind = scene.mind(str(number))
        self._client: redis.Redis | None = None

    @property
    def tallies(self) -> list[Tally]:
        return [self.mind.tally]

    def farewell(self) -> list[Step]:
        return self.mind.farewell()

    def turn(self) -> None:
        client = self._client or self._connect()
        drawn = self.mind.draw(30)
        usable = self.mind.judge(drawn, [_told(client, each.args) for each in steps_of(drawn)])
        # redis-py has ideas of its own about WATCH in a pipeline.
        drawn = self.mind.draw(50, without=("transactions",))
        pipe: Any = client.pipeline(transaction=False)
        for each in steps_of(drawn):
            pipe.execute_command(*each.args)
        usable = self.mind.judge(drawn, pipe.execute(raise_on_error=False)) and usable
        if not usable:
            self.leave()

    def _connect(self) -> redis.Redis:
        self._client = redis.Redis.from_url(self.scene.url, single_connection_client=True, **_LIBRARY)
        self._client.response_callbacks.clear()  # replies as they come
        self.mind.tally.connections += 1
        return self._client

    def begin_again(self) -> None:
        self.leave()
        self.mind.start_over()

    def leave(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


class AsyncTalkers(Client):
    """redis-py's asyncio side: several tasks in one loop, each with a connection and keys of its own."""

    kind = "asyncio redis-py"
    tasks = 6

    def __init__(self, scene: Scene, number: int) -> None:
        super().__init__(scene, number)
        self.minds = [scene.mind(f"{number}.{task}") for task in range(self.tasks)]

    @property
    def tallies(self) -> list[Tally]:
        return [mind.tally for mind in self.minds]

    def farewell(self) -> list[Step]:
        return [step for mind in self.minds for step in mind.farewell()]

    def turn(self) -> None:
        asyncio.run(self._together())
        self._is_done = True

    async def _together(self) -> None:
        async with asyncio.TaskGroup() as group:
            for mind in self.minds:
                group.create_task(self._talk(mind))

    async def _talk(self, mind: Mind) -> None:
        broken = 0
        while not self.scene.stop.is_set() and broken < _MOST_BROKEN:
            try:
                await self._talk_on_one_connection(mind)
            except (OSError, redis.RedisError) as error:
                broken += 1
                mind.tally.add_wrong("connection", (f"a task of {self.kind}",), "to be served", error)
                mind.start_over()

    async def _talk_on_one_connection(self, mind: Mind) -> None:
        client = redis.asyncio.Redis.from_url(self.scene.url, single_connection_client=True, **_LIBRARY)
        client.response_callbacks.clear()
        mind.tally.connections += 1
        usable = True
        async with client:
            while usable and not self.scene.stop.is_set():
                drawn = mind.draw(20)
                usable = mind.judge(drawn, [await _told_later(client, each.args) for each in steps_of(drawn)])

    def begin_again(self) -> None:
        """Every task does so for itself."""

    def leave(self) -> None:
        """Every task has closed its client."""


class Pair(Client):
    """Two connections that wait for one another: one publishes or pushes what the other listens or blocks for."""

    kind = "pair"

    def __init__(self, scene: Scene, number: int) -> None:
        super().__init__(scene, number)
        self.tally = Tally()
        self._lines: list[Line] = []
        self._name = f"{scene.home}:pair:{number}"
        self._can = [self._hand_over, self._publish]

    @property
    def tallies(self) -> list[Tally]:
        return [self.tally]

    def turn(self) -> None:
        while len(self._lines) < 2:
            self._lines.append(Line(self.scene.url))
            self.tally.connections += 1
        self.chance.choice(self._can)(*self._lines)

    def _hand_over(self, one: Line, two: Line) -> None:
        items = [f"item {n}" for n in range(self.chance.randint(1, 5))]
        one.send(b"".join([encode(("BLPOP", self._name, 10)) for _ in items]))
        two.send(b"".join([encode(("RPUSH", self._name, item)) for item in items]))
        pushed = [two.reply() for _ in items]
        got = [one.reply() for _ in items]
        if self._not_there("blocking", self._hand_over, "BLPOP", *got, *pushed):
            return
        self._judge(
            "blocking", ("BLPOP", self._name, 10), [[self._name.encode(), each.encode()] for each in items], got
        )

    def _publish(self, one: Line, two: Line) -> None:
        channel = self._name.encode()
        texts = [f"message {n}".encode() for n in range(self.chance.randint(1, 20))]
        one.send(encode(("SUBSCRIBE", channel)))
        subscribed = one.reply()
        if self._not_there("pub/sub", self._publish, "SUBSCRIBE", subscribed):
            return
        self._judge("pub/sub", ("SUBSCRIBE", channel), [b"subscribe", channel, 1], subscribed)
        two.send(b"".join([encode(("PUBLISH", channel, text)) for text in texts]))
        heard = [two.reply() for _ in texts]
        if self._not_there("pub/sub", self._publish, "PUBLISH", *heard):
            return
        self._judge("pub/sub", ("PUBLISH", channel), [1] * len(texts), heard)
        came = [one.reply() for _ in texts]
        self._judge("pub/sub", ("(messages)", channel), [[b"message", channel, text] for text in texts], came)
        one.send(encode(("UNSUBSCRIBE", channel)))
        self._judge("pub/sub", ("UNSUBSCRIBE", channel), [b"unsubscribe", channel, 0], one.reply())

    def _judge(self, family: str, sent: Sequence[Argument], expected: object, got: object) -> None:
        self.tally.operations[family] += len(got) if isinstance(got, list) and isinstance(got[0], list) else 1
        if got != expected:
            self.tally.add_wrong(family, sent, expected, got)
            self.begin_again()

    def _not_there(self, family: str, what: Callable[[Line, Line], None], command: str, *replies: Any) -> bool:
        reason = next(filter(None, map(lacks, replies)), "")
        if not reason:
            return False
        self.scene.lacking.add(family, command.lower(), command, reason)
        self._can = [each for each in self._can if each != what]
        self._is_done = not self._can
        self.leave()
        return True

    def farewell(self) -> list[Step]:
        return [Step(("DEL", self._name), None)]

    def begin_again(self) -> None:
        # A new name: what is left of the old one is not to be met again.
        self._name += "'"
        self.leave()

    def leave(self) -> None:
        for line in self._lines:
            line.close()
        self._lines.clear()


class Vandal(Client):
    """Sends what is no RESP. The server must say so, hang up on this one, and be there for all others."""

    kind = "vandal"
    nonsense = (
        b"*abc\r\n",
        b"*1\r\nPING\r\n",
        b"*1\r\n$-7\r\n",
        b"*1\r\n$999999999999\r\n",
        b'PING "unbalanced\r\n',
        b"*2\r\n$4\r\nPING\r\n!3\r\nabc\r\n",
    )

    def __init__(self, scene: Scene, number: int) -> None:
        super().__init__(scene, number)
        self.tally = Tally()

    @property
    def tallies(self) -> list[Tally]:
        return [self.tally]

    def turn(self) -> None:
        self.scene.stop.wait(0.02)  # a vandal is not what a soak is about
        line = Line(self.scene.url)
        self.tally.connections += 1
        nonsense = self.chance.choice(self.nonsense)
        try:
            line.send(encode(("PING",)) + nonsense)
            said = line.to_the_end()
        finally:
            line.close()
        self.tally.operations["nonsense"] += 1
        self.tally.nonsense += 1
        if not re.fullmatch(rb"\+PONG\r\n-ERR Protocol error: [^\r\n]+\r\n", said):
            self.tally.add_wrong("nonsense", (nonsense,), "PONG, a protocol error, and the end", said)

    def begin_again(self) -> None:
        """Every time is a new one."""

    def leave(self) -> None:
        """It is hung up on."""


_TROUPE: tuple[type[Client], ...] = (
    Pipeliner, Pipeliner, Talker, Cutter, Pipeliner, Pipeliner, AsyncTalkers, Passer, Pair, Vandal,
)  # fmt: skip


def troupe(scene: Scene, count: int) -> list[Client]:
    """`count` clients of all kinds."""
    return [_TROUPE[number % len(_TROUPE)](scene, number) for number in range(count)]


_LIBRARY: dict[str, Any] = {
    "protocol": 2,
    "retry": None,
    "driver_info": None,
    "socket_timeout": PATIENCE,
}


def _told(client: Any, args: Sequence[Argument]) -> Any:
    try:
        return client.execute_command(*args)
    except redis.ResponseError as error:
        return error


async def _told_later(client: Any, args: Sequence[Argument]) -> Any:
    try:
        return await client.execute_command(*args)
    except redis.ResponseError as error:
        return error


def _typed(args: Sequence[Argument]) -> bytes:
    """The command as a line, b"" where it cannot be typed without quotes."""
    words = [arg if isinstance(arg, bytes) else str(arg).encode() for arg in args]
    return b" ".join(words) + b"\r\n" if all(map(_PLAIN.fullmatch, words)) else b""


def _lacks_hello(scene: Scene) -> bool:
    return ("connection", "hello") in scene.lacking


def try_hello(scene: Scene) -> None:
    """See whether the server speaks RESP3."""
    try:
        Line(scene.url, 3).close()
    except hiredis.ReplyError as error:
        scene.lacking.add("connection", "hello", "HELLO 3", lacks(error) or "unknown")
    except Lost as error:
        scene.lacking.add("connection", "hello", "HELLO 3", str(error))
