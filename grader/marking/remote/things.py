"""What a check hands to an answer, as references; and what a worker asks to be done with it."""

from __future__ import annotations

import base64
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import redis

from grader.inside.channel import Message
from grader.inside.values import BadValue, Reference, decode, encode
from grader.marking.remote.tunnels import Tunnels
from grader.wire.race.stage import staged

_OPTIONS = (
    "db",
    "decode_responses",
    "encoding",
    "encoding_errors",
    "protocol",
    "socket_timeout",
    "client_name",
)
_SOCKET_METHODS = frozenset({"sendall", "send", "recv", "settimeout", "gettimeout", "shutdown", "close"})
_CLOCKS = frozenset({"time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns"})


_TIME = time.time


def own_time() -> bool:
    """Whether this thread's time is not the machine's: a stage's, or what a check has put in its place."""
    return staged()[0] or time.time is not _TIME


class Things:
    """The things of one worker's conversation.

    Args:
        resolve: what a reference to something of the worker's own becomes here.
        refer: the reference of such a thing, None for all others.
    """

    def __init__(self, resolve: Callable[[Reference], Any], refer: Callable[[object], Reference | None]) -> None:
        self._resolve_theirs = resolve
        self._refer_theirs = refer
        self._things: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self.tunnels = Tunnels(self._client)
        self._doing: dict[str, Callable[[Message], Message]] = {
            "connect": self.tunnels.connect,
            "send": self.tunnels.send,
            "receive": self.tunnels.receive,
            "ready": self.tunnels.ready,
            "close": self.tunnels.close,
            "invoke": self._invoke,
            "next": self._next,
            "socket": self._socket,
            "sleep": self._sleep,
            "clock": self._clock,
            "chance": self._chance,
        }

    def encoded(self, value: object) -> Any:
        """`value` of a check's, to be sent.

        Raises:
            TypeError: for a thing that nothing can stand in for: the check hands over something new.
        """
        return encode(value, self._refer)

    def decoded(self, data: Any) -> Any:
        """What a worker sent, as plain values and harmless objects.

        Raises:
            BadValue: for what no worker of ours sends.
        """
        return decode(data, self._resolve)

    def do(self, message: Message) -> Message:
        """What the worker asks for.

        Raises:
            BadValue: for what no worker of ours asks.
            Exception: whatever the thing itself raises, for the answer to deal with.
        """
        doing = self._doing.get(message.get("op", ""))
        if doing is None:
            raise BadValue("asks for something that there is not")
        return doing(message)

    def _refer(self, value: object) -> Reference:
        theirs = self._refer_theirs(value)
        if theirs is not None:
            return theirs
        known = self._numbers.get(id(value))
        if known is not None and self._things[known] is value and not isinstance(value, random.Random):
            return {"n": known, **self._described(value)}
        number = len(self._things) + 1
        described = self._described(value)
        self._things[number] = value
        self._numbers[id(value)] = number
        return {"n": number, **described}

    def _described(self, value: object) -> Reference:
        if isinstance(value, redis.Redis):
            options = value.connection_pool.connection_kwargs
            return {"kind": "redis", "options": {k: options[k] for k in _OPTIONS if k in options}}
        if isinstance(value, socket.socket):
            return {"kind": "socket"}
        if isinstance(value, random.Random):
            version, words, following = value.getstate()
            return {"kind": "random", "state": [version, list(words), following]}
        if isinstance(value, Iterator):
            return {"kind": "iterator"}
        if callable(value):
            return {"kind": "call", "name": str(getattr(value, "__name__", "call"))}
        raise TypeError(f"a {type(value).__name__} cannot be handed to an answer in a process of its own")

    def _resolve(self, reference: Reference) -> Any:
        if "yours" in reference:
            return self._thing(reference["yours"])
        return self._resolve_theirs(reference)

    def _thing(self, number: Any) -> Any:
        if type(number) is not int or number not in self._things:
            raise BadValue("means something that it was never given")
        return self._things[number]

    def _client(self, number: Any) -> redis.Redis:
        client = self._thing(number)
        if not isinstance(client, redis.Redis):
            raise BadValue("takes something for a client")
        return client

    def _invoke(self, message: Message) -> Message:
        function = self._thing(message["thing"])
        if not callable(function) or isinstance(function, redis.Redis | socket.socket):
            raise BadValue("takes something for a function")
        args, kwargs = self.decoded(message["args"]), self.decoded(message["kwargs"])
        if not isinstance(args, list) or not isinstance(kwargs, dict) or not all(isinstance(k, str) for k in kwargs):
            raise BadValue("calls a function in a wrong way")
        return {"value": self.encoded(function(*args, **kwargs))}

    def _next(self, message: Message) -> Message:
        iterator = self._thing(message["thing"])
        if not isinstance(iterator, Iterator):
            raise BadValue("takes something for an iterator")
        try:
            return {"value": self.encoded(next(iterator))}
        except StopIteration:
            return {"stop": True}

    def _socket(self, message: Message) -> Message:
        sock = self._thing(message["thing"])
        method = message["method"]
        if not isinstance(sock, socket.socket) or method not in _SOCKET_METHODS:
            raise BadValue("takes something for a socket")
        args = self.decoded(message["args"])
        if method == "recv" and (len(args) != 1 or type(args[0]) is not int or not 0 <= args[0] <= 1 << 24):
            raise BadValue("reads from a socket in a wrong way")
        return {"value": self.encoded(getattr(sock, method)(*args))}

    # The time and the chance of whoever calls: in a race the stage's (`grader.wire.race`), elsewhere never asked for.

    @staticmethod
    def _sleep(message: Message) -> Message:
        if not own_time():
            raise BadValue("sleeps where it should not")
        time.sleep(max(float(message["seconds"]), 0.0))
        return {}

    @staticmethod
    def _clock(message: Message) -> Message:
        if message["name"] not in _CLOCKS:
            raise BadValue("asks for a clock that there is not")
        return {"now": getattr(time, message["name"])()}

    @staticmethod
    def _chance(message: Message) -> Message:
        return {"data": base64.b64encode(os.urandom(min(max(int(message["count"]), 0), 65536))).decode("ascii")}
