"""Measure the HTTP service under a load that rises until it is saturated.

Usage: python benchmarks/bench_serve.py [--seconds 120] [--model model.skops]

`python -m sklearn_anime.serve` serves an exact EASE model of the ratings in the folder that the
environment variable SKLEARN_ANIME_DATA names, or else in `../shared/data/anime-4000` beside the
checkout; where neither is there, of the embedded sample. Users post histories of 50 items over the
loopback address. The load generator is one process on the same machine and shares its cores: a
generator elsewhere would leave more of them to the service.

Requests of each stage are sent at a fixed rate, whether answers come or not, and latencies count from
the moment at which a request was due. One stage keeps 64 requests under way at all times. In the last
one a new file of the model is written halfway, which the service reads while it answers.
"""

import argparse
import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

import numpy as np
import pandas as pd
from _data import FOLDER

from sklearn_anime.datasets import load_anime, load_anime_sample
from sklearn_anime.io import dump, load
from sklearn_anime.linear_model import EASERecommender

RATES = (25, 50, 100, 200, 300, 400, 500, 600)  # requests per second
LENGTH = 50  # items in a history
AT_ALL_TIMES = 64  # requests under way in the last stage
CONNECTIONS = 256  # at most, so that requests are due and wait in the generator beyond
N_BODIES = 500
SWAP_AT = 50  # requests per second while the model is replaced


def main():
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=120.0, help="of load, over all stages")
    options.add_argument("--model", help="file of another model")
    options = options.parse_args()
    model = load(options.model) if options.model else fitted()
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.skops")
        dump(model, path)
        with Server(path) as server:
            print(f"{len(model.items_)} items; answers {server.started:.1f} s after its start")
            print(f"CPU time of the start: {server.metric('process_cpu_seconds_total'):.1f} s")
            bodies = [server.request(body) for body in histories(model, N_BODIES)]
            rows = asyncio.run(stages(server, bodies, options.seconds, lambda: dump(model, path)))
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:.1f}".format))


def fitted():
    """Return the model of the ratings."""
    anime = load_anime(FOLDER, unrated="nan") if FOLDER.is_dir() else load_anime_sample(unrated="nan")
    return EASERecommender().fit(anime.data)


class Server:
    """The service in a process of its own."""

    def __init__(self, path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._command = [sys.executable, "-m", "sklearn_anime.serve", path, "--port", str(self.port)]

    def __enter__(self):
        start = perf_counter()
        self._process = subprocess.Popen(self._command, stderr=subprocess.DEVNULL)
        while True:
            try:
                self.get("/health")
                break
            except OSError:
                sleep(0.05)
        self.started = perf_counter() - start
        return self

    def __exit__(self, *error):
        self._process.terminate()
        self._process.wait(timeout=30)

    def get(self, path):
        """Return the body of a response."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
            return response.read().decode()

    def metric(self, name):
        """Return the value of a metric without labels."""
        return float(re.search(rf"^{name} (\S+)$", self.get("/metrics"), flags=re.MULTILINE)[1])

    def request(self, body):
        """Return the bytes of a request with a body."""
        return (
            f"POST /recommendations HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


def histories(model, n):
    """Yield bodies with random items, popular ones more often, and ratings."""
    random_state = np.random.RandomState(0)
    counts = model.interactions_.item_counts
    items = model.items_.tolist()
    length = min(LENGTH, len(items) // 2)
    for _ in range(n):
        chosen = random_state.choice(len(items), length, replace=False, p=counts / counts.sum())
        ratings = random_state.randint(1, 11, length).tolist()
        pairs = zip(chosen, ratings, strict=True)
        entries = [{"item": items[code], "rating": rating} for code, rating in pairs]
        yield json.dumps({"history": entries})


async def stages(server, bodies, seconds, swap):
    """Return the figures of each stage."""
    each, rows = seconds / (len(RATES) + 2), []
    async with Connections(server.port) as connections:
        await at_rate(connections, bodies, 20, 1.0)  # warm
        for rate in RATES:
            rows.append(await measured(server, f"{rate}/s", at_rate(connections, bodies, rate, each)))
        name = f"{AT_ALL_TIMES} at a time"
        rows.append(await measured(server, name, at_all_times(connections, bodies, each)))
        swapping = asyncio.create_task(later(each / 3, swap))
        name = f"{SWAP_AT}/s, new model"
        rows.append(await measured(server, name, at_rate(connections, bodies, SWAP_AT, each)))
        await swapping
    return rows


async def later(seconds, call):
    await asyncio.sleep(seconds)
    await asyncio.to_thread(call)


async def measured(server, name, load):
    """Return the figures of a load."""
    before = await asyncio.to_thread(server.metric, "process_cpu_seconds_total")
    start = perf_counter()
    results = await load
    taken = perf_counter() - start
    latencies = 1e3 * np.array([latency for latency, _ in results])
    after = await asyncio.to_thread(server.metric, "process_cpu_seconds_total")
    memory = await asyncio.to_thread(server.metric, "process_resident_memory_bytes")
    return {
        "load": name,
        "answered/s": len(results) / taken,
        "p50 ms": np.percentile(latencies, 50),
        "p99 ms": np.percentile(latencies, 99),
        "errors": sum(status != 200 for _, status in results),
        "CPU ms/request": 1e3 * (after - before) / len(results),
        "memory MB": memory / 1e6,
    }


async def at_rate(connections, bodies, rate, seconds):
    """Send requests when they are due; return latency and status of each."""
    start, pending = perf_counter(), []
    for i in range(int(rate * seconds)):
        due = start + i / rate
        await asyncio.sleep(max(0.0, due - perf_counter()))
        pending.append(asyncio.create_task(connections.ask(bodies[i % len(bodies)], due)))
    return await asyncio.gather(*pending)


async def at_all_times(connections, bodies, seconds):
    """Keep a number of requests under way; return latency and status of each."""
    end, results = perf_counter() + seconds, []

    async def one_after_the_other(i):
        while perf_counter() < end:
            i += AT_ALL_TIMES
            results.append(await connections.ask(bodies[i % len(bodies)], perf_counter()))

    await asyncio.gather(*map(one_after_the_other, range(AT_ALL_TIMES)))
    return results


class Connections:
    """Connections that stay open, each for one request at a time."""

    def __init__(self, port):
        self._port = port

    async def __aenter__(self):
        self._free, self._all = [], []
        self._limit = asyncio.Semaphore(CONNECTIONS)
        return self

    async def __aexit__(self, *error):
        for _, writer in self._all:
            writer.close()

    async def ask(self, request, due):
        """Send a request; return the seconds since it was due, and the status."""
        async with self._limit:
            reader, writer = await self._take()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, flags=re.IGNORECASE)[1]
            await reader.readexactly(int(length))
            self._free.append((reader, writer))
        return perf_counter() - due, int(head[9:12])

    async def _take(self):
        if self._free:
            return self._free.pop()
        self._all.append(await asyncio.open_connection("127.0.0.1", self._port))
        return self._all[-1]


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
