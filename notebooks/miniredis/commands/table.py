"""The registry of commands: what COMMAND reports, and what the server must know before it runs one.

A handler is a function from (client, args) to a reply, registered with `command`::

    @command("GET", arity=2, flags="readonly fast", keys=(1, 1, 1))
    def get(client: Client, args: Args) -> Reply:

`args` is the whole command, its name first, so that positions are those Redis documents.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from miniredis.resp import Args, CommandError, Reply

if TYPE_CHECKING:
    from miniredis.connection import Client

Handler = Callable[["Client", Args], Reply]
KeyFinder = Callable[[Args], list[bytes]]


@dataclass(slots=True)
class Command:
    """One command, or one subcommand of a container such as CONFIG.

    Attributes:
        name: lower case; a subcommand is "config|get".
        arity: number of arguments, the name included; -n means at least n.
        flags: Redis's words: write, readonly, denyoom, admin, pubsub, noscript, blocking, loading, stale, fast,
            no_auth, no_multi, movablekeys …
        keys: position of the first key, of the last (-1 is the last argument) and the step; (0, 0, 0) for none.
        find_keys: finds the keys where positions cannot say it.
        hidden: flags that COMMAND does not show: skip_monitor, may_replicate.
        times: how many calls took less than 2, 4, 8 … microseconds, if latency-tracking is on.
    """

    name: str
    handler: Handler
    arity: int
    flags: frozenset[str]
    keys: tuple[int, int, int]
    group: str
    since: str
    summary: str
    find_keys: KeyFinder | None = None
    hidden: frozenset[str] = frozenset()
    subcommands: dict[bytes, Command] = field(default_factory=dict)
    # Asked for with each command, so looked up once.
    writes: bool = False
    denied_when_full: bool = False
    calls: int = 0
    microseconds: float = 0.0
    failed_calls: int = 0
    rejected_calls: int = 0
    times: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.writes = "write" in self.flags
        self.denied_when_full = "denyoom" in self.flags

    def fits(self, count: int) -> bool:
        """Whether this many arguments, the name included, are right."""
        return count == self.arity if self.arity >= 0 else count >= -self.arity

    def count_time(self, microseconds: int) -> None:
        """Add a call to its class of times."""
        limit = 1 << microseconds.bit_length()
        self.times[limit] = self.times.get(limit, 0) + 1

    def keys_of(self, args: Args) -> list[bytes]:
        """Return the keys that a call names."""
        if self.find_keys is not None:
            return self.find_keys(args)
        first, last, step = self.keys
        if first == 0:
            return []
        stop = last + 1 if last >= 0 else len(args) + last + 1
        return args[first:stop:step]


# What Redis calls the families that have another name here.
GROUPS = {
    "strings": "string",
    "bits": "bitmap",
    "lists": "list",
    "blocking_lists": "list",
    "sets": "set",
    "hashes": "hash",
    "sorted_sets": "sorted-set",
    "streams": "stream",
    "keys": "generic",
    "expire": "generic",
}

# By upper-case name; subcommands are within their container.
COMMANDS: dict[bytes, Command] = {}


def command(
    name: str,
    *,
    arity: int,
    flags: str = "",
    keys: tuple[int, int, int] = (0, 0, 0),
    find_keys: KeyFinder | None = None,
    hidden: str = "",
    group: str = "",
    since: str = "1.0.0",
) -> Callable[[Handler], Handler]:
    """Register a handler under a name such as "GET", or "CONFIG GET" for a subcommand."""

    def register(handler: Handler) -> Handler:
        words = name.split()
        module = handler.__module__.rpartition(".")[2]
        entry = Command(
            name="|".join(words).lower(),
            handler=handler,
            arity=arity,
            # Whose keys have to be found is said of itself, for clients that route commands.
            flags=frozenset(flags.split()) | ({"movablekeys"} if find_keys is not None else set()),
            keys=keys,
            group=group or GROUPS.get(module, module.replace("_", "-")),
            since=since,
            summary=(handler.__doc__ or "").strip().partition("\n")[0],
            find_keys=find_keys,
            hidden=frozenset(hidden.split()),
        )
        if len(words) == 1:
            already = COMMANDS.get(entry.name.upper().encode())
            if already is not None:
                entry.subcommands = already.subcommands
            COMMANDS[entry.name.upper().encode()] = entry
        else:
            container = COMMANDS.get(words[0].encode())
            if container is None:
                raise ValueError(f"{words[0]} must be registered before {name}")
            container.subcommands[words[1].encode()] = entry
        return handler

    return register


def container(name: str, *, arity: int = -2, group: str = "", since: str = "1.0.0") -> None:
    """Register a command that has subcommands and does nothing itself, such as CONFIG."""

    def unknown(client: Client, args: Args) -> Reply:
        raise unknown_subcommand(args)

    unknown.__module__ = f"miniredis.commands.{group or 'server'}"
    unknown.__doc__ = f"A container for {name.lower()} commands."
    command(name, arity=arity, group=group, since=since)(unknown)


def lookup(args: Args) -> Command | None:
    """Return the command that `args` calls, down to its subcommand, or None."""
    raise NotImplementedError("mini.case")  # course hint mini.case


def unknown_command(args: Args) -> CommandError:
    """The error for a name nobody registered; it quotes the first arguments, 128 bytes at most."""
    raise NotImplementedError("mini.unknown-command")  # course hint mini.unknown-command


def unknown_subcommand(args: Args) -> CommandError:
    """The error for CONFIG NONSENSE."""
    return CommandError(f"ERR unknown subcommand '{_latin(args[1])[:128]}'. Try {_latin(args[0]).upper()} HELP.")


def wrong_arity(name: str) -> CommandError:
    """The error for too few or too many arguments."""
    return CommandError(f"ERR wrong number of arguments for '{name}' command")


def _latin(data: bytes) -> str:
    """Bytes as text that turns back into the same bytes when the error is encoded; up to a zero byte, as C has it."""
    return data.partition(b"\0")[0].decode("latin-1")
