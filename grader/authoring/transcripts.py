"""Run the executable blocks of the lessons against real Redis servers and compare what they show.

`check_lessons` is what `course lint` and the tests call; `rewrite` fills in what a block shows, for authors:

    python -m grader.authoring.transcripts modules/week1-fundamentals/1.4-strings-and-counters.md
    python -m grader.authoring.transcripts --write modules/week1-fundamentals/*.md

One server per lesson and version, empty at the lesson's start; state carries over from block to block (keys, the
redis-cli connection, Python names, the shell and its folder). The format of a lesson is in modules/README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import doctest
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from grader.authoring.lessons import EXECUTED, Block, Lesson, read_lesson
from grader.authoring.problems import Problem
from grader.authoring.sessions import (
    TIMING,
    Address,
    CannotRunError,
    PythonSession,
    RedisSession,
    ShellSession,
    TooSlowError,
    WireSession,
    accepts_configuration,
)
from grader.resp import INCOMPLETE, ProtocolError, Reader
from grader.servers import Binary, LocalServer, ServerError, Version, binaries, standalone
from grader.wire import split_line
from grader.wire.redis_cli import shows_raw

#: Seconds a block may take altogether.
DEADLINE = 20.0

#: Seconds of silence after which a server is taken to have said all it has to say.
QUIET = 0.15

_ALL = 1 << 30

Progress = Callable[[Path, Version], None]


@dataclass(frozen=True)
class Step:
    """One command of a block with what the lesson shows below it.

    `first` and `end` are the indices, in the block's lines, of the shown lines; `at` is the command's.
    """

    command: str
    shown: tuple[str, ...]
    at: int
    first: int
    end: int
    example: doctest.Example | None = None
    sends: tuple[bytes, ...] = ()


@dataclass
class Run:
    """What `run_lessons` did: the problems, and how many blocks and commands it ran per (kind, version).

    `not_run` names the blocks that were not, as (lesson, line, reason): marked so, or for a version not here.
    """

    problems: list[Problem] = field(default_factory=list)
    blocks: Counter[tuple[str, str]] = field(default_factory=Counter)
    commands: Counter[tuple[str, str]] = field(default_factory=Counter)
    not_run: list[tuple[Path, int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Finding:
    """A problem seen on one version; those of several versions are told together. `block` is the fence's line."""

    block: int
    line: int
    kind: str
    message: str
    detail: str


@dataclass(frozen=True)
class _Edit:
    """Lines of the file (indices from 0) to be replaced."""

    first: int
    end: int
    lines: tuple[str, ...]


def check_lessons(paths: Iterable[Path], binaries: Sequence[Binary], progress: Progress | None = None) -> list[Problem]:
    """Run every executable block of the lessons `paths` on each of `binaries`; the disagreements, in order.

    `progress` is called with (lesson, version) before each pass. Raises OSError for a lesson that cannot be read.
    """
    return run_lessons(paths, binaries, progress).problems


def run_lessons(
    paths: Iterable[Path],
    binaries: Sequence[Binary],
    progress: Progress | None = None,
    deadline: float = DEADLINE,
) -> Run:
    """As `check_lessons`, with the counts of what was run. `deadline` is seconds per block."""
    run = Run()
    for path in paths:
        lesson = read_lesson(path)
        run.problems += lesson.problems
        run.problems += [Problem(path, *found) for found in _static_problems(lesson)]
        run.not_run += _left_out(lesson, binaries)
        found: dict[_Finding, list[str]] = {}
        passes: Counter[int] = Counter()
        for binary in binaries:
            if progress is not None:
                progress(path, binary.version)
            pass_ = _Pass(lesson, binary, deadline)
            for finding in pass_.run():
                found.setdefault(finding, []).append(_dotted(binary.version))
            run.blocks += pass_.blocks
            run.commands += pass_.commands
            for line in pass_.lines_run:
                passes[line] += 1
        run.problems += [
            _told(path, finding, versions, differs=len(versions) < passes[finding.block])
            for finding, versions in found.items()
        ]
    run.problems.sort(key=lambda problem: (str(problem.path), problem.line))
    return run


def rewrite(
    path: Path,
    binary: Binary,
    only: Callable[[Block], bool] = lambda block: True,
    deadline: float = DEADLINE,
) -> list[Problem]:
    """Put into the lesson `path` what its blocks show when run on `binary`; the problems that stopped a block.

    Changes redis, wire, console and `>>>` python blocks. A shown line that matches one of the block's `varies`
    stays as it is if the new one matches it too, so that a second run changes nothing. `only` chooses the blocks
    that are changed; all of them are run, for their effects.
    """
    lesson = read_lesson(path)
    stopped: list[Problem] = list(lesson.problems)
    pass_ = _Pass(lesson, binary, deadline, update=True)
    for finding in pass_.run():
        if not finding.detail.startswith(_SHOWN_MARK):
            stopped.append(_told(path, finding, [_dotted(binary.version)], differs=False))
    chosen = {block.line for block in lesson.blocks if only(block)}
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for block_line, edit in sorted(pass_.edits, key=lambda item: item[1].first, reverse=True):
        if block_line in chosen:
            lines[edit.first : edit.end] = edit.lines
    new = "\n".join(lines) + ("\n" if text.endswith("\n") else "")
    if new != text:
        path.write_text(new, encoding="utf-8")
    return stopped


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))


def _left_out(lesson: Lesson, binaries: Sequence[Binary]) -> Iterator[tuple[Path, int, str]]:
    for block in lesson.blocks:
        if block.markers.not_run is not None:
            yield lesson.path, block.line, block.markers.not_run
        elif block.markers.versions is not None and not any(block.runs_on(b.version) for b in binaries):
            yield lesson.path, block.line, f"no Redis {block.markers.versions.text} here"


def _told(path: Path, finding: _Finding, versions: list[str], differs: bool) -> Problem:
    message = finding.message.replace("{versions}", " and ".join(versions))
    if differs and finding.detail.startswith(_SHOWN_MARK):
        message += "; if the versions differ on purpose, show a block for each, marked `<!-- redis: VERSION -->`"
    detail = finding.detail.removeprefix(_SHOWN_MARK)
    return Problem(path, finding.line, finding.kind, message + ("\n" + detail if detail else ""))


#: Opens the detail of a finding that is a difference between shown and seen (which `rewrite` settles).
_SHOWN_MARK = "\0"


class _Pass:
    """One lesson run from top to bottom on one binary."""

    def __init__(self, lesson: Lesson, binary: Binary, deadline: float, update: bool = False) -> None:
        self.lesson = lesson
        self.binary = binary
        self.seconds = deadline
        self.update = update
        self.version = _dotted(binary.version)
        self.blocks: Counter[tuple[str, str]] = Counter()
        self.commands: Counter[tuple[str, str]] = Counter()
        self.lines_run: list[int] = []
        self.edits: list[tuple[int, _Edit]] = []

    def run(self) -> list[_Finding]:
        wanted = [block for block in self.lesson.blocks if self._is_run(block)]
        if not wanted:
            return []
        findings: list[_Finding] = []
        shared = any(block.kind in EXECUTED and block.markers.server is None for block in wanted)
        with contextlib.ExitStack() as stack:
            try:
                stage = stack.enter_context(_stage(self.binary, ())) if shared else None
            except ServerError as error:
                return [_Finding(0, 0, "server", "Redis {versions} did not start", _indented(str(error)))]
            for block in wanted:
                self.lines_run.append(block.line)
                self.blocks[block.kind, self.version] += 1
                findings += self._run_block(block, stage)
        return findings

    def _is_run(self, block: Block) -> bool:
        runnable = block.kind in EXECUTED or (block.kind == "ini" and block.markers.redis_conf)
        return runnable and block.markers.not_run is None and block.runs_on(self.binary.version)

    def _run_block(self, block: Block, shared: _Stage | None) -> list[_Finding]:
        deadline = time.monotonic() + self.seconds
        if block.kind == "ini":
            return self._configuration(block, deadline)
        if block.markers.server is not None or shared is None:
            try:
                with _stage(self.binary, block.markers.server or ()) as stage:
                    return self._steps(block, stage, time.monotonic() + self.seconds)
            except ServerError as error:
                return [
                    _Finding(block.line, block.line, "server", "Redis {versions} did not start", _indented(str(error)))
                ]
        if block.markers.fresh or shared.server.pid is None:
            try:
                shared.renew(deadline, empty=block.markers.fresh)
            except (ServerError, RedisError, OSError, TooSlowError) as error:
                return [_Finding(block.line, block.line, block.kind, "the server could not be made fresh", str(error))]
        try:
            return self._steps(block, shared, deadline)
        finally:
            shared.settle(block)

    def _configuration(self, block: Block, deadline: float) -> list[_Finding]:
        with tempfile.TemporaryDirectory(prefix="course-conf-") as folder:
            said = accepts_configuration(self.binary.path, block.lines, Path(folder), deadline)
        self.commands[block.kind, self.version] += 1
        if said is None:
            return []
        return [
            _Finding(
                block.line, block.line, "ini", "Redis {versions} does not take this configuration", _indented(said)
            )
        ]

    def _steps(self, block: Block, stage: _Stage, deadline: float) -> list[_Finding]:
        steps, malformed = split_steps(block)
        if malformed:
            return []  # told once, by _static_problems
        findings: list[_Finding] = []
        run = _RUNNERS[block.kind]
        with contextlib.ExitStack() as stack:
            context = stack.enter_context(_block_context(block, stage))
            for step in steps:
                line = block.line + 1 + step.at
                last = step is steps[-1]
                try:
                    got = run(context, step, _Asked(deadline, last, self.update, block.markers.varies))
                except (TooSlowError, CannotRunError, ConnectionError) as error:
                    limit = f" (a block has {self.seconds:g} s)" if isinstance(error, TooSlowError) else ""
                    message = f"`{_first_line(step.command)}` on Redis {{versions}}: {error}{limit}"
                    findings.append(_Finding(block.line, line, block.kind, message, ""))
                    if not isinstance(error, CannotRunError):
                        stage.abandon(block.kind)
                        break
                    continue
                self.commands[block.kind, self.version] += 1
                if step.example is None and not step.shown and block.kind == "python":
                    if got:
                        said = _indented("\n".join(got))
                        message = "the block fails on Redis {versions}"
                        findings.append(_Finding(block.line, line, "python", message, said))
                elif not agrees(step, got, block.markers.varies):
                    self._disagreement(block, step, line, got, findings)
        return findings

    def _disagreement(self, block: Block, step: Step, line: int, got: list[str], findings: list[_Finding]) -> None:
        message = f"`{_first_line(step.command)}` on Redis {{versions}} shows something else (- expected, + got)"
        detail = _SHOWN_MARK + _indented(difference(step.shown, got))
        findings.append(_Finding(block.line, line, block.kind, message, detail))
        kept = merged(step.shown, got, block.markers.varies)
        if block.kind == "wire":
            kept = [f"S: {text}" for text in kept]
        indent = " " * step.example.indent if step.example is not None else ""
        new = tuple((block.prefix + indent + text).rstrip() for text in kept)
        base = block.line
        self.edits.append((block.line, _Edit(base + step.first, base + step.end, new)))


def _first_line(command: str) -> str:
    first, newline, _ = command.partition("\n")
    return first + (" …" if newline else "")


def _indented(text: str) -> str:
    return "\n".join("    " + line for line in text.splitlines())


@dataclass(frozen=True)
class _Asked:
    """How a step is to be run."""

    deadline: float
    last: bool
    update: bool
    varies: tuple[re.Pattern[str], ...]


class _Stage:
    """A server with the sessions of one lesson (or of one block with a server of its own) on it."""

    def __init__(self, server: LocalServer, folder: Path, binary: Binary) -> None:
        assert server.port is not None
        self.server = server
        self.address: Address = ("127.0.0.1", server.port)
        self._folder = folder
        self._binary = binary
        self._open: dict[str, RedisSession | ShellSession | PythonSession] = {}
        self._shells = 0

    def redis(self) -> RedisSession:
        session = self._open.get("redis")
        if not isinstance(session, RedisSession):
            session = self._open["redis"] = RedisSession(self.address)
        return session

    def python(self) -> PythonSession:
        session = self._open.get("python")
        if not isinstance(session, PythonSession):
            session = self._open["python"] = PythonSession(self._room("python"), self.address)
        return session

    def console(self) -> ShellSession:
        session = self._open.get("console")
        if not isinstance(session, ShellSession):
            self._shells += 1
            wrappers = self._folder / f"bin{self._shells}"
            session = ShellSession(self._room("shell"), wrappers, self.address, self._binary.path)
            self._open["console"] = session
        return session

    def _room(self, name: str) -> Path:
        # Apart: what a shell leaves running is found by the folder it runs in.
        room = self._folder / name
        room.mkdir(exist_ok=True)
        return room

    def settle(self, block: Block) -> None:
        """After a block that may have shut the server down: wait a moment for the process to be gone."""
        # By its text, since asking the server would be one more client than the lesson has.
        patience = time.monotonic() + 1
        while re.search("shutdown", block.text, re.IGNORECASE) and time.monotonic() < patience:
            if self.server.pid is None:
                return
            time.sleep(0.005)

    def renew(self, deadline: float, empty: bool) -> None:
        """New connections, to an empty server if asked; a server that has stopped is started again."""
        if self.server.pid is None:
            self.server.restart()
        if empty:
            client = self.server.client()
            try:
                client.flushall()
            finally:
                client.close()
        self.abandon("redis")
        python = self._open.get("python")
        if isinstance(python, PythonSession):
            python.renew_client(deadline)

    def abandon(self, kind: str) -> None:
        """Close the session of this kind; the next block of the kind gets a new one."""
        session = self._open.pop(kind, None)
        if session is not None:
            session.close()

    def close(self) -> None:
        for kind in list(self._open):
            self.abandon(kind)


@contextlib.contextmanager
def _stage(binary: Binary, options: Sequence[tuple[str, str]]) -> Iterator[_Stage]:
    config: dict[str, Any] = {name.replace("-", "_"): value for name, value in options}
    password = config.pop("requirepass", None)
    with (
        tempfile.TemporaryDirectory(prefix="course-lesson-", ignore_cleanup_errors=True) as folder,
        standalone(binary=binary, port=0, password=password, **config) as server,
    ):
        stage = _Stage(server, Path(folder), binary)
        try:
            yield stage
        finally:
            stage.close()


# --- running one step of each kind; each returns the lines seen ---------------------------------------------


@dataclass
class _Context:
    """What the steps of one block run in."""

    stage: _Stage
    wire: WireSession | None = None


@contextlib.contextmanager
def _block_context(block: Block, stage: _Stage) -> Iterator[_Context]:
    if block.kind != "wire":
        yield _Context(stage)
        return
    wire = WireSession(stage.address)
    try:
        yield _Context(stage, wire)
    finally:
        wire.close()


def _run_redis(context: _Context, step: Step, asked: _Asked) -> list[str]:
    got = context.stage.redis().run(step.command, asked.deadline)
    # A slow machine adds redis-cli's time line anywhere; it counts only where the lesson shows one.
    shows_time = bool(step.shown) and TIMING.fullmatch(step.shown[-1])
    if got and TIMING.fullmatch(got[-1]):
        if shows_time:
            got[-1] = step.shown[-1]
        elif step.shown or not asked.update:
            got.pop()
    return got


def _run_wire(context: _Context, step: Step, asked: _Asked) -> list[str]:
    assert context.wire is not None
    for data in step.sends:
        context.wire.send(data)
    expected = b"".join(unescape(text) for text in step.shown)
    variable = any(pattern.fullmatch(text) for text in step.shown for pattern in asked.varies)
    got = b""
    if asked.update:
        got = context.wire.receive(_ALL, min(asked.deadline, time.monotonic() + 4 * QUIET), QUIET)
    elif expected:
        got = context.wire.receive(_ALL if variable else len(expected), asked.deadline, 4 * QUIET)
    if asked.last:
        got += context.wire.rest(asked.deadline)
    return _as_shown(got, step.shown)


def _as_shown(data: bytes, shown: Sequence[str]) -> list[str]:
    """The bytes as escaped lines: cut where the lesson cuts them if that is possible, else one line a reply.

    A shown line and a line that differs from it (because it varies) end at the same number of line ends.
    """
    lines: list[str] = []
    rest = data
    for text in shown:
        part = unescape(text)
        cut = len(part) if rest.startswith(part) else _after_line_ends(rest, part.count(b"\r\n"))
        if not rest[:cut]:
            return [escape(reply) for reply in _replies(data)]
        lines.append(escape(rest[:cut]))
        rest = rest[cut:]
    return lines + [escape(reply) for reply in _replies(rest)]


def _after_line_ends(data: bytes, count: int) -> int:
    """The index behind the `count`-th line end, the length of `data` if there are fewer."""
    index = 0
    for _ in range(count):
        found = data.find(b"\r\n", index)
        if found < 0:
            return len(data)
        index = found + 2
    return index


def _replies(data: bytes) -> list[bytes]:
    """The bytes cut after each complete reply; what does not parse is the last piece."""
    reader = Reader()
    pieces: list[bytes] = []
    start = 0
    try:
        for index in range(len(data)):
            reader.feed(data[index : index + 1])
            if reader.read() is not INCOMPLETE:
                pieces.append(data[start : index + 1])
                start = index + 1
    except ProtocolError:
        pass
    return pieces + ([data[start:]] if data[start:] else [])


def _run_console(context: _Context, step: Step, asked: _Asked) -> list[str]:
    return context.stage.console().run(step.command, asked.deadline)


def _run_python(context: _Context, step: Step, asked: _Asked) -> list[str]:
    session = context.stage.python()
    if step.example is None:
        _, exception = session.run(step.command, asked.deadline, interactive=False)
        return exception.split("\n") if exception else []
    output, exception = session.run(step.example.source, asked.deadline, interactive=True)
    lines = ["<BLANKLINE>" if not line.strip() else line for line in output.split("\n")]
    lines = lines[:-1] if output.endswith("\n") or not output else lines
    if exception is not None:
        lines += ["Traceback (most recent call last):", "  ...", *exception.split("\n")]
    return lines


_RUNNERS: dict[str, Callable[[_Context, Step, _Asked], list[str]]] = {
    "redis": _run_redis,
    "wire": _run_wire,
    "console": _run_console,
    "python": _run_python,
}


# --- comparing ----------------------------------------------------------------------------------------------


def agrees(step: Step, got: Sequence[str], varies: Sequence[re.Pattern[str]]) -> bool:
    """Whether the lines seen are the lines shown, up to `varies` and a doctest example's own options."""
    if _lines_agree(step.shown, got, varies):
        return True
    if step.example is None:
        return False
    flags = 0
    for flag, wanted in step.example.options.items():
        flags |= flag if wanted else 0
    checker = doctest.OutputChecker()
    if step.example.exc_msg is None:
        return checker.check_output(step.example.want, "".join(line + "\n" for line in got), flags)
    if "Traceback (most recent call last):" not in got:
        return False
    seen = list(got)[list(got).index("Traceback (most recent call last):") + 2 :]
    shown = step.example.exc_msg.rstrip("\n").split("\n")
    if flags & doctest.IGNORE_EXCEPTION_DETAIL and seen and shown:
        return seen[0].split(":")[0].split(".")[-1] == shown[0].split(":")[0].split(".")[-1]
    text = "".join(line + "\n" for line in seen)
    return _lines_agree(shown, seen, varies) or checker.check_output(step.example.exc_msg, text, flags)


def _lines_agree(shown: Sequence[str], got: Sequence[str], varies: Sequence[re.Pattern[str]]) -> bool:
    return len(shown) == len(got) and all(
        left.rstrip() == right.rstrip() or _both_vary(left, right, varies)
        for left, right in zip(shown, got, strict=True)
    )


def _both_vary(shown: str, got: str, varies: Sequence[re.Pattern[str]]) -> bool:
    return any(pattern.fullmatch(shown) and pattern.fullmatch(got) for pattern in varies)


def merged(shown: Sequence[str], got: Sequence[str], varies: Sequence[re.Pattern[str]]) -> list[str]:
    """The lines seen, except that a shown line that varies stands for the seen one in its turn."""
    waiting = {pattern: [line for line in shown if pattern.fullmatch(line)] for pattern in dict.fromkeys(varies)}
    lines = []
    for line in got:
        kept = line
        for pattern, candidates in waiting.items():
            if candidates and pattern.fullmatch(line):
                kept = candidates.pop(0)
                break
        lines.append(kept)
    return lines


def difference(shown: Sequence[str], got: Sequence[str]) -> str:
    """A small diff: two spaces for a line both have, `- ` for one shown only, `+ ` for one seen only."""
    lines: list[str] = []
    matcher = difflib.SequenceMatcher(None, list(shown), list(got), autojunk=False)
    for tag, left, left_end, right, right_end in matcher.get_opcodes():
        if tag == "equal":
            lines += ["  " + line for line in shown[left:left_end]]
            continue
        lines += ["- " + line for line in shown[left:left_end]]
        lines += ["+ " + line for line in got[right:right_end]]
    if not got:
        lines.append("+ (nothing)")
    if not shown:
        lines.insert(0, "- (nothing)")
    return "\n".join(lines[:40] + ([f"… {len(lines) - 40} lines more"] if len(lines) > 40 else []))


# --- reading a block's commands ------------------------------------------------------------------------------


def split_steps(block: Block) -> tuple[list[Step], list[tuple[int, str]]]:
    """The commands of an executable block, and what is wrong with its form as (body line index, message)."""
    return _SPLITTERS[block.kind](block.lines)


Split = tuple[list[Step], list[tuple[int, str]]]


def _split_redis(lines: Sequence[str]) -> Split:
    steps: list[Step] = []
    problems: list[tuple[int, str]] = []
    starts = [index for index, line in enumerate(lines) if line.startswith("> ") or line.rstrip() == ">"]
    for index, line in enumerate(lines[: starts[0] if starts else None]):
        if re.match(r"\S+:\d+(\[\d+\])?(\(TX\))?> ", line):
            problems.append((index, "write the prompt as `> `, without host and port"))
        elif line.strip() and not line.startswith("# "):
            problems.append((index, "this line stands before the first command (commands begin with `> `)"))
    if not starts:
        return [], problems[:1] or [(0, "no command: commands begin with `> `")]
    for start, following in zip(starts, [*starts[1:], len(lines)], strict=True):
        command = lines[start][2:].strip()
        end = _end_of_reply(lines, start + 1, following, _is_raw(command), following == len(lines))
        for index in range(start + 1, end):
            if re.match(r"\S+:\d+(\[\d+\])?(\(TX\))?> ", lines[index]):
                problems.append((index, "write the prompt as `> `, without host and port"))
        steps.append(Step(command, tuple(lines[start + 1 : end]), start, start + 1, end))
    return steps, problems


def _end_of_reply(lines: Sequence[str], first: int, end: int, raw: bool, last: bool) -> int:
    """Where the reply ends: blank lines, and comments before the next command, do not belong to it.

    A raw reply (INFO) may hold lines that look like comments: there a comment needs a blank line before it.
    """
    while end > first and not lines[end - 1].strip():
        end -= 1
    comments = end
    while not last and comments > first and (lines[comments - 1].startswith("# ") or not lines[comments - 1].strip()):
        comments -= 1
        if raw and not lines[comments].strip():
            end = comments
    if not raw:
        end = comments
    while end > first and not lines[end - 1].strip():
        end -= 1
    return end


def _is_raw(command: str) -> bool:
    try:
        return shows_raw(split_line(command))
    except ValueError:
        return False


def _split_wire(lines: Sequence[str]) -> Split:
    steps: list[Step] = []
    problems: list[tuple[int, str]] = []
    sent: list[tuple[int, str, bytes]] = []
    shown: list[tuple[int, str]] = []

    def finish() -> None:
        if sent:
            first = shown[0][0] if shown else sent[-1][0] + 1
            end = shown[-1][0] + 1 if shown else first
            command = "\n".join(text for _, text, _ in sent)
            data = tuple(data for _, _, data in sent)
            steps.append(Step(command, tuple(text for _, text in shown), sent[0][0], first, end, sends=data))
        sent.clear()
        shown.clear()

    for index, line in enumerate(lines):
        side, colon, rest = line.partition(":")
        text = rest.removeprefix(" ")
        if not line.strip() or line.startswith("# "):
            continue
        try:
            if side == "C" and colon:
                if shown:
                    finish()
                sent.append((index, text, unescape(text)))
            elif side == "S" and colon:
                unescape(text)
                if not sent:
                    raise ValueError("the server is shown speaking before anything was sent")
                shown.append((index, text))
            else:
                raise ValueError("a line begins with `C: ` (sent) or `S: ` (received)")
        except ValueError as error:
            problems.append((index, str(error)))
    finish()
    if not steps and not problems:
        problems.append((0, "no line begins with `C: `"))
    return steps, problems


_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.|$)", re.DOTALL)
_PLAIN = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "a": b"\a", "b": b"\b", "\\": b"\\", '"': b'"', "'": b"'"}


def unescape(text: str) -> bytes:
    r"""The bytes that `text` stands for, escapes as in a Python bytes literal. Raises ValueError on `\q`."""
    out = bytearray()
    position = 0
    for match in _ESCAPE.finditer(text):
        out += text[position : match.start()].encode()
        code = match[1]
        if code[:1] == "x" and len(code) == 3:
            out.append(int(code[1:], 16))
        elif code in _PLAIN:
            out += _PLAIN[code]
        else:
            raise ValueError(f"`\\{code}` is not an escape of a Python bytes literal")
        position = match.end()
    return bytes(out + text[position:].encode())


def escape(data: bytes) -> str:
    r"""`data` as `unescape` reads it: printable ASCII as it is, the rest as \r, \n, \t, \\ or \xHH."""
    names = {0x0D: "\\r", 0x0A: "\\n", 0x09: "\\t", 0x5C: "\\\\"}
    return "".join(names.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}") for byte in data)


def _split_console(lines: Sequence[str]) -> Split:
    steps: list[Step] = []
    problems: list[tuple[int, str]] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        if not line.startswith("$ "):
            if line.strip() and not line.startswith("# "):
                problems.append((index, "this line stands before the first command (commands begin with `$ `)"))
            index += 1
            continue
        start = index
        command = line[2:]
        index += 1
        # What bash shows behind its second prompt, or a line that was continued with a backslash.
        while index < len(lines) and (lines[index].startswith("> ") or command.endswith("\\")):
            command += "\n" + lines[index].removeprefix("> ")
            index += 1
        first = index
        while index < len(lines) and not lines[index].startswith("$ "):
            index += 1
        end = index
        while end > first and not lines[end - 1].strip():
            end -= 1
        steps.append(Step(command, tuple(lines[first:end]), start, first, end))
    if not steps and not problems:
        problems.append((0, "no command: commands begin with `$ `"))
    return steps, problems


def _split_python(lines: Sequence[str]) -> Split:
    text = "".join(line + "\n" for line in lines)
    if not any(line.lstrip().startswith(">>>") for line in lines):
        try:
            compile(text, "<lesson>", "exec", dont_inherit=True)
        except SyntaxError as error:
            return [], [((error.lineno or 1) - 1, f"does not compile: {error.msg}")]
        return [Step(text, (), 0, len(lines), len(lines))], []
    try:
        pieces = doctest.DocTestParser().parse(text)
    except ValueError as error:
        return [], [(0, str(error))]
    steps: list[Step] = []
    problems: list[tuple[int, str]] = []
    index = 0
    for piece in pieces:
        if isinstance(piece, str):
            for offset, line in enumerate(piece.split("\n")):
                if line.strip() and not line.startswith("#"):
                    message = "neither a `>>> ` line nor output directly below one, so nothing compares it"
                    problems.append((index + offset, message))
            index += piece.count("\n")
            continue
        first = index + piece.source.count("\n")
        shown = tuple(piece.want.split("\n")[:-1]) if piece.want else ()
        end = first + len(shown)
        if piece.options.get(doctest.SKIP):
            problems.append((index, "`doctest: +SKIP` is not allowed: mark the block `<!-- not run: reason -->`"))
        steps.append(Step(piece.source.rstrip("\n"), shown, index, first, end, example=piece))
        index = end
    return steps, problems


_SPLITTERS: dict[str, Callable[[Sequence[str]], Split]] = {
    "redis": _split_redis,
    "wire": _split_wire,
    "console": _split_console,
    "python": _split_python,
}


def _static_problems(lesson: Lesson) -> list[tuple[int, str, str]]:
    """What is wrong with the form of the blocks, whatever Redis says: (line, kind, message)."""
    problems: list[tuple[int, str, str]] = []
    for block in lesson.blocks:
        if block.kind not in EXECUTED:
            continue
        steps, malformed = split_steps(block)
        if block.markers.not_run is not None and block.kind != "python":
            continue
        problems += [(block.line + 1 + index, block.kind, message) for index, message in malformed]
        for pattern in block.markers.varies:
            if not any(pattern.fullmatch(line) for step in steps for line in step.shown):
                message = f"`varies: {pattern.pattern}` matches no line shown in this block"
                problems.append((block.line, "marker", message))
    return problems


# --- for authors ----------------------------------------------------------------------------------------------


def course_binaries() -> list[Binary]:
    """One binary per minor version of Redis on this machine, oldest first."""
    found: dict[tuple[int, int], Binary] = {}
    for binary in binaries():
        found.setdefault(binary.version[:2], binary)
    return [found[version] for version in sorted(found)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, or with --write bring up to date, the lessons named; the exit code is 1 when problems remain."""
    parser = argparse.ArgumentParser(prog="python -m grader.authoring.transcripts", description=main.__doc__)
    parser.add_argument("--write", action="store_true", help="put what Redis answers into the files")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    found = course_binaries()
    if not found:
        sys.stderr.write("no redis-server of 7.0 or newer was found\n")
        return 2
    if options.write:
        newest = found[-1]
        for path in options.files:
            for binary in reversed(found):
                rewrite(path, binary, only=_written_by(binary, newest))
    run = run_lessons(options.files, found)
    for problem in run.problems:
        sys.stdout.write(f"{problem}\n\n")
    for (kind, version), blocks in sorted(run.blocks.items()):
        commands = run.commands[kind, version]
        sys.stdout.write(f"{kind:8} on {version}: {blocks} blocks, {commands} commands\n")
    sys.stdout.write(f"{len(run.problems)} problems\n")
    return 1 if run.problems else 0


def _written_by(binary: Binary, newest: Binary) -> Callable[[Block], bool]:
    """The newest version writes every block it runs; an older one only those that are not for the newest."""
    return lambda block: binary is newest or not block.runs_on(newest.version)


if __name__ == "__main__":
    sys.exit(main())
