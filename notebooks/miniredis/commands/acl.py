"""ACL, as far as there is one user, "default", who may do everything. More users come with their own stages."""

from __future__ import annotations

import hashlib
import secrets

from miniredis.commands.arguments import integer
from miniredis.commands.categories import CATEGORIES, categories
from miniredis.commands.help import offer_help, try_help
from miniredis.commands.table import COMMANDS, command, container, lookup, wrong_arity
from miniredis.connection import Client
from miniredis.resp import OK, Args, CommandError, Map, Reply, SetReply

MINE = "noscript loading stale"
ADMIN = "admin noscript loading stale"

container("ACL", group="server", since="6.0.0")
offer_help("ACL", since="6.0.0")


@command("ACL WHOAMI", arity=2, flags=MINE, group="server", since="6.0.0")
def acl_whoami(client: Client, args: Args) -> Reply:
    """ACL WHOAMI: the user of this connection."""
    return b"default"


@command("ACL USERS", arity=2, flags=ADMIN, group="server", since="6.0.0")
def acl_users(client: Client, args: Args) -> Reply:
    """ACL USERS: the names of all users."""
    return [b"default"]


@command("ACL LIST", arity=2, flags=ADMIN, group="server", since="6.0.0")
def acl_list(client: Client, args: Args) -> Reply:
    """ACL LIST: all users with their rules, as a file of users has them."""
    passwords = _passwords(client)
    how = b" ".join(b"#" + each for each in passwords) if passwords else b"nopass"
    return [b"user default on %b sanitize-payload ~* &* +@all" % how]


@command("ACL GETUSER", arity=3, flags=ADMIN, group="server", since="6.0.0")
def acl_getuser(client: Client, args: Args) -> Reply:
    """ACL GETUSER name: a map of a user's rules, or nil."""
    if args[2] != b"default":
        return None
    passwords = _passwords(client)
    flags = [b"on", *[b"nopass"] * (not passwords), b"sanitize-payload"]
    return Map(
        [
            *(b"flags", SetReply(flags), b"passwords", passwords, b"commands", b"+@all"),
            *(b"keys", b"~*", b"channels", b"&*", b"selectors", []),
        ]
    )


def _passwords(client: Client) -> list[bytes]:
    password = str(client.server.config["requirepass"])
    return [hashlib.sha256(password.encode("utf-8", "surrogateescape")).hexdigest().encode()] if password else []


@command("ACL CAT", arity=-2, flags=MINE, group="server", since="6.0.0")
def acl_cat(client: Client, args: Args) -> Reply:
    """ACL CAT [category]: the categories, or the commands in one."""
    if len(args) == 2:
        return [name.encode() for name in CATEGORIES]
    if len(args) > 3:
        raise try_help(args)
    wanted = args[2].decode("latin-1").lower()
    if wanted not in CATEGORIES:
        raise CommandError(f"ERR Unknown category '{args[2].decode('latin-1')}'")
    return [
        each.name.encode()
        for entry in COMMANDS.values()
        for each in (entry, *entry.subcommands.values())
        if f"@{wanted}" in categories(each)
    ]


@command("ACL GENPASS", arity=-2, flags=MINE, group="server", since="6.0.0")
def acl_genpass(client: Client, args: Args) -> Reply:
    """ACL GENPASS [bits]: a random password, in hexadecimal."""
    if len(args) > 3:
        raise try_help(args)
    bits = integer(args[2]) if len(args) > 2 else 256
    if not 1 <= bits <= 4096:
        raise CommandError(
            "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096"
        )
    digits = (bits + 3) // 4
    return secrets.token_hex((digits + 1) // 2)[:digits].encode()


@command("ACL DRYRUN", arity=-4, flags=ADMIN, group="server", since="7.0.0")
def acl_dryrun(client: Client, args: Args) -> Reply:
    """ACL DRYRUN user command …: whether a user may run it."""
    if args[2] != b"default":
        raise CommandError(f"ERR User '{args[2].decode('latin-1')}' not found")
    entry = lookup(args[3:])
    if entry is None:
        raise CommandError(f"ERR Command '{args[3].decode('latin-1')}' not found")
    if not entry.fits(len(args) - 3):
        raise wrong_arity(entry.name)
    return OK


@command("ACL LOG", arity=-2, flags=ADMIN, group="server", since="6.0.0")
def acl_log(client: Client, args: Args) -> Reply:
    """ACL LOG [count | RESET]: what was refused; nothing is, with one user who may do everything."""
    if len(args) > 3:
        raise try_help(args)
    if len(args) > 2 and args[2].upper() == b"RESET":
        return OK
    if len(args) > 2:
        integer(args[2])
    return []
