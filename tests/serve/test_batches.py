"""Claims about requests that arrive together."""

import asyncio
import threading
import time

import pytest

from sklearn_anime.serve._batches import Batcher
from sklearn_anime.serve._errors import RequestError
from sklearn_anime.serve._models import LARGEST_BATCH, ModelSlot
from sklearn_anime.serve._scoring import History, Question, answer


def run(answer, n, largest=64, **options):
    """Ask 0, 1, 2, ... at once, and return answers or errors."""

    async def ask():
        async with Batcher(answer, largest, **options) as batcher:
            return await asyncio.gather(*map(batcher.ask, range(n)), return_exceptions=True)

    return asyncio.run(ask())


def test_questions_that_come_together_are_one_batch():
    batches = []
    assert run(lambda numbers: batches.append(numbers) or numbers, 5) == [0, 1, 2, 3, 4]
    assert batches == [[0, 1, 2, 3, 4]]


def test_batches_have_a_largest_size_which_is_told():
    sizes = []
    run(lambda numbers: numbers, 10, largest=4, on_batch=sizes.append)
    assert sizes == [4, 4, 2]


def test_next_batch_gathers_while_one_is_answered():
    def slow(numbers):
        time.sleep(0.02)
        return numbers

    sizes = []

    async def ask():
        async with Batcher(slow, 64, sizes.append) as batcher:
            first = asyncio.create_task(batcher.ask(0))
            await asyncio.sleep(0.01)
            await asyncio.gather(first, *map(batcher.ask, range(1, 8)))

    asyncio.run(ask())
    assert sizes == [1, 7]


def test_event_loop_is_free_while_a_batch_is_answered():
    here = threading.get_ident()
    assert here not in run(lambda numbers: [threading.get_ident() for _ in numbers], 3)


def test_an_error_is_raised_where_it_was_asked():
    def odd_fail(numbers):
        return [ValueError(number) if number % 2 else number for number in numbers]

    first, second, third = run(odd_fail, 3)
    assert (first, third) == (0, 2)
    assert isinstance(second, ValueError)


def test_a_batch_that_fails_as_a_whole_fails_everywhere_and_the_next_one_goes_on():
    calls = iter([True, False])

    def fail_first(numbers):
        if next(calls):
            raise OSError("no memory")
        return numbers

    assert [type(each) for each in run(fail_first, 4, largest=2)] == [OSError, OSError, int, int]


def test_too_many_questions_are_turned_away(monkeypatch):
    monkeypatch.setattr("sklearn_anime.serve._batches.LARGEST_QUEUE", 3)
    answers = run(lambda numbers: numbers, 5)
    assert answers[:3] == [0, 1, 2]
    assert [each.status for each in answers[3:]] == [503, 503]
    assert isinstance(answers[3], RequestError)


def test_nobody_waits_for_who_has_left():
    async def leave():
        async with Batcher(lambda numbers: numbers, 64) as batcher:
            gone = asyncio.create_task(batcher.ask(1))
            await asyncio.sleep(0)
            gone.cancel()
            return await batcher.ask(2)

    assert asyncio.run(leave()) == 2


# Scoring


@pytest.fixture
def calls(model, monkeypatch):
    """Note the users of each call of recommend."""
    seen, recommend = [], type(model).recommend

    def noted(self, users, n_items, **options):
        seen.append(len(users))
        return recommend(self, users, n_items, **options)

    monkeypatch.setattr(type(model), "recommend", noted)
    return seen


@pytest.fixture
def served(model, anime):
    return ModelSlot(model, anime.catalog).served


def test_different_users_are_scored_by_one_call(served, model, calls):
    questions = [
        Question(served, 5, user=17),
        Question(served, 5),
        Question(served, 5, history=History([1, 2], [9.0, 3.0])),
        Question(served, 5, history=History([1, 2], [9.0, 3.0]), exclude=[8, 5]),
        Question(served, 5, history=History([], [])),
        Question(served, 5, user=17),
    ]
    answers = answer(questions)
    assert calls == [6]
    assert answers == [answer([question])[0] for question in questions]
    assert answers[0] == answers[5]
    assert answers[1] == answers[4]
    assert {8, 5}.isdisjoint(item for item, _ in answers[3])


def test_other_numbers_and_other_candidates_are_other_calls(served, calls):
    history = History([1], [9.0])
    questions = [
        Question(served, 5, history=history),
        Question(served, 6, history=history),
        Question(served, 5, history=history, include=frozenset({2, 3})),
        Question(served, 5, history=history, include=frozenset({3, 2})),
    ]
    answers = answer(questions)
    assert sorted(calls) == [1, 1, 2]
    assert [len(each) for each in answers] == [5, 6, 2, 2]


def test_full_batch_of_new_users_is_scored_by_one_call(served, calls):
    histories = [History([item], [5.0]) for item in range(1, LARGEST_BATCH + 1)]
    answers = answer([Question(served, 3, history=history) for history in histories])
    assert calls == [LARGEST_BATCH]
    assert all(len(each) == 3 for each in answers)


def test_who_asks_wrongly_disturbs_nobody(served):
    good = Question(served, 5, history=History([1], [9.0]))
    bad = Question(served, 5, history=History([1], [float("inf")]))
    answers = answer([good, bad, good])
    assert answers[0] == answers[2] == answer([good])[0]
    assert isinstance(answers[1], ValueError)


def test_concurrent_requests_are_scored_together(serve, model, calls):
    client = serve(model)
    body = {"history": [{"item": 1}]}
    with_threads(20, lambda: client.post("/recommendations", json=body))
    text = client.get("/metrics").text
    assert "sklearn_anime_batch_size_sum 20.0" in text
    assert sum(calls) == 20
    assert len(calls) < 20


def with_threads(n, call):
    threads = [threading.Thread(target=call) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
