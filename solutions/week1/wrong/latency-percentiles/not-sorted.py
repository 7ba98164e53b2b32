def percentiles(samples):
    count = len(samples)
    return samples[-(-50 * count // 100) - 1], samples[-(-99 * count // 100) - 1]


def measure(call, times, clock):
    samples = []
    for _ in range(times):
        before = clock()
        call()
        samples.append(clock() - before)
    return samples
