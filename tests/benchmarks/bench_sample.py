"""Time and peak memory of the sample town and of sample cities.

``python -m tests.benchmarks.bench_sample [--million]``; each size runs in a process of its own, on one core, so that
its peak memory is its own. Without household units for cities, as ``wangge sample --scale`` makes them.
"""

import argparse
import multiprocessing
import resource
import time

from geo.sample import generate_town, stream_city

CITIES = (10_000, 100_000)
MILLION = 1_000_000


def town() -> tuple[int, int, int]:
    frames = generate_town(7)
    return 1, len(frames["building"]), int(frames["building"].households.sum())


def city(buildings: int) -> tuple[int, int, int]:
    streets = built = households = 0
    for frames in stream_city(7, buildings=buildings):
        streets += 1
        built += len(frames["building"])
        households += int(frames["building"].households.sum())
    return streets, built, households


def measured(size: int | None, answers: "multiprocessing.Queue[str]") -> None:
    start, start_cpu = time.perf_counter(), time.process_time()
    streets, buildings, households = town() if size is None else city(size)
    wall, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    name = "town with units" if size is None else f"city of {size:,}"
    answers.put(
        f"{name:<20} {streets:>5} streets {buildings:>9,} buildings {households:>10,} households "
        f"{wall:>8.1f} s wall {cpu:>8.1f} s cpu {peak_mb:>6.0f} MB peak {cpu / buildings * 1e3:>6.2f} ms/building"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true", help="also the city of a million buildings (about 15 min)")
    sizes: list[int | None] = [None, *CITIES, *([MILLION] if parser.parse_args().million else [])]
    context = multiprocessing.get_context("spawn")
    for size in sizes:
        answers = context.Queue()
        process = context.Process(target=measured, args=(size, answers))
        process.start()
        print(answers.get(), flush=True)
        process.join()


if __name__ == "__main__":
    main()
