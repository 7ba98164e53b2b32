def percentiles(samples):
    ordered = sorted(samples)
    return ordered[max(50 * len(ordered) // 100, 1) - 1], ordered[max(99 * len(ordered) // 100, 1) - 1]


def measure(call, times, clock):
    samples = []
    for _ in range(times):
        before = clock()
        call()
        samples.append(clock() - before)
    return samples
