"""Three suites for a whole server, plain pytest files: what an application needs, what a client may rely on, what holds
for a long time.

    course suite validation                 on your own server
    course suite validation --real          on a real Redis, which proves the suite
    pytest grader/checks/suites --redis redis://127.0.0.1:6379/0

A test's docstring is the promise that `course suite` shows. They use keys below a name of their own, remove them, and
touch nothing else, so that a server with other things in it can be given.
"""

import pytest

from grader.servers import Server

SERVER = pytest.StashKey[Server]()
"""Where whoever runs the suites in a process of their own puts the server that is tried."""
