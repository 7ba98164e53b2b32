import statistics


def percentiles(samples):
    if len(samples) == 1:
        return samples[0], samples[0]
    return statistics.median(samples), statistics.quantiles(samples, n=100)[98]


def measure(call, times, clock):
    samples = []
    for _ in range(times):
        before = clock()
        call()
        samples.append(clock() - before)
    return samples
