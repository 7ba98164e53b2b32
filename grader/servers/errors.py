"""What can go wrong between a person and a Redis: every error of this room says what happened, what was
expected and what to do next. The `course` command and the notebooks print the text and nothing else."""


class ServerError(Exception):
    """Something about a Redis server; `str()` of it is three sentences for a person.

    Args:
        happened: what happened, with Redis's own words where it had any.
        expected: what was expected instead.
        advice: what to do next.
    """

    def __init__(self, happened: str, expected: str, advice: str) -> None:
        super().__init__(happened, expected, advice)
        self.happened = happened
        self.expected = expected
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.happened}\n{self.expected}\n{self.advice}"


class NoRedisFound(ServerError):
    """No Redis can be used; `tried` lists every place that was looked at, in order, with what was there."""

    def __init__(self, tried: list[str], advice: str) -> None:
        looked = "\n".join(f"  {number}. {line}" for number, line in enumerate(tried, 1))
        super().__init__(
            f"No Redis to work with was found. Looked, in this order:\n{looked}",
            "One of them must be a Redis 7.0 or newer.",
            advice,
        )
        self.tried = tried


class StartFailed(ServerError):
    """A server was started and did not become ready."""


class PortBusy(StartFailed):
    """The port a server was told to listen on belongs to another program."""


class Unreachable(ServerError):
    """A Redis that should be at an address does not answer there."""


class Unsuitable(ServerError):
    """A Redis that answers, but that the course cannot use."""


class NotOurs(ServerError):
    """Something was asked of a server that only the process that started it may do."""
