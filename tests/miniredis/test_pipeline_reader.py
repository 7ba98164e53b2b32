"""The reader for pipelines understands what the careful one understands, whatever comes and however it is cut."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from miniredis.pipeline_reader import LEAST, PipelineReader
from miniredis.resp import ProtocolError, RequestReader, encode_command

argument = st.one_of(
    st.sampled_from(
        [b"", b"a", b"\r\n", b"a\r\nb", b"$3\r\nfoo\r\n", b"*1\r\n", b"\r", b"\n", b"x" * 1023, b"y" * 1025]
    ),
    st.binary(max_size=40),
)
command = st.lists(argument, min_size=1, max_size=6).map(lambda args: encode_command(*args))
ordinary = st.just(encode_command(b"SET", b"key:000001", b"x"))
odd = st.sampled_from(
    [
        *(
            b"*0\r\n",
            b"*-1\r\n",
            b"\r\n",
            b"PING\r\n",
            b'SET "a b" c\n',
            b'"\r\n',
            b"*x\r\n",
            b"*1\r\n",
            b"*01\r\n$4\r\nPING\r\n",
        ),
        *(b"*1\r\n$+4\r\nPING\r\n", b"*1\r\n$04\r\nPING\r\n", b"*1\r\n+PING\r\n", b"*2\r\n$1\r\na\r\n:1\r\n"),
        *(
            b"*1\r\n$-1\r\n",
            b"*1\r\n$4\r\nPINGxx",
            b"*1\r\n$1\r\nab\r\n",
            b"*1\r\n$5\r\nPI",
            b"*300\r\n" + b"$1\r\na\r\n" * 300,
        ),
    ]
)
stream = st.lists(st.one_of(ordinary, ordinary, ordinary.map(lambda each: each * 8), command, odd), max_size=12)


def understood(reader: RequestReader, pieces: list[bytes]) -> list[object]:
    """The commands in the order in which they are read, and the error that ends them."""
    found: list[object] = []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (args := reader.next()) is not None:
                found.append(args)
    except ProtocolError as error:
        found.append(str(error))
    return found


@settings(max_examples=300, deadline=None)
@given(stream.map(b"".join), st.lists(st.integers(0, 3000), max_size=4))
def test_both_readers_find_the_same_commands_and_the_same_error(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(places) if data[a:b]]
    assert understood(PipelineReader(), pieces) == understood(RequestReader(), pieces)


def test_a_pipeline_is_read_ahead() -> None:
    reader = PipelineReader()
    wire = encode_command(b"SET", b"key:000001", b"x")
    count = LEAST // len(wire) + 2
    reader.feed(wire * count)
    assert reader.next() == [b"SET", b"key:000001", b"x"]
    assert len(reader._ready) == count - 1


def test_strangers_are_read_carefully() -> None:
    reader = PipelineReader()
    reader.authenticated = False
    assert understood(reader, [encode_command(*[b"a"] * 11) * 20]) == ["unauthenticated multibulk length"]
