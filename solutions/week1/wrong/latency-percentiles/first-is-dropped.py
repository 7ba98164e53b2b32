def percentiles(samples):
    ordered = sorted(samples)
    return ordered[-(-50 * len(ordered) // 100) - 1], ordered[-(-99 * len(ordered) // 100) - 1]


def measure(call, times, clock):
    call()
    samples = []
    for _ in range(times):
        before = clock()
        call()
        samples.append(clock() - before)
    return samples
