"""Control groups: here as the kernel has them, and in both versions as files in a folder."""

import os
from pathlib import Path

import pytest
from available import lacking

from grader.marking.sandbox import Limits
from grader.marking.sandbox.cgroups import NoGroupsError, Tree, tree
from grader.marking.sandbox.limits import MB

LIMITS = Limits(memory=100 * MB, processes=7)


class _Kernel:
    """A folder in which a new subfolder has the files that a kernel would put there."""

    def __init__(self, top: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.top = top
        self.files = files
        mkdir, rmdir = Path.mkdir, Path.rmdir

        def make(path: Path, *words: object, **options: object) -> None:
            mkdir(path, *words, **options)  # type: ignore[arg-type]
            if path.is_relative_to(top):
                for name, text in files.items():
                    (path / name).write_text(text)

        def remove(path: Path) -> None:
            if path.is_relative_to(top):
                for each in path.iterdir():
                    if each.is_file():
                        each.unlink()
            rmdir(path)

        monkeypatch.setattr(Path, "mkdir", make)
        monkeypatch.setattr(Path, "rmdir", remove)


V2 = {
    "cgroup.procs": "", "cgroup.controllers": "cpu memory pids", "cgroup.subtree_control": "", "memory.max": "max",
    "memory.swap.max": "max", "memory.oom.group": "0", "pids.max": "max", "cpu.max": "max 100000",
    "memory.events": "low 0\nhigh 0\nmax 3\noom 1\noom_kill 0\n",
}  # fmt: skip


def test_version_2_bounds_memory_swap_and_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _Kernel(tmp_path, V2, monkeypatch)
    for name, text in V2.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids")
    (tmp_path / "user.slice").mkdir()
    made = Tree(tmp_path, "0::/user.slice\n")
    # The group that holds our own processes may not pass controllers on: the new one is above it.
    (top,) = made.folders.values()
    assert top.parent == tmp_path
    assert (top / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    group = made.group(LIMITS)
    (folder,) = map(Path, group.places)
    read = {name: (folder / name).read_text() for name in V2}
    assert read["memory.max"] == str(100 * MB)
    assert read["memory.swap.max"] == "0"
    assert read["memory.oom.group"] == "1"
    assert read["pids.max"] == "7"
    group.add(4711)
    assert group.members() == [4711]
    assert not group.memory_ran_out()
    (folder / "memory.events").write_text("oom 1\noom_kill 2\n")
    assert group.memory_ran_out()
    (folder / "cgroup.procs").write_text("")
    assert group.remove()
    assert not folder.exists()
    made._watch.dismiss()


def test_version_2_without_the_controllers_says_which_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {**V2, "cgroup.controllers": "cpu"}
    _Kernel(tmp_path, files, monkeypatch)
    (tmp_path / "cgroup.controllers").write_text("cpu")
    with pytest.raises(NoGroupsError, match="memory and pids are not delegated"):
        Tree(tmp_path, "0::/\n")
    assert [each.name for each in tmp_path.iterdir()] == ["cgroup.controllers"]


def test_nothing_mounted_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoGroupsError, match="nothing usable is mounted"):
        Tree(tmp_path, "")


def test_version_1_bounds_memory_with_swap_and_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "cgroup.procs": "", "memory.limit_in_bytes": "", "memory.memsw.limit_in_bytes": "", "memory.swappiness": "",
        "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n", "pids.max": "",
        "cpu.cfs_period_us": "", "cpu.cfs_quota_us": "", "cpu.shares": "",
    }  # fmt: skip
    _Kernel(tmp_path, files, monkeypatch)
    for controller in ("memory", "pids", "cpu"):
        (tmp_path / controller).mkdir()
    (tmp_path / "memory" / "own").mkdir()
    made = Tree(tmp_path, "4:memory:/own\n3:pids:/\n2:cpu,cpuacct:/elsewhere\n")
    assert made.folders["memory"].parent == tmp_path / "memory" / "own"
    assert made.folders["pids"].parent == tmp_path / "pids"
    group = made.group(LIMITS)
    assert (group.folders["memory"] / "memory.limit_in_bytes").read_text() == str(100 * MB)
    assert (group.folders["memory"] / "memory.memsw.limit_in_bytes").read_text() == str(100 * MB)
    assert (group.folders["pids"] / "pids.max").read_text() == "7"
    assert group.memory_ran_out()
    made._watch.dismiss()


def test_the_kernels_own_groups_come_and_go() -> None:
    try:
        group = tree().group(LIMITS)
    except NoGroupsError as error:
        lacking("cgroups", str(error))
    places = [Path(each) for each in group.places]
    assert all(each.is_dir() for each in places)
    group.add(pid := os.fork() or _wait())
    assert group.members() == [pid]
    assert group.remove()
    assert not any(each.exists() for each in places)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -9


def _wait() -> int:
    """For a child: until it is ended."""
    import signal

    while True:
        signal.pause()
