"""``r = connect()``: the learner's own Redis, from wherever the course finds one."""

from __future__ import annotations

from typing import Any

import redis

from grader.notebook.desk import without_password
from grader.notebook.quiet import Quiet
from grader.notebook.wire import kernel_wire, learners_server


def connect(url: str | None = None, *, name: str = "", **options: Any) -> redis.Redis:
    """A client of the Redis you learn on, with text instead of bytes in replies (``decode_responses=True``).

    The Redis is, in this order: `url`, ``REDIS_URL``, the one ``course redis start`` or ``make learn`` runs, else
    one that this notebook starts and that ends with it. ``%%wire`` and ``wire.measure()`` see what the client sends.

    Args:
        url: for example ``redis://127.0.0.1:6379/0``.
        name: tells clients apart: ``%%wire`` gives each name a column, and ``CLIENT LIST`` shows it.
        options: passed to redis-py.

    Raises:
        Quiet: with one sentence, when there is no Redis to connect to.
    """
    server = learners_server(url)
    named = {"client_name": name} if name else {}
    try:
        # redis-py's own default on the wire, so that what a lesson shows is what a notebook shows.
        client = server.client(**{"protocol": 3, **named, **options})
        version = client.info("server")["redis_version"]
    except redis.RedisError as error:
        raise Quiet(f"No Redis: {error}") from None
    kernel_wire().watch(client, name, server)
    print(f"Connected to Redis {version} at {without_password(server.url)}")  # noqa: T201 - the learner's own cell output
    return client
