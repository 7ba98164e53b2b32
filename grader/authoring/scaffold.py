"""`course new exercise week1.some-name`: every file an exercise needs, with the places to fill in marked TODO."""

from __future__ import annotations

import keyword
from pathlib import Path

from grader.authoring.expand import SourceError
from grader.checks import Catalog, catalog
from grader.checks.catalog import SLUG, Notebook

_ENTRY = """\
  {name}:
    title: {title}
    points: 2
    minutes: 5
    kind: build
    names: [{function}]
    hints:
      - "TODO the idea, without naming a command"
      - "TODO the approach: which command, and what it answers"
      - "TODO nearly the code"
    misconceptions:
      first-belief: "TODO what a learner believes, and what is so."
      second-belief: "TODO"
      third-belief: "TODO"
    learnt: "TODO one sentence: what they know now."
    onward: "TODO one sentence: what to try next."
"""

_SOURCE = """
### {{{slug}}}

TODO what the function gets, what it returns, an example.

```{{code-cell}} ipython3
:course: solution {slug}
def {function}(r, key):
    \"\"\"TODO what it does.\"\"\"
    ### BEGIN SOLUTION
    return r.get(key)
    ### END SOLUTION
```
"""

_CHECK = """

@exercise("{slug}")
class Test{camel}:
    def test_returns_what_is_stored(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        \"\"\"TODO the promise, as the learner reads it.\"\"\"
        peek.set("key", "value")
        known: dict[object, str] = {{None: "first-belief", "": "second-belief", 0: "third-belief"}}
        expect(answer.{function}(redis, "key"), "value", '{function}(r, "key")', known=known)
"""

_WRONG = '''\
def {function}(r, key):
    """TODO a way learners really go wrong: {belief}."""
    return {result}
'''
_BELIEFS = {"first-belief": "None", "second-belief": '""', "third-belief": "0"}


def new_exercise(root: Path, slug: str, notebook: str | None = None) -> list[Path]:
    """Write the files of a new exercise into the course in `root`; returns what was written or extended.

    Args:
        root: the course folder.
        slug: ``week1.some-name``.
        notebook: the notebook it joins (``02-strings-and-counters``); the last one of its week if None.

    Raises:
        SourceError: when the slug is malformed or taken, or the week has no such notebook. Nothing is written then.
    """
    exercises = catalog()
    if not SLUG.fullmatch(slug):
        raise SourceError(f"{slug!r} is not a slug: it looks like week1.page-views.")
    if slug in exercises.by_slug:
        raise SourceError(f"{slug} exists already, in notebook {exercises[slug].notebook}. Slugs never change hands.")
    target = _notebook(exercises, slug, notebook)
    week, _, name = slug.partition(".")
    function = name.replace("-", "_")
    if keyword.iskeyword(function) or not function.isidentifier():
        function = f"do_{function}"
    check = target.exercises[0].check
    if not check.is_relative_to(root.resolve()):
        raise SourceError(
            f"The checks in use lie in {check.parent}, outside this course ({root}): install it with `make test` first."
        )
    fill = {
        "slug": slug,
        "name": name,
        "function": function,
        "title": name.replace("-", " ").capitalize(),
        "camel": "".join(w.capitalize() for w in name.split("-")),
    }
    written = [
        _append(check.with_name(check.name.removeprefix("test_")).with_suffix(".yml"), _ENTRY.format(**fill)),
        _append(check, _CHECK.format(**fill)),
        _append(root / "solutions" / f"{target.path}.md", _SOURCE.format(**fill)),
    ]
    folder = root / "solutions" / week / "wrong" / name
    folder.mkdir(parents=True, exist_ok=True)
    for belief, result in _BELIEFS.items():
        path = folder / f"{belief}.py"
        path.write_text(_WRONG.format(function=function, belief=belief, result=result), encoding="utf-8")
        written.append(path)
    return written


def _notebook(exercises: Catalog, slug: str, wanted: str | None) -> Notebook:
    week = slug.partition(".")[0]
    mine = [n for n in exercises.notebooks if n.path.startswith(f"{week}/")]
    if wanted is not None:
        mine = [n for n in mine if Path(n.path).name == Path(wanted).name.removesuffix(".ipynb").removesuffix(".md")]
    if not mine:
        have = ", ".join(n.path for n in exercises.notebooks)
        what = f"no notebook {wanted}" if wanted is not None else "no notebook yet"
        raise SourceError(f"{week} has {what}; there are: {have}.")
    return mine[-1]


def _append(path: Path, text: str) -> Path:
    old = path.read_text(encoding="utf-8")
    path.write_text(old.rstrip("\n") + "\n" + text, encoding="utf-8")
    return path
