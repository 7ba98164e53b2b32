def look(r):
    stats = r.info("stats")
    return stats["keyspace_hits"], stats["keyspace_misses"]


def hit_ratio(earlier, later):
    hits, misses = later[0] - earlier[0], later[1] - earlier[1]
    if hits < 0 or misses < 0:
        return None
    if misses == 0:
        return None
    return hits / misses
