"""YAML by libyaml where PyYAML was built with it, ten times as quick; the learner waits for catalogs and progress."""

from __future__ import annotations

import re
from typing import Any

import yaml

YAMLError = yaml.YAMLError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
# What may be nested so deep that libyaml's loader ends Python, which the slow one does not.
_MOST_BRACKETS = 1000
_COMPACT = re.compile(r"(?:[-?:][ \t]+){100}")


def load(text: str) -> Any:
    """The plain data of a document: dicts, lists, strings, numbers, dates. Raises `YAMLError`."""
    deep = text.count("[") + text.count("{") > _MOST_BRACKETS or _COMPACT.search(text)
    try:
        return yaml.load(text, Loader=yaml.SafeLoader if deep else _Loader)
    except (RecursionError, ValueError, OverflowError) as error:  # a date that is none, a number without end
        raise YAMLError(f"{type(error).__name__}: {error}") from None


def dump(data: Any) -> str:
    """Plain data as a document in block style, mappings in their own order."""
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False))
