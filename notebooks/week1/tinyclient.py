"""A client for Redis in one small file: a socket, bytes out, bytes in.

The exercise `week1.tiny-client` of the notebook 04-the-wire checks this file. Save it, then run the check there.
"""


class RedisError(Exception):
    """An error reply. Its text is the server's, without the minus: ``ERR no such key``."""


class MiniClient:
    """Speaks RESP2 over a connected socket. One conversation at a time; not for several threads.

    Replies are what `decode` of the notebook gives: `str` for a simple string, `bytes` for a bulk string, `int`,
    `None`, `list`, and a `RedisError` for an error.
    """

    def __init__(self, sock):
        """Use the connected socket `sock` from now on; nobody else reads from it any more."""
        self._sock = sock
        # Your code here.
        raise NotImplementedError

    def command(self, *args):
        """Send one command and return its reply.

        Raises:
            RedisError: if the reply is an error. The client stays usable.
            OSError: (ConnectionError, TimeoutError) if the reply did not come to its end. The client is closed then,
                and every later command raises an OSError too.
        """
        # Your code here.
        raise NotImplementedError

    def pipeline(self, commands):
        """Send all `commands` (each a list of arguments) at once and return the list of their replies.

        An error reply is a `RedisError` in its place in the list; it is not raised.

        Raises:
            OSError: as `command` does.
        """
        # Your code here.
        raise NotImplementedError
