"""SUBSCRIBE, PUBLISH and their kind. Who listens to what is kept in `miniredis.pubsub`."""

from __future__ import annotations

from miniredis import pubsub
from miniredis.commands.help import offer_help, try_help
from miniredis.commands.table import command, container
from miniredis.connection import Client
from miniredis.glob import matches
from miniredis.pubsub import Listeners
from miniredis.resp import NO_REPLY, Args, Push, Reply


@command("SUBSCRIBE", arity=-2, flags="pubsub noscript loading stale", since="2.0.0")
def subscribe(client: Client, args: Args) -> Reply:
    """SUBSCRIBE channel [channel …]: listen to channels. One confirmation for each, with the number listened to."""
    ### BEGIN SOLUTION mini.subscribe
    return _listen(client, args, client.channels, client.server.pubsub.channels)
    ### END SOLUTION


@command("UNSUBSCRIBE", arity=-1, flags="pubsub noscript loading stale", since="2.0.0")
def unsubscribe(client: Client, args: Args) -> Reply:
    """UNSUBSCRIBE [channel …]: listen to them no longer; without a name, to none at all."""
    ### BEGIN SOLUTION mini.unsubscribe
    return _leave(client, args, client.channels, client.server.pubsub.channels)
    ### END SOLUTION


@command("PSUBSCRIBE", arity=-2, flags="pubsub noscript loading stale", since="2.0.0")
def psubscribe(client: Client, args: Args) -> Reply:
    """PSUBSCRIBE pattern [pattern …]: listen to all channels whose name matches."""
    ### BEGIN SOLUTION mini.psubscribe
    return _listen(client, args, client.patterns, client.server.pubsub.patterns)
    ### END SOLUTION


@command("PUNSUBSCRIBE", arity=-1, flags="pubsub noscript loading stale", since="2.0.0")
def punsubscribe(client: Client, args: Args) -> Reply:
    """PUNSUBSCRIBE [pattern …]: listen to these patterns no longer; without one, to none."""
    ### BEGIN SOLUTION mini.psubscribe
    return _leave(client, args, client.patterns, client.server.pubsub.patterns)
    ### END SOLUTION


@command("SSUBSCRIBE", arity=-2, flags="pubsub noscript loading stale", keys=(1, -1, 1), since="7.0.0")
def ssubscribe(client: Client, args: Args) -> Reply:
    """SSUBSCRIBE channel [channel …]: listen to shard channels."""
    ### BEGIN SOLUTION mini.shard-channels
    return _listen(client, args, client.shard_channels, client.server.pubsub.shard_channels)
    ### END SOLUTION


@command("SUNSUBSCRIBE", arity=-1, flags="pubsub noscript loading stale", keys=(1, -1, 1), since="7.0.0")
def sunsubscribe(client: Client, args: Args) -> Reply:
    """SUNSUBSCRIBE [channel …]: listen to shard channels no longer."""
    ### BEGIN SOLUTION mini.shard-channels
    return _leave(client, args, client.shard_channels, client.server.pubsub.shard_channels)
    ### END SOLUTION


def _listen(client: Client, args: Args, mine: dict[bytes, None], listeners: Listeners) -> Reply:
    ### BEGIN SOLUTION mini.subscribe
    for name in args[1:]:
        mine[name] = None
        pubsub.add(listeners, name, client)
        _confirm(client, args[0], name, mine)
    client.session_changed()
    return NO_REPLY
    ### END SOLUTION


def _leave(client: Client, args: Args, mine: dict[bytes, None], listeners: Listeners) -> Reply:
    ### BEGIN SOLUTION mini.unsubscribe
    names = args[1:] or list(mine)
    for name in names:
        mine.pop(name, None)
        pubsub.remove(listeners, name, client)
        _confirm(client, args[0], name, mine)
    if not names:
        _confirm(client, args[0], None, mine)
    client.session_changed()
    return NO_REPLY
    ### END SOLUTION


def _confirm(client: Client, verb: bytes, name: bytes | None, mine: dict[bytes, None]) -> None:
    """Say what a client listens to now; shard channels are counted by themselves."""
    ### BEGIN SOLUTION mini.subscribe
    count = len(mine) if mine is client.shard_channels else len(client.channels) + len(client.patterns)
    client.confirm(Push([verb.lower(), name, count]))
    ### END SOLUTION


@command("PUBLISH", arity=3, flags="pubsub loading stale fast", hidden="may_replicate", since="2.0.0")
def publish(client: Client, args: Args) -> Reply:
    """PUBLISH channel message: tell all who listen. How many there were."""
    ### BEGIN SOLUTION mini.publish
    return client.server.pubsub.publish(args[1], args[2])
    ### END SOLUTION


@command("SPUBLISH", arity=3, flags="pubsub loading stale fast", keys=(1, 1, 1), since="7.0.0")
def spublish(client: Client, args: Args) -> Reply:
    """SPUBLISH shardchannel message: tell all who listen to a shard channel. How many there were."""
    ### BEGIN SOLUTION mini.shard-channels
    return client.server.pubsub.publish_in_shard(args[1], args[2])
    ### END SOLUTION


container("PUBSUB", group="pubsub", since="2.8.0")
offer_help("PUBSUB", since="6.2.0")


@command("PUBSUB CHANNELS", arity=-2, flags="pubsub loading stale", since="2.8.0")
def pubsub_channels(client: Client, args: Args) -> Reply:
    """PUBSUB CHANNELS [pattern]: the channels somebody listens to."""
    ### BEGIN SOLUTION mini.pubsub-introspection
    return _names(client.server.pubsub.channels, args)
    ### END SOLUTION


@command("PUBSUB NUMSUB", arity=-2, flags="pubsub loading stale", since="2.8.0")
def pubsub_numsub(client: Client, args: Args) -> Reply:
    """PUBSUB NUMSUB [channel …]: how many listen to each; patterns are not counted."""
    ### BEGIN SOLUTION mini.pubsub-introspection
    return _counts(client.server.pubsub.channels, args)
    ### END SOLUTION


@command("PUBSUB NUMPAT", arity=2, flags="pubsub loading stale", since="2.8.0")
def pubsub_numpat(client: Client, args: Args) -> Reply:
    """PUBSUB NUMPAT: how many different patterns there are."""
    ### BEGIN SOLUTION mini.pubsub-introspection
    return len(client.server.pubsub.patterns)
    ### END SOLUTION


@command("PUBSUB SHARDCHANNELS", arity=-2, flags="pubsub loading stale", since="7.0.0")
def pubsub_shardchannels(client: Client, args: Args) -> Reply:
    """PUBSUB SHARDCHANNELS [pattern]: the shard channels somebody listens to."""
    ### BEGIN SOLUTION mini.shard-channels
    return _names(client.server.pubsub.shard_channels, args)
    ### END SOLUTION


@command("PUBSUB SHARDNUMSUB", arity=-2, flags="pubsub loading stale", since="7.0.0")
def pubsub_shardnumsub(client: Client, args: Args) -> Reply:
    """PUBSUB SHARDNUMSUB [shardchannel …]: how many listen to each."""
    ### BEGIN SOLUTION mini.shard-channels
    return _counts(client.server.pubsub.shard_channels, args)
    ### END SOLUTION


def _names(listeners: Listeners, args: Args) -> Reply:
    ### BEGIN SOLUTION mini.pubsub-introspection
    if len(args) > 3:
        raise try_help(args)
    return [name for name in listeners if len(args) == 2 or matches(args[2], name)]
    ### END SOLUTION


def _counts(listeners: Listeners, args: Args) -> Reply:
    ### BEGIN SOLUTION mini.pubsub-introspection
    return [part for name in args[2:] for part in (name, len(listeners.get(name, ())))]
    ### END SOLUTION
