"""A soak on paper: a picture of throughput and memory, a page around it, and the plain data."""

from __future__ import annotations

import base64
import html
import itertools
import json
from io import BytesIO
from pathlib import Path

from grader.checks.soak.result import AIM, MB, Soak

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Soak of {what}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }}
  table {{ border-collapse: collapse; margin: 1rem 0; }}
  td, th {{ text-align: left; padding: .2rem 1.2rem .2rem 0; vertical-align: top; border-bottom: 1px solid #ddd; }}
  td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
  img {{ max-width: 100%; }} code {{ font-size: .9em; overflow-wrap: anywhere; }}
</style>
<h1>Soak of {what}</h1>
<table>{summary}</table>
<img alt="Operations a second and memory over time" src="data:image/png;base64,{picture}">
{wrong}
<h2>Operations by family</h2>
<table>{families}</table>
</html>
"""


def write_report(soak: Soak, what: str, folder: Path) -> list[Path]:
    """Write ``soak.html``, ``soak.png`` and ``soak.json`` into `folder`; returns them.

    Args:
        soak: what was found.
        what: the server, in words.
        folder: made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    picture = draw(soak, what)
    files = {
        "soak.html": _page(soak, what, picture).encode(),
        "soak.png": picture,
        "soak.json": (json.dumps({"server": what, **soak.to_dict()}, indent=2) + "\n").encode(),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


def summary(soak: Soak) -> list[tuple[str, str]]:
    """What was found, line by line: a word, and what there is to say."""
    tally = soak.tally
    lines = [
        ("operations", f"{soak.operations:,} in {soak.seconds:.0f} s: {soak.a_minute:,.0f} a minute (aim {AIM:,})"),
        ("wrong", f"{tally.wrong:,}" if tally.wrong else "none; every reply was checked"),
        ("errors on purpose", f"{tally.refused:,}, answered as they must be"),
        (
            "connections",
            f"{tally.connections:,}; {tally.cut:,} broke off in a command, {tally.nonsense:,} sent no RESP",
        ),
        ("memory", _memory(soak)),
    ]
    if soak.lacking:
        told = "; ".join(f"{family}: {', '.join(commands)}" for family, commands in soak.lacking.items())
        lines.append(("left out", f"what the server does not know: {told}"))
    lines.append(("to do it again", f"--clients {soak.clients} --seed {soak.seed}"))
    return lines


def _memory(soak: Soak) -> str:
    if soak.memory_before is None:
        return "cannot be seen from here"
    ends = [f"{soak.memory_before / MB:.1f} MB before"]
    if soak.growth is not None:
        settled, last = soak.growth
        ends += [f"{settled / MB:.1f} once settled", f"{last / MB:.1f} at last"]
    if soak.memory_after is not None:
        ends.append(f"{soak.memory_after / MB:.1f} afterwards")
    verdict = " — it goes on growing" if soak.leaks else ""
    return ", ".join(ends) + verdict + ("" if soak.growth else " (too short to tell whether it leaks)")


def draw(soak: Soak, what: str) -> bytes:
    """Throughput and memory over time, as PNG."""
    from matplotlib.figure import Figure  # half a second, for who wants the picture

    figure = Figure(figsize=(9, 5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    pairs = [pair for pair in itertools.pairwise(soak.samples) if pair[1].seconds > pair[0].seconds]
    rates = [(b.operations - a.operations) / (b.seconds - a.seconds) for a, b in pairs]
    above.plot([b.seconds for _, b in pairs], rates, color="#b91c1c", linewidth=1.2)
    above.axhline(AIM / 60, color="#888", linestyle=":", linewidth=1)
    above.set(ylabel="operations a second", ylim=(0, None), title=f"Soak of {what}, {soak.clients} clients")
    known = [(each.seconds, each.memory / MB) for each in soak.samples if each.memory is not None]
    below.plot([seconds for seconds, _ in known], [size for _, size in known], color="#1d4ed8", linewidth=1.2)
    most = max((size for _, size in known), default=1.0)
    below.set(ylabel="memory, MB", xlabel="seconds", ylim=(0, most * 1.15))
    for panel in (above, below):
        panel.grid(visible=True, alpha=0.25)
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=110)
    return drawn.getvalue()


def _page(soak: Soak, what: str, picture: bytes) -> str:
    def row(*cells: str, number: int = -1) -> str:
        made = "".join(
            f'<td class="number">{html.escape(cell)}</td>' if at == number else f"<td>{html.escape(cell)}</td>"
            for at, cell in enumerate(cells)
        )
        return f"<tr>{made}</tr>\n"

    wrong = ""
    if soak.tally.first_wrong:
        rows = "".join(row(each.family, each.sent, each.expected, each.got) for each in soak.tally.first_wrong)
        heads = "".join(f"<th>{head}</th>" for head in ("family", "sent", "expected", "got"))
        wrong = f"<h2>The first that were wrong</h2>\n<table><tr>{heads}</tr>\n{rows}</table>"
    return _PAGE.format(
        what=html.escape(what),
        summary="".join(row(*line) for line in summary(soak)),
        picture=base64.b64encode(picture).decode(),
        wrong=wrong,
        families="".join(row(name, f"{count:,}", number=1) for name, count in soak.tally.operations.most_common()),
    )
