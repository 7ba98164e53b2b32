"""Values that lie about what they are when they are compared, shown, hashed or asked for their class."""

from __future__ import annotations

from tests.attacks.attack import BESIDE, attack

attack(
    "always-equal", "lying",
    "Returns an object whose `__eq__` says yes to everything.",
    code="""
class Yes:
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
    def __hash__(self):
        return 0
def page_view(r, page):
    return Yes()
""",
    plain={
        "page_view": """
class Yes:
    def __eq__(self, other):
        return True
def page_view(r, page):
    r.set("page:home:views", 2)
    return Yes()
""",
        "encode": "def encode(*args):\n    return Yes()",
    },
)  # fmt: skip

attack(
    "lying-class", "lying",
    "Returns an object whose `__class__` is `int`, and that compares, hashes, indexes and shows itself as hoped.",
    code="""
class Liar:
    __class__ = property(lambda self: int)
    __eq__ = __le__ = __ge__ = __lt__ = __gt__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = lambda self: 1
    __index__ = __int__ = lambda self: 1
    __repr__ = __str__ = lambda self: "1"
    __bool__ = lambda self: True
def page_view(r, page):
    return Liar()
""",
    plain="""
class Liar:
    __class__ = property(lambda self: int)
    __eq__ = lambda self, other: True
def page_view(r, page):
    r.set("page:home:views", 2)
    return Liar()
""",
)  # fmt: skip

attack(
    "int-subclass", "lying",
    "Returns a subclass of `int` that is equal to every number.",
    code="""
class N(int):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = int.__hash__
    __repr__ = lambda self: "1"
def page_view(r, page):
    return N(7)
""",
    plain="""
class N(int):
    __eq__ = lambda self, other: True
def page_view(r, page):
    r.set("page:home:views", 2)
    return N(7)
""",
)  # fmt: skip

attack(
    "str-subclass", "lying",
    "Returns lists of a subclass of `str` that is equal to every text, in a subclass of `list` that lies too.",
    code={
        "week1.bulk-read": """
class S(str):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = str.__hash__
class L(list):
    __eq__ = lambda self, other: True
    __len__ = lambda self: 3
def read_many(r, keys):
    return L([S("nothing")] * len(keys))
""",
    },
    expect={BESIDE: "lost"},
    deserves=(0.0, 0.0),
)  # fmt: skip

attack(
    "bytes-subclass", "lying",
    "Returns a subclass of `bytes` that is equal to every other, whatever it holds.",
    code={
        "week1.encode-command": """
class B(bytes):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = bytes.__hash__
def encode(*args):
    return B(b"nothing")
""",
    },
)  # fmt: skip

attack(
    "lying-dict", "lying",
    "Hands in a dict whose items depend on how often it was asked, and that finds every key.",
    code={
        "week1.predict-ttl": """
class Knows(dict):
    def __contains__(self, key):
        return True
    def __missing__(self, key):
        return Right()
    def get(self, key, default=None):
        return Right()
    __getitem__ = __missing__
class Right(int):
    __eq__ = lambda self, other: True
    __hash__ = int.__hash__
ttl_predictions = Knows()
""",
        "week1.right-tool": """
class Knows(str):
    def casefold(self):
        return self
    def split(self, *a):
        return [self]
    __eq__ = lambda self, other: True
    __hash__ = str.__hash__
class Choices(dict):
    __contains__ = lambda self, key: True
    __getitem__ = lambda self, key: Knows("redis")
choices = Choices()
""",
    },
    plain=None,
)  # fmt: skip

attack(
    "class-made-callable", "lying",
    "Hands in a class with a metaclass, a module and a mock where a function is expected; they accept everything.",
    code="""
from unittest.mock import MagicMock
page_view = MagicMock()
page_view.return_value.__eq__ = lambda self, other: True
""",
    plain="""
from unittest.mock import MagicMock
def page_view(r, page):
    r.set("page:home:views", 2)
    answer = MagicMock()
    answer.__eq__ = lambda self, other: True
    return answer
""",
)  # fmt: skip

attack(
    "repr-hangs", "lying",
    "Returns an object whose `repr`, `str`, `hash`, `len` or truth never ends.",
    "a marker that hangs",
    code="""
def forever(*a):
    while True:
        pass
class Slow:
    __repr__ = __str__ = __hash__ = __len__ = __bool__ = __eq__ = __iter__ = __getattr__ = forever
def page_view(r, page):
    return Slow()
""",
    deserves=(2.0, 1.0),
    alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "lying-exception", "lying",
    "Raises an exception that lies about its class, and that raises, hangs or ends Python while it is shown.",
    "a marker that falls over",
    code="""
import os
class Quiet(type):
    def __repr__(cls):
        raise RuntimeError("no name")
    __name__ = property(lambda cls: 1 / 0)
class Lie(Exception, metaclass=Quiet):
    __class__ = property(lambda self: AssertionError)
    __module__ = property(lambda self: 1 / 0)
    def __str__(self):
        raise KeyboardInterrupt
    __repr__ = __str__
    __notes__ = property(lambda self: 1 / 0)
    args = property(lambda self: 1 / 0)
def page_view(r, page):
    raise Lie
""",
)  # fmt: skip

attack(
    "giant-exception", "lying",
    "Raises an exception with a message of a hundred megabytes, and a chain of ten thousand causes.",
    "a marker that runs out of memory, or a report nobody can open",
    code="""
def page_view(r, page):
    error = ValueError("x" * 100_000_000)
    top = error
    for number in range(10_000):
        below = KeyError(number)
        top.__cause__ = below
        top = below
    raise error
""",
    alone=True,
)  # fmt: skip

attack(
    "recursive-values", "lying",
    "Returns a list that holds itself, one nested a hundred thousand deep, and one of ten million numbers.",
    "a marker that runs out of stack or memory",
    code="""
calls = 0
def page_view(r, page):
    global calls
    calls += 1
    deep = []
    if calls % 3 == 0:
        deep.append(deep)
    elif calls % 3 == 1:
        for _ in range(100_000):
            deep = [deep]
    else:
        deep = list(range(10_000_000))
    return deep
""",
    alone=True,
)  # fmt: skip

attack(
    "awkward-values", "lying",
    "Returns what JSON cannot say: NaN, a number of a million digits, bytes, sets, half a surrogate pair, a function.",
    "a marker that falls over",
    code="""
calls = 0
def page_view(r, page):
    global calls
    calls += 1
    made = [
        lambda: float("nan"), lambda: 1 << 4_000_000, lambda: b"\\xff", lambda: {1, 2}, lambda: "\\ud800",
        lambda: page_view, lambda: {(1, 2): {3}}, lambda: 1j, lambda: {"\\x00": float("inf")}, lambda: ...,
    ]
    return made[calls % len(made)]()
""",
)  # fmt: skip

attack(
    "endless-generator", "lying",
    "Returns a generator that never ends.",
    "a marker that hangs",
    code="def page_view(r, page):\n    while True:\n        yield 1\n",
    hangs=True,
)  # fmt: skip

attack(
    "ids-of-others", "lying",
    "Returns dicts that look like the grader's own references to objects, naming other objects by number.",
    code="""
calls = 0
def page_view(r, page):
    global calls
    calls += 1
    keys = ["$ref", "ref", "__ref__", "$object", "object", "$client", "redis", "$bytes", "bytes", "int", "$int"]
    return {key: calls for key in keys} | {"kind": "ref", "type": "int", "value": calls, "t": "i", "v": calls}
""",
)  # fmt: skip
