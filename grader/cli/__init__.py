"""The `course` command."""

import sys


def main() -> None:
    """Run `course`; never returns."""
    try:
        from grader.cli.app import main as run  # half a second of imports, in which Ctrl-C may come

        run()
    except KeyboardInterrupt:
        sys.exit(130)


__all__ = ["main"]
