"""``race(buy, buy, setup=…, invariant=…)`` in a notebook: on a private Redis, with the timeline as a card."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import redis

from grader.notebook.quiet import Quiet
from grader.notebook.timeline_card import RaceCard
from grader.notebook.wire import kernel_wire
from grader.servers import Server, ServerError, scratch
from grader.wire.race import ActorFailed, End, InvariantFailed, NeverEnds, NotReproducible, Outcome, RaceFound
from grader.wire.race import race as run_race


def race(
    *actors: Callable[[redis.Redis], object],
    setup: Callable[[redis.Redis], object] | None = None,
    invariant: Callable[[End], object] | None = None,
    **options: Any,
) -> RaceCard:
    """Let copies of your code meet at Redis in every order that matters, and show the order that breaks a promise.

    It runs on a private, empty Redis; your keys are not touched. The last line of a cell shows the card.

    Args:
        actors: two or three functions, each called with a client of its own.
        setup: prepares the empty Redis before every order, given a client.
        invariant: what must hold at the end, given an `End`: ``end.redis`` is a client, ``end.results`` what the actors
            returned. It breaks by returning False or a sentence, or by an `assert`.
        options: ``replay="ABBA"`` runs one order only; ``bound`` limits how many are run; see `grader.wire.race.race`.

    Raises:
        Quiet: when there is no private Redis, or the call cannot be understood.
    """
    if not 2 <= len(actors) <= 3 or not all(callable(each) for each in actors):
        raise Quiet(
            "race() takes two or three functions that take a client: race(buy, buy, setup=…, invariant=…), or "
            'race(lambda r: buy(r, "tea"), lambda r: buy(r, "tea"), …).'
        )
    server = private_server()
    called = [_called(each) for each in actors]
    found: Outcome | RaceFound | ActorFailed | NotReproducible
    with kernel_wire().measure() as astray:
        try:
            found = run_race(server.url, *actors, setup=setup, invariant=invariant, **options)
        except NeverEnds as error:
            raise Quiet(f"race(): {error}") from None
        except (RaceFound, ActorFailed, NotReproducible) as broken:
            found = broken
        except InvariantFailed as error:
            raise Quiet(f"race(): {error}. Does `setup` prepare what it reads?") from None
        except (ValueError, TypeError) as error:
            if _is_ours(error):
                raise Quiet(f"race(): {error}") from None
            raise
    return RaceCard(found, called, len(astray.exchanges))


def private_server() -> Server:
    """The kernel's private Redis (or private database, where there is no local one), as new.

    Raises:
        Quiet: when there is none.
    """
    try:
        server = scratch()
        server.reset()
    except (ServerError, redis.RedisError) as error:
        raise Quiet(f"This needs a Redis of its own: {error}") from None
    return server


def _called(actor: Callable[..., object]) -> str:
    """What an actor is called; nothing for one without a telling name."""
    while isinstance(actor, functools.partial):
        actor = actor.func
    name = getattr(actor, "__name__", "")
    return "" if name == "<lambda>" else name


def _is_ours(error: BaseException) -> bool:
    """Whether an exception was raised by the engine about its arguments, rather than in code of the learner's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith("grader.")
