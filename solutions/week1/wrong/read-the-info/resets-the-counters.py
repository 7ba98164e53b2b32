def look(r):
    stats = r.info("stats")
    r.config_resetstat()
    return stats["keyspace_hits"], stats["keyspace_misses"]


def hit_ratio(earlier, later):
    hits, misses = later
    if hits + misses == 0:
        return None
    return hits / (hits + misses)
