"""``r = connect()``: the learner's own Redis, from wherever the course finds one."""

from __future__ import annotations

from typing import Any

import redis

from grader.marking.place import NotInCourseError, course_folder
from grader.notebook.desk import without_password
from grader.notebook.quiet import Quiet
from grader.servers import ServerError, learning


def connect(url: str | None = None, **options: Any) -> redis.Redis:
    """A client of the Redis you learn on, with text instead of bytes in replies (``decode_responses=True``).

    The Redis is, in this order: `url`, ``REDIS_URL``, the one ``course redis start`` or ``make learn`` runs, else
    one that this notebook starts and that ends with it.

    Args:
        url: for example ``redis://127.0.0.1:6379/0``.
        options: passed to redis-py.

    Raises:
        Quiet: with one sentence, when there is no Redis to connect to.
    """
    try:
        folder = course_folder()
    except NotInCourseError:
        folder = None
    try:
        server = learning(url, folder=folder)
        # redis-py's own default on the wire, so that what a lesson shows is what a notebook shows.
        client = server.client(**{"protocol": 3, **options})
        version = client.info("server")["redis_version"]
    except (ServerError, redis.RedisError) as error:
        raise Quiet(f"No Redis: {error}") from None
    print(f"Connected to Redis {version} at {without_password(server.url)}")  # noqa: T201 - the learner's own cell output
    return client
