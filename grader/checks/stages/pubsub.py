"""The stages of messages: channels, patterns, what happens to keys, and caches that hear of changes."""

from __future__ import annotations

from hypothesis import strategies as st

from grader.checks.agreement.script import Scripts, cmd, keys, many, on, one_of, scripts, text
from grader.checks.stages.dialogue import Line, same_dialogue
from grader.checks.stages.registry import UnderTest, stage, stage_probe
from grader.servers import Server

_channel = st.sampled_from([b"news", b"news.art", b"weather", b"", b"\xff", b"n*"])
_pattern = st.sampled_from([b"n*", b"*", b"news", b"news.*", b"[nw]e*", b"\\*", b"?ews"])
_key = keys("k", "l")


@stage("mini.subscribe", state=False)
def confirmations() -> Scripts:
    """One channel or several, the same twice, and a message each for them."""
    return scripts(cmd("SUBSCRIBE", many(_channel)), cmd("PING"), size=4, wrong_type=False)


@stage("mini.publish", state=False)
def how_many_listen() -> Scripts:
    """Messages to channels that others listen to, and to nobody."""
    return scripts(
        on(1, cmd("SUBSCRIBE", many(_channel))),
        on(2, cmd("SUBSCRIBE", many(_channel))),
        cmd("PUBLISH", _channel, text),
        size=6,
        wrong_type=False,
    )


@stage_probe("mini.publish")
def everybody_hears_it(theirs: UnderTest, real: Server) -> None:
    """Messages come to all who listen, in order, in RESP2 and in RESP3."""
    same_dialogue(
        theirs,
        real,
        [
            (1, ("SUBSCRIBE", "news", "weather")),
            (2, ("SUBSCRIBE", "news")),
            (3, ("HELLO", "3")),
            (3, ("SUBSCRIBE", "news")),
            (4, ("PUBLISH", "news", b"a\r\nb")),
            (4, ("PUBLISH", "weather", "")),
            (4, ("PUBLISH", "nobody", "x")),
            (3, ("PUBLISH", "news", "from a listener")),
        ],
    )


@stage("mini.unsubscribe", state=False)
def leaving() -> Scripts:
    """Channels that are left, all of them or some, also those that were never joined."""
    return scripts(
        cmd("SUBSCRIBE", many(_channel)),
        cmd("UNSUBSCRIBE"),
        cmd("UNSUBSCRIBE", many(_channel)),
        cmd("UNSUBSCRIBE", many(_channel)),
        size=5,
        wrong_type=False,
    )


@stage("mini.subscribed-mode", state=False)
def nothing_else_meanwhile() -> Scripts:
    """What a client that listens may do and may not, in RESP2 and in RESP3."""
    return scripts(
        cmd("SUBSCRIBE", _channel),
        cmd("PING", text),
        cmd("PING"),
        cmd("GET", _key),
        cmd("CONFIG GET maxmemory"),
        cmd("MULTI"),
        cmd("NONSENSE"),
        cmd("HELLO", one_of("3", "2")),
        cmd("UNSUBSCRIBE", _channel),
        cmd("UNSUBSCRIBE"),
        cmd("RESET"),
        size=6,
        wrong_type=False,
    )


@stage("mini.psubscribe", state=False)
def patterns() -> Scripts:
    """Patterns and channels together: they are counted together, and left apart."""
    return scripts(
        cmd("PSUBSCRIBE", many(_pattern)),
        cmd("PUNSUBSCRIBE", many(_pattern)),
        cmd("PUNSUBSCRIBE"),
        cmd("SUBSCRIBE", _channel),
        on(1, cmd("PUBLISH", _channel, text)),
        size=5,
        wrong_type=False,
    )


@stage_probe("mini.psubscribe")
def heard_once_for_each_way(theirs: UnderTest, real: Server) -> None:
    """Who listens to a channel and to patterns that match it hears a message once for each."""
    same_dialogue(
        theirs,
        real,
        [
            (1, ("SUBSCRIBE", "news.art")),
            (1, ("PSUBSCRIBE", "news.*")),
            (2, ("PSUBSCRIBE", "n?ws.*")),
            (3, ("PUBLISH", "news.art", "x")),
            (3, ("PUBLISH", "news.", "y")),
            (3, ("PUBLISH", "news", "z")),
        ],
    )


@stage("mini.shard-channels", state=False)
def shards() -> Scripts:
    """Shard channels beside ordinary ones of the same name."""
    return scripts(
        cmd("SSUBSCRIBE", _channel),
        cmd("SUNSUBSCRIBE", _channel),
        cmd("SUNSUBSCRIBE"),
        cmd("SUBSCRIBE", _channel),
        on(1, cmd("SPUBLISH", _channel, text)),
        on(1, cmd("PUBLISH", _channel, text)),
        on(1, cmd("PUBSUB SHARDNUMSUB", many(_channel))),
        on(1, cmd("PUBSUB SHARDCHANNELS")),
        size=6,
        wrong_type=False,
    )


@stage("mini.pubsub-introspection", state=False)
def who_listens() -> Scripts:
    """Channels and patterns that several clients have joined and left."""
    return scripts(
        on(1, cmd("SUBSCRIBE", many(_channel))),
        on(2, cmd("PSUBSCRIBE", many(_pattern))),
        on(1, cmd("UNSUBSCRIBE", _channel)),
        on(2, cmd("PUNSUBSCRIBE", _pattern)),
        cmd("PUBSUB CHANNELS"),
        cmd("PUBSUB CHANNELS", _pattern),
        cmd("PUBSUB NUMSUB", many(_channel, min=0)),
        cmd("PUBSUB NUMPAT"),
        cmd("PUBSUB NONSENSE"),
        size=7,
        wrong_type=False,
    )


_EVENTS: list[tuple[str, list[tuple[str, ...]]]] = [
    ("KEA", [("SET", "k", "1"), ("INCR", "k"), ("EXPIRE", "k", "100"), ("DEL", "k"), ("DEL", "k")]),
    ("Kg", [("SET", "k", "1"), ("RENAME", "k", "l"), ("DEL", "l")]),
    ("E$", [("SET", "k", "1"), ("APPEND", "k", "2"), ("DEL", "k")]),
    ("KEx", [("SET", "k", "1", "PX", "20"), ("EXPIRE", "k", "-1")]),
    ("g$", [("SET", "k", "1"), ("DEL", "k")]),
    ("KEm", [("GET", "nothing"), ("SET", "k", "1"), ("GET", "k")]),
    ("", [("SET", "k", "1"), ("DEL", "k")]),
]


@stage_probe("mini.notify")
def events_are_published(theirs: UnderTest, real: Server) -> None:
    """What happens to keys is told on the channels, and in the classes, that the setting names."""
    for letters, commands in _EVENTS:
        lines: list[Line] = [
            (2, ("FLUSHALL",)),
            (2, ("CONFIG", "SET", "notify-keyspace-events", letters)),
            (2, ("CONFIG", "GET", "notify-keyspace-events")),
            (1, ("PSUBSCRIBE", "__key*")),
            *((2, command) for command in commands),
            (2, ("SELECT", "3")),
            (2, ("SET", "m", "1")),
            (2, ("CONFIG", "SET", "notify-keyspace-events", "")),
        ]
        same_dialogue(theirs, real, lines)


@stage("mini.tracking", state=False)
def modes() -> Scripts:
    """How tracking is asked for, changed and told."""
    option = one_of("BCAST", "OPTIN", "OPTOUT", "NOLOOP", "REDIRECT 999999", "REDIRECT x", "PREFIX a", "NONSENSE")
    return scripts(
        cmd("CLIENT TRACKING", one_of("ON", "ON", "OFF", "x"), many(option, min=0, max=2)),
        cmd("CLIENT TRACKING OFF"),
        cmd("CLIENT TRACKINGINFO"),
        cmd("CLIENT GETREDIR"),
        cmd("CLIENT CACHING", one_of("YES", "NO", "x")),
        size=6,
        wrong_type=False,
    )


def _tracked(*options: str) -> list[Line]:
    return [(1, ("FLUSHALL",)), (1, ("HELLO", "3")), (1, ("CLIENT", "TRACKING", "ON", *options))]


@stage_probe("mini.tracking")
def readers_are_told_once(theirs: UnderTest, real: Server) -> None:
    """Who has read a key hears once that it has changed, and no more until it reads it again."""
    same_dialogue(
        theirs,
        real,
        [
            *_tracked(),
            (1, ("GET", "k")),
            (2, ("SET", "k", "1")),
            (2, ("SET", "k", "2")),
            (1, ("MGET", "k", "l")),
            (2, ("DEL", "k", "l")),
            (2, ("SET", "l", "1")),
            (1, ("GET", "l")),
            (1, ("SET", "l", "mine")),
            (1, ("GET", "l")),
            (2, ("FLUSHALL",)),
            (1, ("CLIENT", "TRACKING", "OFF")),
            (2, ("SET", "k", "3")),
        ],
    )


@stage_probe("mini.tracking")
def only_what_was_asked_for(theirs: UnderTest, real: Server) -> None:
    """OPTIN, OPTOUT and NOLOOP."""
    for options, word in ((("OPTIN",), "YES"), (("OPTOUT",), "NO"), (("NOLOOP",), "")):
        caching: list[Line] = [(1, ("CLIENT", "CACHING", word))] if word else []
        same_dialogue(
            theirs,
            real,
            [
                *_tracked(*options),
                *caching,
                (1, ("GET", "k")),
                (1, ("GET", "l")),
                (2, ("SET", "k", "1")),
                (2, ("SET", "l", "1")),
                (1, ("GET", "m")),
                (1, ("SET", "m", "1")),
            ],
        )


@stage_probe("mini.tracking-bcast")
def prefixes_are_told(theirs: UnderTest, real: Server) -> None:
    """With BCAST every change below a prefix is told, whoever has read what."""
    same_dialogue(
        theirs,
        real,
        [
            *_tracked("BCAST", "PREFIX", "user:", "PREFIX", "shop:"),
            (2, ("SET", "user:1", "1")),
            (2, ("SET", "other", "1")),
            (2, ("MSET", "user:2", "1", "user:1", "1", "shop:3", "1")),
            (1, ("SET", "user:9", "mine")),
            (1, ("CLIENT", "TRACKINGINFO")),
            (1, ("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "user:x")),
            (1, ("CLIENT", "TRACKING", "ON")),
        ],
    )
