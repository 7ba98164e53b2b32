"""rewrites its append-only file without the changes that come while it does"""

from miniredis.persistence.manifest import Manifest, Part

STAGE = "mini.aof-rewrite"


def spoil() -> None:
    rebased = Manifest.rebased

    def only_the_base(self: Manifest, base: Part, first: Part) -> Manifest:
        made = rebased(self, base, first)
        made.history += made.increments
        made.increments = []
        return made

    Manifest.rebased = only_the_base
