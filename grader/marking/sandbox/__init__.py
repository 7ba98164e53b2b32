"""Where a learner's code runs: bubblewrap, else a container, else (loudly) a plain process.

    with choose().start(["python", "-m", "worker"], channel, Limits(), {folder: "/answers"}) as held:
        ...

`choose()` says in `words` what the instructor gets. Called by `grader.marking` only: nothing above it starts a
learner's code.
"""

from grader.marking.sandbox.choose import KINDS, Kind, Sandbox, SandboxMissing, asked_for, choose
from grader.marking.sandbox.held import Ended, Held
from grader.marking.sandbox.limits import Limits
from grader.marking.sandbox.servers import REDIS_LIMITS, redis_in_sandbox
from grader.marking.sandbox.warm import WarmWorkers, worker_share
from grader.marking.sandbox.within.launch import CHANNEL

__all__ = [
    "CHANNEL",
    "KINDS",
    "REDIS_LIMITS",
    "Ended",
    "Held",
    "Kind",
    "Limits",
    "Sandbox",
    "SandboxMissing",
    "WarmWorkers",
    "asked_for",
    "choose",
    "redis_in_sandbox",
    "worker_share",
]
