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
    raise NotImplementedError("mini.subscribe")  # course hint mini.subscribe


@command("UNSUBSCRIBE", arity=-1, flags="pubsub noscript loading stale", since="2.0.0")
def unsubscribe(client: Client, args: Args) -> Reply:
    """UNSUBSCRIBE [channel …]: listen to them no longer; without a name, to none at all."""
    raise NotImplementedError("mini.unsubscribe")  # course hint mini.unsubscribe


@command("PSUBSCRIBE", arity=-2, flags="pubsub noscript loading stale", since="2.0.0")
def psubscribe(client: Client, args: Args) -> Reply:
    """PSUBSCRIBE pattern [pattern …]: listen to all channels whose name matches."""
    raise NotImplementedError("mini.psubscribe")  # course hint mini.psubscribe


@command("PUNSUBSCRIBE", arity=-1, flags="pubsub noscript loading stale", since="2.0.0")
def punsubscribe(client: Client, args: Args) -> Reply:
    """PUNSUBSCRIBE [pattern …]: listen to these patterns no longer; without one, to none."""
    raise NotImplementedError("mini.psubscribe")  # course hint mini.psubscribe


@command("SSUBSCRIBE", arity=-2, flags="pubsub noscript loading stale", keys=(1, -1, 1), since="7.0.0")
def ssubscribe(client: Client, args: Args) -> Reply:
    """SSUBSCRIBE channel [channel …]: listen to shard channels."""
    raise NotImplementedError("mini.shard-channels")  # course hint mini.shard-channels


@command("SUNSUBSCRIBE", arity=-1, flags="pubsub noscript loading stale", keys=(1, -1, 1), since="7.0.0")
def sunsubscribe(client: Client, args: Args) -> Reply:
    """SUNSUBSCRIBE [channel …]: listen to shard channels no longer."""
    raise NotImplementedError("mini.shard-channels")  # course hint mini.shard-channels


def _listen(client: Client, args: Args, mine: dict[bytes, None], listeners: Listeners) -> Reply:
    raise NotImplementedError("mini.subscribe")  # course hint mini.subscribe


def _leave(client: Client, args: Args, mine: dict[bytes, None], listeners: Listeners) -> Reply:
    raise NotImplementedError("mini.unsubscribe")  # course hint mini.unsubscribe


def _confirm(client: Client, verb: bytes, name: bytes | None, mine: dict[bytes, None]) -> None:
    """Say what a client listens to now; shard channels are counted by themselves."""
    raise NotImplementedError("mini.subscribe")  # course hint mini.subscribe


@command("PUBLISH", arity=3, flags="pubsub loading stale fast", hidden="may_replicate", since="2.0.0")
def publish(client: Client, args: Args) -> Reply:
    """PUBLISH channel message: tell all who listen. How many there were."""
    raise NotImplementedError("mini.publish")  # course hint mini.publish


@command("SPUBLISH", arity=3, flags="pubsub loading stale fast", keys=(1, 1, 1), since="7.0.0")
def spublish(client: Client, args: Args) -> Reply:
    """SPUBLISH shardchannel message: tell all who listen to a shard channel. How many there were."""
    raise NotImplementedError("mini.shard-channels")  # course hint mini.shard-channels


container("PUBSUB", group="pubsub", since="2.8.0")
offer_help("PUBSUB", since="6.2.0")


@command("PUBSUB CHANNELS", arity=-2, flags="pubsub loading stale", since="2.8.0")
def pubsub_channels(client: Client, args: Args) -> Reply:
    """PUBSUB CHANNELS [pattern]: the channels somebody listens to."""
    raise NotImplementedError("mini.pubsub-introspection")  # course hint mini.pubsub-introspection


@command("PUBSUB NUMSUB", arity=-2, flags="pubsub loading stale", since="2.8.0")
def pubsub_numsub(client: Client, args: Args) -> Reply:
    """PUBSUB NUMSUB [channel …]: how many listen to each; patterns are not counted."""
    raise NotImplementedError("mini.pubsub-introspection")  # course hint mini.pubsub-introspection


@command("PUBSUB NUMPAT", arity=2, flags="pubsub loading stale", since="2.8.0")
def pubsub_numpat(client: Client, args: Args) -> Reply:
    """PUBSUB NUMPAT: how many different patterns there are."""
    raise NotImplementedError("mini.pubsub-introspection")  # course hint mini.pubsub-introspection


@command("PUBSUB SHARDCHANNELS", arity=-2, flags="pubsub loading stale", since="7.0.0")
def pubsub_shardchannels(client: Client, args: Args) -> Reply:
    """PUBSUB SHARDCHANNELS [pattern]: the shard channels somebody listens to."""
    raise NotImplementedError("mini.shard-channels")  # course hint mini.shard-channels


@command("PUBSUB SHARDNUMSUB", arity=-2, flags="pubsub loading stale", since="7.0.0")
def pubsub_shardnumsub(client: Client, args: Args) -> Reply:
    """PUBSUB SHARDNUMSUB [shardchannel …]: how many listen to each."""
    raise NotImplementedError("mini.shard-channels")  # course hint mini.shard-channels


def _names(listeners: Listeners, args: Args) -> Reply:
    raise NotImplementedError("mini.pubsub-introspection")  # course hint mini.pubsub-introspection


def _counts(listeners: Listeners, args: Args) -> Reply:
    raise NotImplementedError("mini.pubsub-introspection")  # course hint mini.pubsub-introspection
