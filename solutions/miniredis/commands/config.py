"""CONFIG: the settings of the running server. Which there are is in `miniredis.options`."""

from __future__ import annotations

from miniredis.commands.arguments import syntax_error
from miniredis.commands.help import offer_help
from miniredis.commands.table import COMMANDS, command, container
from miniredis.config import BadSetting, NotChanged
from miniredis.connection import Client
from miniredis.resp import OK, Args, CommandError, Map, Reply
from miniredis.stats import Stats

ADMIN = "admin noscript loading stale"

container("CONFIG", group="server", since="2.0.0")
offer_help("CONFIG", since="5.0.0")


@command("CONFIG GET", arity=-3, flags=ADMIN, group="server", since="2.0.0")
def config_get(client: Client, args: Args) -> Reply:
    """CONFIG GET pattern [pattern …]: a map of the settings whose names match."""
    ### BEGIN SOLUTION mini.config-get
    found = client.server.config.matching(args[2:])
    return Map([part.encode() for pair in found.items() for part in pair])
    ### END SOLUTION


@command("CONFIG SET", arity=-4, flags=ADMIN, group="server", since="2.0.0")
def config_set(client: Client, args: Args) -> Reply:
    """CONFIG SET name value [name value …]: change settings, all of them or none."""
    ### BEGIN SOLUTION mini.config-set
    if len(args) % 2:
        raise syntax_error()
    server = client.server
    texts: dict[str, str] = {}
    try:
        for at in range(2, len(args), 2):
            name = args[at].decode("latin-1")
            try:
                server.config.may_change(name, texts)
            except BadSetting as unknown:
                raise CommandError(
                    f"ERR Unknown option or number of arguments for CONFIG SET - '{unknown}'"
                ) from unknown
            texts[name] = args[at + 1].decode("utf-8", "surrogateescape")
        before = server.config.change(texts)
        try:
            server.settings_changed()
        except BadSetting as error:
            server.config.update(before)
            server.settings_changed()
            raise NotChanged(next(iter(texts)), str(error)) from error
    except NotChanged as error:
        raise CommandError(
            f"ERR CONFIG SET failed (possibly related to argument '{error.name}') - {error.why}"
        ) from error
    return OK
    ### END SOLUTION


@command("CONFIG RESETSTAT", arity=2, flags=ADMIN, group="server", since="2.0.0")
def config_resetstat(client: Client, args: Args) -> Reply:
    """CONFIG RESETSTAT: begin to count anew what INFO shows under Stats, Commandstats and Errorstats."""
    ### BEGIN SOLUTION mini.info-stats
    client.server.stats = Stats()
    for entry in COMMANDS.values():
        for each in (entry, *entry.subcommands.values()):
            each.calls = each.failed_calls = each.rejected_calls = 0
            each.microseconds = 0.0
            each.times.clear()
    return OK
    ### END SOLUTION


@command("CONFIG REWRITE", arity=2, flags=ADMIN, group="server", since="2.8.0")
def config_rewrite(client: Client, args: Args) -> Reply:
    """CONFIG REWRITE: write the settings, as they are now, into the redis.conf the server was started with."""
    config = client.server.config
    if config.file is None:
        raise CommandError("ERR The server is running without a config file")
    try:
        config.rewrite()
    except OSError as error:
        raise CommandError(f"ERR Rewriting config file: {error.strerror}") from error
    return OK
