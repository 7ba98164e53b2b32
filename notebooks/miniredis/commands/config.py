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
    raise NotImplementedError("mini.config-get")  # course hint mini.config-get


@command("CONFIG SET", arity=-4, flags=ADMIN, group="server", since="2.0.0")
def config_set(client: Client, args: Args) -> Reply:
    """CONFIG SET name value [name value …]: change settings, all of them or none."""
    raise NotImplementedError("mini.config-set")  # course hint mini.config-set


@command("CONFIG RESETSTAT", arity=2, flags=ADMIN, group="server", since="2.0.0")
def config_resetstat(client: Client, args: Args) -> Reply:
    """CONFIG RESETSTAT: begin to count anew what INFO shows under Stats, Commandstats and Errorstats."""
    raise NotImplementedError("mini.info-stats")  # course hint mini.info-stats


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
