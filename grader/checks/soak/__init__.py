"""The soak: a server under many clients for a minute or an hour, every reply judged.

    with miniredis(home) as server:
        found = soak(server, seconds=60, clients=20)

`work` and `families/` say what is done, `mind` what is believed, `clients` how it is sent, `run` puts them together,
`report` draws and writes what was found. `course soak` shows it.
"""

from grader.checks.soak.result import AIM, Sample, Soak
from grader.checks.soak.run import NotReadyError, family_names, soak

__all__ = ["AIM", "NotReadyError", "Sample", "Soak", "family_names", "soak"]
