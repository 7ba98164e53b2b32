def percentiles(samples):
    samples.sort()
    return samples[-(-50 * len(samples) // 100) - 1], samples[-(-99 * len(samples) // 100) - 1]


def measure(call, times, clock):
    samples = []
    for _ in range(times):
        before = clock()
        call()
        samples.append(clock() - before)
    return samples
