"""Requests that arrive at about the same time, answered together in a thread of their own."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from sklearn_anime.serve._errors import RequestError

WAIT = 0.002  # seconds for which the first of a batch waits for others
LARGEST_QUEUE = 1024  # requests that wait; what comes on top is turned away


class Batcher:
    """Collects questions and answers them in batches, off the event loop.

    While one batch is answered, the next one gathers: the busier the service, the larger the batches.

    Parameters
    ----------
    answer : callable
        From a list of questions to a list of answers, of which errors are raised where they were asked.

    largest : int
        Questions in a batch at most.

    on_batch : callable
        Is told the size of each batch.

    Examples
    --------
    >>> async def ask_three():
    ...     async with Batcher(lambda numbers: [2 * each for each in numbers], 64) as batcher:
    ...         return await asyncio.gather(*map(batcher.ask, [1, 2, 3]))
    >>> asyncio.run(ask_three())
    [2, 4, 6]
    """

    def __init__(self, answer, largest, on_batch=lambda size: None):
        self._answer = answer
        self._largest = largest
        self._on_batch = on_batch

    async def __aenter__(self):
        self._queue = asyncio.Queue(LARGEST_QUEUE)
        self._thread = ThreadPoolExecutor(1, "sklearn-anime-batches")
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *error):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._thread.shutdown()

    async def ask(self, question):
        """Return the answer to a question, which is asked together with others."""
        future = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((question, future))
        except asyncio.QueueFull:
            raise RequestError(503, "Too many requests wait. Try again in a second.") from None
        return await future

    async def _run(self):
        loop = asyncio.get_running_loop()
        while True:
            batch = await self._next()
            self._on_batch(len(batch))
            questions = [question for question, _ in batch]
            try:
                answers = await loop.run_in_executor(self._thread, self._answer, questions)
            except Exception as error:
                answers = [error] * len(batch)
            for (_, future), answer in zip(batch, answers, strict=True):
                _settle(future, answer)

    async def _next(self):
        """Return what waits, or what comes soon after the first."""
        batch = [await self._queue.get()]
        if self._queue.empty():
            await asyncio.sleep(WAIT)
        while len(batch) < self._largest and not self._queue.empty():
            batch.append(self._queue.get_nowait())
        return batch


def _settle(future, answer):
    if future.done():  # nobody waits any more
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
