def percentiles(samples):
    ordered = sorted(samples)
    return ordered[-(-len(ordered) // 2) - 1], max(ordered)


def measure(call, times, clock):
    samples = []
    for _ in range(times):
        before = clock()
        call()
        samples.append(clock() - before)
    return samples
