"""Sums over blocks of rows that are in many memories: only the sums travel."""

from functools import partial, reduce
from uuid import uuid4

import numpy as np
from scipy import sparse

from sklearn_anime.dask._import import current_client, import_dask
from sklearn_anime.utils._parts import itself

LARGEST_PANEL = 2**27  # bytes of a part of a sum that a worker holds at once
PLAIN = (int, float, str, slice, np.generic, np.dtype, type(None))  # arguments that go with the tasks


class Partitions:
    """Blocks of rows, each in the memory of the worker that made it.

    It has the methods of `OneBlock`. Sums are made in double precision: first over the blocks of each
    worker, in place, then over the workers by pairs.

    Parameters
    ----------
    blocks : list of Delayed
        The blocks, persisted.

    held : tuple
        What was sent to the workers for them. A block that is lost with its worker is made again, for
        which all that it was made of has to be there.
    """

    in_memory = False

    def __init__(self, blocks, held=()):
        self.blocks = list(blocks)
        self.held = held

    def map(self, function, *arguments):
        """Return the blocks that a function makes of these, on the same workers where that is even."""
        sent = [sent_once(each) for each in arguments]
        return persisted(self._tasks(function, sent), (self.held, sent), self.blocks)

    def sum(self, function, *arguments):
        """Return the sum of what a function returns for the blocks: arrays, or tuples of them."""
        name, sent = name_of(function), [sent_once(each) for each in arguments]
        workers, groups = groups_of(self.blocks)
        parts = [task(_sum_over, f"sum-{name}")(function, group, *sent) for group in groups]
        parts = started(parts, workers)
        while len(parts) > 1:
            pairs = [parts[start : start + 2] for start in range(0, len(parts), 2)]
            parts = [task(_added, f"add-{name}")(*pair) for pair in pairs]
        return parts[0].compute()

    def concatenate(self, function, *arguments):
        """Return what a function returns for the blocks, one after the other: arrays with a row each."""
        sent = [sent_once(each) for each in arguments]
        parts = import_dask().compute(*self._tasks(function, sent))
        if sparse.issparse(parts[0]):
            return sparse.vstack(parts, "csr")
        return np.concatenate(parts)

    def extended(self, matrix):
        """Return these blocks of a sparse matrix with more rows."""
        return Partitions([*self.blocks, *persisted([task(itself, "rows")(matrix)]).blocks], self.held)

    def panels(self, n_columns, n_bytes):
        """Return slices of columns by which a sum of so many bytes is made."""
        width = max(1, int(n_columns * LARGEST_PANEL // max(n_bytes, 1)))
        return [slice(start, min(start + width, n_columns)) for start in range(0, n_columns, width)]

    def _tasks(self, function, sent):
        return [task(function)(block, *sent) for block in self.blocks]


def persisted(tasks, held=(), sources=None):
    """Return the blocks that tasks make, which are computed from now on.

    `sources` are the blocks of which they are made, one of each: near them, and evenly spread.
    """
    if sources is None or current_client() is None:
        return Partitions(import_dask().persist(*tasks), held)
    return Partitions(started(tasks, places_of(sources)), held)


def started(tasks, workers):
    """Return tasks that are computed from now on, each by its worker, or another where that is lost."""
    client, found = current_client(), list(tasks)
    if client is None:
        return found
    for worker in set(workers):
        here = [position for position, each in enumerate(workers) if each == worker]
        some = [tasks[position] for position in here]
        some = client.persist(some, workers=[worker], allow_other_workers=True)
        for position, each in zip(here, some, strict=True):
            found[position] = each
    return found


def places_of(blocks):
    """Return a worker for each block, once all are computed: one that holds it, where that is even."""
    return evenly(holders_of(blocks), current_client().nthreads())


def evenly(holders, n_threads):
    """Return a worker for each block: one of its holders, unless they have more than their share.

    Examples
    --------
    >>> evenly([["a"], ["a", "b"], ["a"], []], {"a": 1, "b": 1})
    ['a', 'b', 'a', 'b']
    """
    total = sum(n_threads.values())
    room = {worker: -(-len(holders) * n // total) for worker, n in n_threads.items()}
    places = [None] * len(holders)
    # Those that nobody holds come last, after those that only one holds and those that several do.
    for position in sorted(range(len(holders)), key=lambda each: len(holders[each]) or len(room) + 1):
        free = [worker for worker in holders[position] if room.get(worker, 0) > 0]
        places[position] = max(free or room, key=room.get)
        room[places[position]] -= 1
    return places


def holders_of(blocks):
    """Return the workers that hold each block, once all are computed; none where they have been lost."""
    from distributed import futures_of, wait

    futures = [futures_of(block)[0] for block in blocks]
    wait(futures)
    holders = current_client().who_has(futures)
    return [list(holders.get(future.key, ())) for future in futures]


def task(function, name=None):
    """Return a function that makes a task, under a name that the dashboard shows."""
    key = f"{name or name_of(function)}-{uuid4().hex}"
    return partial(import_dask().delayed(function), dask_key_name=key)


def name_of(function):
    """Return the name of a function, without underscores.

    Examples
    --------
    >>> name_of(partial(name_of, 1))
    'name-of'
    """
    while isinstance(function, partial):
        function = function.func
    return function.__name__.strip("_").replace("_", "-")


def sent_once(argument):
    """Return an argument of tasks, which each worker that needs it gets once.

    It is the result of a task, and no scattered data: where its worker is lost, it can be sent again.
    """
    if isinstance(argument, PLAIN):
        return argument
    dask = import_dask()
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TiB"}):
        return dask.persist(task(itself, f"sent-{type(argument).__name__.lower()}")(argument))[0]


def groups_of(blocks):
    """Return blocks in groups, one for each thread of the workers that hold them, and those workers."""
    client = current_client()
    if client is None:
        n_groups = min(len(blocks), import_dask().system.CPU_COUNT)
        return [None] * n_groups, [blocks[start::n_groups] for start in range(n_groups)]
    n_threads, held = client.nthreads(), {}
    for block, worker in zip(blocks, places_of(blocks), strict=True):
        held.setdefault(worker, []).append(block)
    groups = [
        (worker, some[start :: n_threads.get(worker, 1)])
        for worker, some in held.items()
        for start in range(min(len(some), n_threads.get(worker, 1)))
    ]
    return tuple(zip(*groups, strict=True))


def _sum_over(function, blocks, *arguments):
    """Return the sum of what a function returns for some blocks, added in place."""
    total = None
    for block in blocks:
        found = function(block, *arguments)
        total = _started(found) if total is None else _add_to(total, found)
    return total


def _started(found):
    """Return what is summed in double precision, and in an array of its own; integers stay integers."""
    if isinstance(found, tuple):
        return tuple(_started(each) for each in found)
    dtype = np.result_type(found.dtype if hasattr(found, "dtype") else type(found), np.int64)
    return found.astype(dtype) if sparse.issparse(found) else np.array(found, dtype)


def _add_to(total, found):
    if isinstance(total, tuple):
        return tuple(_add_to(*pair) for pair in zip(total, found, strict=True))
    total += found
    return total


def _added(*totals):
    """Return the sum of sums, in a new array."""
    return reduce(_plus, totals)


def _plus(one, other):
    if isinstance(one, tuple):
        return tuple(_plus(*pair) for pair in zip(one, other, strict=True))
    return one + other
