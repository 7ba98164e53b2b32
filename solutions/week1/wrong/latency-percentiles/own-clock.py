import time


def percentiles(samples):
    ordered = sorted(samples)
    return ordered[-(-50 * len(ordered) // 100) - 1], ordered[-(-99 * len(ordered) // 100) - 1]


def measure(call, times, clock):
    samples = []
    for _ in range(times):
        before = time.perf_counter_ns()
        call()
        samples.append(time.perf_counter_ns() - before)
    return samples
