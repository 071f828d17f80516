"""What the routes answer, apart from HTTP."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

import narwhals as nw

import sklearn_anime
from sklearn_anime.serve import _schemas as schemas
from sklearn_anime.serve._batches import Batcher
from sklearn_anime.serve._errors import RequestError
from sklearn_anime.serve._ids import json_id
from sklearn_anime.serve._models import LARGEST_BATCH
from sklearn_anime.serve._scoring import History, Question, answer, history_frame
from sklearn_anime.utils._warnings import without_warnings

POLL = 1.0  # seconds between two looks at the files
NO_SCORE = (
    "The history has nothing that the model can score from: popular items are recommended, without a "
    "score to explain. Give interactions with items of the model."
)


class Service:
    """Answers requests with the model of a slot.

    One thread scores batches, a second one does everything else that takes long: the event loop waits
    for neither.

    Parameters
    ----------
    slot : ModelSlot
        The model.

    metrics : Metrics
        What is counted.
    """

    def __init__(self, slot, metrics):
        self.slot = slot
        self.metrics = metrics
        self.reload_now = False
        metrics.model_since.set_function(lambda: slot.served.since.timestamp())

    async def __aenter__(self):
        self._stack = AsyncExitStack()
        batcher = Batcher(answer, LARGEST_BATCH, self.metrics.batch_size.observe)
        self._batcher = await self._stack.enter_async_context(batcher)
        self._thread = ThreadPoolExecutor(1, "sklearn-anime-lookups")
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *error):
        self._watcher.cancel()
        await asyncio.gather(self._watcher, return_exceptions=True)
        await self._stack.aclose()
        self._thread.shutdown()

    async def recommend_to(self, user, n_items):
        """Recommend to a user of ``fit``, or popular items to anybody else."""
        served = self.slot.served
        return await self._recommend(Question(served, n_items, served.users.find(user)), [])

    async def recommend(self, request):
        """Recommend to a user with a posted history."""
        served = self.slot.served
        history, ignored = read_history(served, request.history)
        include = None
        if request.include is not None:
            known, unknown = split_known(served, request.include)
            include = frozenset(known)
            ignored += unknown
            if request.include and not known:
                raise RequestError(
                    422,
                    f"None of the ids in include, such as {unknown[0]!r}, is an item of the model. Give "
                    f"item ids such as {served.items.vocabulary.example!r}.",
                )
        exclude, unknown = split_known(served, request.exclude)
        question = Question(served, request.n_items, None, history, include, exclude)
        return await self._recommend(question, ignored + unknown)

    async def _recommend(self, question, ignored):
        found = await self._batcher.ask(question)
        fallback = any(score is None for _, score in found)
        self.metrics.fallbacks.inc(fallback)
        catalog = question.served.catalog
        return schemas.Recommendations(
            recommendations=[
                schemas.Recommendation(**described(catalog, item), rank=rank, score=score)
                for rank, (item, score) in enumerate(found, start=1)
            ],
            fallback=fallback,
            ignored=ignored,
        )

    async def similar(self, item, n_items):
        """Return the items most similar to one."""
        return await self._in_thread(similar_items, self.slot.served, item, n_items)

    async def explain(self, request):
        """Return what the scores of some items are made of."""
        return await self._in_thread(explanations, self.slot.served, request)

    async def search(self, text, limit):
        """Return items whose name has a text."""
        return await self._in_thread(found_items, self.slot.served, text, limit)

    def health(self):
        """Return what is served."""
        served, error = self.slot.served, self.slot.error
        return schemas.Health(
            status="ok" if error is None else "stale",
            model=type(served.recommender).__name__,
            users=len(served.users.vocabulary),
            items=len(served.items.vocabulary),
            since=served.since,
            explains=served.explains,
            rating_scale=served.rating_scale,
            error=error,
            version=sklearn_anime.__version__,
        )

    async def _in_thread(self, call, *args):
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *args)

    async def _watch(self):
        """Read the files again when they change, or when a signal asks for it."""
        while self.slot.has_files:
            await asyncio.sleep(POLL)
            if self.reload_now or self.slot.changed():
                self.reload_now = False
                loaded = await asyncio.to_thread(self.slot.reload)
                self.metrics.count_reload(loaded)


def described(catalog, item):
    """Return an item as the fields of a response."""
    return {"item": json_id(item), "name": catalog.name(item), "genres": catalog.genres(item)}


def split_known(served, values):
    """Return the ids of the model that posted ones mean, and those that mean none."""
    found = [(value, served.items.find(value)) for value in values]
    unknown = [value for value, item in found if item is None]
    return [item for _, item in found if item is not None], unknown


def read_history(served, entries):
    """Return the known items of a posted history as columns, and the ids of the others."""
    known, unknown = [], []
    for entry in entries:
        item = served.items.find(entry.item)
        if item is None:
            unknown.append(entry.item)
        else:
            known.append((item, entry))
    ratings = [float("nan") if entry.rating is None else float(entry.rating) for _, entry in known]
    times, clock = None, served.clock
    if clock is not None:
        times = [read_time(clock, entry.time) for _, entry in known]
    return History([item for item, _ in known], ratings, times), unknown


def read_time(clock, time):
    """Return a posted time on the clock of the model; without one, the order stands for the time."""
    try:
        return clock.newest if time is None else clock.read(time)
    except ValueError as error:
        raise RequestError(422, str(error)) from error


def similar_items(served, text, n_items):
    """Return the items most similar to the one that a part of an address means."""
    item = known_item(served, text)
    with without_warnings():
        frame = served.recommender.similar_items([item], n_items)
    frame = nw.from_native(frame, eager_only=True)
    neighbors = frame["neighbor"].to_list(), frame["similarity"].to_list(), frame["rank"].to_list()
    return schemas.SimilarItems(
        item=schemas.Item(**described(served.catalog, item)),
        similar=[
            schemas.SimilarItem(**described(served.catalog, each), similarity=similarity, rank=rank)
            for each, similarity, rank in zip(*neighbors, strict=True)
        ],
    )


def known_item(served, value):
    """Return the item of the model that an id means, or say that there is none."""
    item = served.items.find(value)
    if item is None:
        items = served.items.vocabulary
        raise RequestError(
            404, f"The model has no item {value!r}. It has {len(items)}, such as {items.example!r}."
        )
    return item


def found_items(served, text, limit):
    """Return items whose name has a text; without one, the most popular items."""
    found = served.catalog.search(text, limit)
    return schemas.Items(items=[schemas.Item(**described(served.catalog, item)) for item in found])


def explanations(served, request):
    """Return the terms of the scores of some items for a posted history."""
    if not served.explains:
        raise RequestError(501, f"{type(served.recommender).__name__} does not explain its scores.")
    items = [known_item(served, value) for value in request.items]
    history, ignored = read_history(served, request.history)
    if not history.items:
        raise RequestError(422, NO_SCORE)
    user = served.new_users[0]
    rows = history_frame(served, [user] * len(history.items), history.items, history.times)
    return schemas.Explanations(
        explanations=[
            schemas.Explanation(
                **described(served.catalog, item),
                terms=terms(served, user, item, (rows, history.ratings), request.n),
            )
            for item in items
        ],
        ignored=ignored,
    )


def terms(served, user, item, history, n):
    """Return the terms of the score of an item. Other users are not named."""
    try:
        with without_warnings():
            frame = served.recommender.explain(user, item, history=history, n=n)
    except ValueError as error:
        raise RequestError(422, NO_SCORE) from error
    frame = nw.from_native(frame, eager_only=True)
    about_items = frame.columns[1] == served.items.vocabulary.name
    return [
        schemas.Term(
            term=term,
            item=json_id(each) if about_items and each is not None else None,
            name=served.catalog.name(each) if about_items and each is not None else None,
            rating=number(rating),
            weight=number(weight),
            contribution=contribution,
        )
        for term, each, weight, rating, contribution in frame.iter_rows()
    ]


def number(value):
    """Return a number, None where it is NaN or missing."""
    return None if value is None or value != value else float(value)
