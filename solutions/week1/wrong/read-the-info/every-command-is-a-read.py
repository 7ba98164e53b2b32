def look(r):
    stats = r.info("stats")
    return stats["keyspace_hits"], stats["total_commands_processed"]


def hit_ratio(earlier, later):
    hits, commands = later[0] - earlier[0], later[1] - earlier[1]
    if hits < 0 or commands <= 0:
        return None
    return hits / commands
