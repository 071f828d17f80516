"""Claims about the times of posted histories, for models that were fitted with times."""

import pandas as pd
import pytest

from sklearn_anime.linear_model import EASERecommender, NextItemRecommender

CLOCKS = {
    "numbers": (pd.Series([1.0, 2, 3, 4, 5, 6]), [100, 200.5]),
    "datetimes": (
        pd.Series(pd.date_range("2026-01-01", periods=6)),
        ["2026-02-01", "2026-02-01T10:00:00.5"],
    ),
    "zone": (
        pd.Series(pd.date_range("2026-01-01", periods=6, tz="Asia/Tokyo")),
        ["2026-02-01T00:00Z", "2026-02-01T10:00:00+02:00"],
    ),
    "durations": (pd.Series(pd.to_timedelta(range(6), "D")), ["10 days", "11 days 01:00:00"]),
}
WRONG = {
    "numbers": ["2026-02-01", "5"],
    "datetimes": [5, "soon", "2026-02-01T00:00Z", "NaT", "99999-01-01", ""],
    "zone": [5, "2026-02-01", "NaT"],
    "durations": [5, "soon", "NaT"],
}
PAIRS = [("ann", "A"), ("ann", "B"), ("bob", "B"), ("bob", "C"), ("cat", "B"), ("cat", "C")]


def fitted(clock, **parameters):
    X = pd.DataFrame(PAIRS, columns=["user", "item"]).assign(time=CLOCKS[clock][0])
    return EASERecommender(alpha=1.0, time="time", **parameters).fit(X)


def scores(client, history):
    answer = client.post("/recommendations", json={"history": history})
    assert answer.status_code == 200, answer.text
    return {each["item"]: each["score"] for each in answer.json()["recommendations"]}


def expected(model, items, times):
    history = pd.DataFrame({"user": "me", "item": items, "time": times})
    return model.recommend(history=history).set_index("item")["score"].to_dict()


@pytest.mark.parametrize("clock", CLOCKS)
def test_times_are_read_on_the_clock_of_fit(serve, clock):
    model = fitted(clock, decay=0.5)
    early, late = CLOCKS[clock][1]
    convert = {
        "numbers": lambda times: times,
        "datetimes": lambda times: pd.to_datetime(times, format="ISO8601"),
        "zone": lambda times: pd.to_datetime(times, utc=True, format="ISO8601"),
        "durations": pd.to_timedelta,
    }[clock]
    client = serve(model)
    for first, second in ((early, late), (late, early)):
        history = [{"item": "A", "time": first}, {"item": "B", "time": second}]
        times = convert([first, second])
        assert scores(client, history) == pytest.approx(expected(model, ["A", "B"], times))


@pytest.mark.parametrize("clock", CLOCKS)
def test_order_is_the_time_where_there_is_none(serve, clock):
    model = fitted(clock, decay=0.5)
    client = serve(model)
    rising = CLOCKS[clock][0][:2]
    for items in (["A", "B"], ["B", "A"]):
        untimed = scores(client, [{"item": item} for item in items])
        assert untimed == pytest.approx(expected(model, items, rising))
    assert scores(client, [{"item": "A"}, {"item": "B"}]) != pytest.approx(
        scores(client, [{"item": "B"}, {"item": "A"}])
    )


def test_history_without_times_does_not_age(serve):
    model = fitted("datetimes", half_life="1D")
    plain = fitted("datetimes")
    history = [{"item": "A"}, {"item": "B"}]
    assert scores(serve(model), history) == scores(serve(plain), history)


@pytest.mark.parametrize(("clock", "time"), [(clock, time) for clock in WRONG for time in WRONG[clock]])
def test_time_that_is_none_is_named(serve, clock, time):
    client = serve(fitted(clock))
    answer = client.post("/recommendations", json={"history": [{"item": "A", "time": time}]})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(
        f"The time {str(time)!r} is none on the time column of fit"
    )


def test_times_of_some_entries_alone_are_an_error(client):
    history = [{"item": 1, "time": 5}, {"item": 2}, {"item": 3}]
    answer = client.post("/recommendations", json={"history": history})
    assert answer.status_code == 422
    assert "1 of 3 entries have a time. Give one to each, or to none" in answer.json()["detail"]


def test_model_without_times_does_not_read_them(client):
    timed = [{"item": 1, "time": "whenever"}, {"item": 2, "time": 5}]
    assert scores(client, timed) == scores(client, [{"item": 1}, {"item": 2}])


def test_next_item_follows_the_order(serve):
    X = pd.DataFrame({"user": list("aabbcc"), "item": list("ABABBC"), "time": [1, 2, 3, 4, 5, 6]})
    model = NextItemRecommender(alpha=1.0, time="time").fit(X)
    answer = scores(serve(model), [{"item": "A"}, {"item": "B"}])
    assert answer == pytest.approx(expected(model, ["A", "B"], [1, 2]))


def test_users_with_and_without_times_are_scored_together(serve):
    client = serve(fitted("datetimes", decay=0.5))
    alone = scores(client, [{"item": "A"}, {"item": "B"}])
    assert alone == scores(client, [{"item": "A"}, {"item": "B"}])
