"""The stages of files: what a server keeps when it is killed, and whether Redis can read it, and the other way round.

No reply can show any of that. So these are probes: a server of the learner's program is started in a folder of its own,
spoken to, killed with SIGKILL and started again; a real Redis is given the files it has left, and it those of a real
Redis. What must be there is what a real Redis holds after the same commands.

A module a subject: values as bytes (`dumps`), `snapshots`, the `append_only` file, `torn` ones, `leaving` in order;
`commands` and `folders` are what they share.
"""

from grader.checks.stages.persistence import append_only, dumps, leaving, snapshots, torn

__all__ = ["append_only", "dumps", "leaving", "snapshots", "torn"]
