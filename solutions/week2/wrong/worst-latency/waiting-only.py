def schedule(log):
    """Return [(client, arrival, start, end), …] in the order in which the server works."""
    rows, free = [], 0
    for client, arrival, takes in sorted(log, key=lambda line: line[1]):
        start = max(free, arrival)
        free = start + takes
        rows.append((client, arrival, start, free))
    return rows


def worst_latencies(log):
    """Return for each client the longest time from arrival to end of one of its commands."""
    worst = {}
    for client, arrival, start, _ in schedule(log):
        worst[client] = max(worst.get(client, 0), start - arrival)
    return worst


def culprit(log, client):
    """Return the client for which the slowest command of `client` waited longest, or None."""
    rows = schedule(log)
    _, arrived, began, _ = max((row for row in rows if row[0] == client), key=lambda row: row[3] - row[1])
    waited = {}
    for other, _, start, end in rows:
        if start < began and end > arrived:
            waited[other] = waited.get(other, 0) + end - max(start, arrived)
    return max(waited, key=waited.get, default=None)
