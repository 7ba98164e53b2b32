"""A worker that was taken over: code in a cell that speaks to the grader itself, and does not keep to the language.

The channel is descriptor 3 of a worker; whoever holds it can say no more than an answer may say anyway. These try to
say something else: messages of the wrong shape, references to things never given, floods, lies about lengths.
"""

from __future__ import annotations

from tests.attacks.attack import attack

_TAKEN = """
import json, os, socket, struct
sock = socket.socket(fileno=os.dup(3))
sock.setblocking(True)
def send(message):
    data = message if isinstance(message, bytes) else json.dumps(message).encode()
    sock.sendall(struct.pack(">I", len(data)) + data)
def exactly(size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            os._exit(0)
        data += piece
    return data
# "The notebook is loaded."
send({{"done": 1}})
while True:
    n = json.loads(exactly(struct.unpack(">I", exactly(4))[0]))["n"]
    {line}
"""


def _says(name: str, tries: str, line: str) -> None:
    attack(
        f"worker-{name}", "protocol",
        f"Takes the worker's channel over: {tries}",
        "points, a grader error instead of a zero, or a marker that hangs",
        code=_TAKEN.format(line=line),
        bystanders=False, hangs=True,
        stock=False,
    )  # fmt: skip


_says("tells-a-number", "what it told before the end is a number.", 'send({"done": n, "told": 5})')
_says("tells-of-nothing", "tells of a connection that it never had.",
      'send({"done": n, "told": [{"op": "send", "token": 99, "data": "x"}]})')  # fmt: skip
_says("tells-half", "leaves out what it asks to be done with.", 'send({"done": n, "told": [{"op": "connect"}]})')
_says("odd-problem", "its exception has a list for a kind.",
      'send({"done": n, "problem": {"kind": [], "sentence": {}, "where": 7}})')  # fmt: skip
_says("odd-chain", "its exceptions have names that no class may have.",
      'send({"done": n, "problem": {"kind": "raised", "sentence": "x", "where": [], "chain": [{"type": "a\\0b"}, '
      '{"type": "\\ud800"}]}})')  # fmt: skip
_says("odd-change", "it changed arguments that there are not, into what is none.",
      'send({"done": n, "value": None, "changed": {"0": {"zz": 1}, "-1": 5, "\\u00b2": []}})')  # fmt: skip
_says("others-things", "returns a reference to something that it was never given.",
      'send({"done": n, "value": {"o": {"yours": 1}}})')  # fmt: skip
_says("dunder-class", "returns an object with the class name `__class__`, and the number of another.",
      'send({"done": n, "value": {"o": {"object": 1, "class": "__class__", "text": "1", "said": "", '
      '"is": "error"}}})')  # fmt: skip
_says("deep-value", "returns a value that is nested a hundred thousand deep.",
      "send(b'{\"done\": %d, \"value\": ' % n + b'[' * 100000 + b']' * 100000 + b'}')")  # fmt: skip
_says("long-number", "returns a number of four million digits.",
      "send(b'{\"done\": %d, \"value\": ' % n + b'9' * 4000000 + b'}')")  # fmt: skip
_says("no-key", "returns a dictionary with a list for a key.", 'send({"done": n, "value": {"d": [[[], 1]]}})')
_says("calls-a-client", "calls its Redis client as a function, with another's number.",
      'send({"for": n, "ask": 1, "op": "invoke", "thing": 1, "args": [], "kwargs": {"d": []}})')  # fmt: skip
_says("claims-a-pass", "says that a check raised inside of it.", 'send({"done": n, "passed": True})')
_says("flood", "asks for the time without end and reads no answer.",
      'while True: send({"for": n, "ask": 1, "op": "clock", "name": "time"})')  # fmt: skip
_says("strays", "sends megabytes that nobody waits for.",
      'while True: send({"for": n + 7, "op": "x" * 1_000_000})')  # fmt: skip
_says("lying-length", "announces four gigabytes.", 'sock.sendall(struct.pack(">I", 2**32 - 1) + b"x" * 10**6)')
_says("half-a-message", "sends half a message and then nothing.", 'sock.sendall(struct.pack(">I", 100) + b"{")')
