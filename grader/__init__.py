"""The course's machinery: Redis servers to learn on, the wire, the checks, marking, notebooks and authoring."""

__version__ = "0.1.0"
