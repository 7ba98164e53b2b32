"""Stands in for `gh api … --input FILE`: keeps what would have been posted. Called as gh.py WHERE api …"""

import json
import sys
from pathlib import Path

where, *words = sys.argv[1:]
assert words[:3] == ["api", "--method", "POST"], words
body = json.loads(Path(words[words.index("--input") + 1]).read_text())
Path(where).write_text(json.dumps({"to": words[3], "body": body}))
