"""The same attacks on the sandbox of an ordinary user, when the tests run as root: bubblewrap works
in another way then.

The interpreter may lie in root's home, where others cannot go; in a mount namespace of its own that is mended.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from available import lacking

HERE = Path(__file__).parent
USER = 61_183  # nobody's
ATTACKS = (
    "fork_bomb or python_in_one_process or its_processor_time or more_files_than_allowed or "
    "write_to_its_own or own_processes_only or network_is or no_privilege or daemon or the_next_does_not_find or "
    "siblings or survives or grader_that_is_killed or any_other or way_out or plants"
)

# Keeps root's interpreter where it is and hides the rest of root's home; then becomes the user.
_BECOME = """
set -e
if [ -n "$KEPT" ]; then
  mount --bind "$KEPT" "$PLACE"
  mount -t tmpfs -o mode=755 none /root
  mkdir -p "$KEPT"
  mount --bind "$PLACE" "$KEPT"
fi
exec setpriv --reuid "$ID" --regid "$ID" --clear-groups "$@"
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as an ordinary user already")
def test_the_attacks_fail_for_an_ordinary_user_too(tmp_path: Path) -> None:
    if shutil.which("setpriv") is None or shutil.which("unshare") is None:
        lacking("sandbox", "setpriv and unshare (util-linux) are needed to become an ordinary user")
    kept = Path(sys.base_prefix) if Path(sys.base_prefix).is_relative_to("/root") else None
    place = tmp_path / "interpreter"
    place.mkdir()
    work = Path("/tmp") / f"course-user-{os.getpid()}"
    work.mkdir(mode=0o700)
    os.chown(work, USER, USER)
    try:
        done = subprocess.run(
            [
                "unshare", "-m", "/bin/sh", "-c", _BECOME, "become", sys.executable, "-m", "pytest", "-q", str(HERE),
                "-k", ATTACKS, "-p", "no:cacheprovider", f"--basetemp={work}/pytest", "-x",
            ],
            env={
                "PATH": os.environ["PATH"], "HOME": str(work), "TMPDIR": str(work), "PYTHONDONTWRITEBYTECODE": "1",
                "COURSE_REQUIRE": os.environ.get("COURSE_REQUIRE", "").replace("cgroups", "").replace("docker", ""),
                "KEPT": str(kept or ""), "PLACE": str(place), "ID": str(USER),
            },
            cwd=HERE.parents[1],
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
    finally:
        shutil.rmtree(work)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None and int(passed[1]) >= 20, done.stdout[-2000:]
