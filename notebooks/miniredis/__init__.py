"""A small Redis: a RESP server in plain Python, in rooms you can read one at a time.

Start it with ``python -m miniredis --port 6390``. The way of a command, from the socket to the reply:
`connection.Client.on_readable` -> `resp.RequestReader.next` -> `server.Server.process` -> a handler in `commands/` ->
`store.Database` -> `resp.encode` -> `connection.Client.flush`.
"""

# The Redis whose replies these are; INFO and HELLO tell clients so.
REDIS_VERSION = "8.2.3"
