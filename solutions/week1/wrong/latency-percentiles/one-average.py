def percentiles(samples):
    ordered = sorted(samples)
    return ordered[-(-50 * len(ordered) // 100) - 1], ordered[-(-99 * len(ordered) // 100) - 1]


def measure(call, times, clock):
    before = clock()
    for _ in range(times):
        call()
    return [(clock() - before) / times] * times
