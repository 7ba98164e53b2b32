def look(r):
    stats = r.info("stats")
    return stats["keyspace_hits"], stats["keyspace_misses"]


def hit_ratio(earlier, later):
    hits, misses = later
    if earlier == later or hits < earlier[0] or misses < earlier[1]:
        return None
    return hits / (hits + misses)
