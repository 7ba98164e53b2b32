"""The trusted end of the conversation with a worker: an `Answer` whose names are in somebody else's process.

Nothing of the learner's is imported, unpickled or called here (rule R1): what arrives is JSON, decoded into plain
values and references that mean nothing but a number. `grader.inside` is the other end.
"""

from grader.marking.remote.answer import RemoteAnswer
from grader.marking.remote.notebook import Start, WorkerNotebook

__all__ = ["RemoteAnswer", "Start", "WorkerNotebook"]
