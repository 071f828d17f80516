"""Claims about HistoryDisplay: which interactions it draws, when, and with which weight."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import date2num
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.compose import DiverseRecommender
from sklearn_anime.inspection import HistoryDisplay
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender
from sklearn_anime.neighbors import SVDNeighborsRecommender

X = pd.DataFrame(
    {
        "user": ["ann"] * 4 + ["bob"] * 3 + ["cat"] * 2,
        "item": [3, 1, 2, 4, 1, 2, 5, 4, 5],
        "day": [0, 10, 30, 40, 1, 2, 3, 5, 6],
    }
)
Y = np.array([9, 9, 9, 3, 9, 9, 9, 9, 9.0])
NAMES = pd.DataFrame({"item": [1, 5], "name": ["Akira", "Clannad"]})
ITEM_NEIGHBORS = SVDNeighborsRecommender(2, axis="item", time="day", decay=0.5, random_state=0)


def labels_of(display):
    return [label.get_text() for label in display.ax_.get_yticklabels()]


@pytest.mark.parametrize(
    ("model", "weights"),
    [
        (EASERecommender(1.0, time="day", half_life=10), [1 / 16, 1 / 8, 1 / 2, 1]),
        (EASERecommender(1.0, time="day", decay=0.5, min_rating=5), [1 / 4, 1 / 2, 1, 0]),
        (NextItemRecommender(1.0, time="day", decay=0.5, max_length=3), [0, 1 / 4, 1 / 2, 1]),
        (ITEM_NEIGHBORS, [1 / 8, 1 / 4, 1 / 2, 1]),
        (PopularityRecommender(time="day", half_life=10), [1, 1, 1, 1]),
        (DiverseRecommender(EASERecommender(1.0, time="day", half_life=10)), [1 / 16, 1 / 8, 1 / 2, 1]),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.filterwarnings("ignore:A table of", "ignore:.*n_neighbors", "ignore:.*n_candidates")
def test_weights_are_those_of_the_recommender(model, weights):
    display = HistoryDisplay.from_estimator(model.fit(X, Y), "ann")
    assert display.items == [3, 1, 2, 4]
    assert_array_equal(display.times, [0, 10, 30, 40])
    assert_allclose(display.weights, weights)
    assert display.recommended == model.recommend("ann", 5)["item"].tolist()


@pytest.fixture(scope="module")
def ease():
    return EASERecommender(1.0, time="day", half_life=10).fit(X)


def test_recommendations_stand_above_and_after_the_newest_interactions(ease):
    display = HistoryDisplay.from_estimator(ease, "ann", n_history=2, n_items=1, catalog=NAMES)
    assert labels_of(display) == ["Clannad", "4", "2"]
    assert_array_equal(display.scatter_.get_offsets()[:, 0], [30, 40])
    (ahead,) = display.recommended_.get_offsets()
    assert ahead[0] > 40
    assert ahead[1] > display.scatter_.get_offsets()[:, 1].max()
    assert display.ax_.get_xlabel() == "day"


def test_markers_grow_with_the_weight(ease):
    sizes = HistoryDisplay.from_estimator(ease, "ann").scatter_.get_sizes()
    assert (np.diff(sizes) > 0).all()
    assert_allclose((sizes - 8) / (sizes[-1] - 8), [1 / 16, 1 / 8, 1 / 2, 1])


@pytest.mark.parametrize("zone", [None, "Asia/Tokyo"])
def test_datetimes_are_drawn_as_such(zone):
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(X.day, unit="D")
    frame = X.assign(day=days.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else days)
    model = EASERecommender(1.0, time="day", half_life="10D").fit(frame)
    display = HistoryDisplay.from_estimator(model, "ann")
    assert_allclose(display.scatter_.get_offsets()[:, 0], date2num(days[:4]))


def test_durations_are_drawn_in_days():
    model = EASERecommender(1.0, time="day").fit(X.assign(day=pd.to_timedelta(X.day, unit="D")))
    display = HistoryDisplay.from_estimator(model, "ann")
    assert_allclose(display.times, [0, 10, 30, 40])
    assert display.ax_.get_xlabel() == "day (days)"


def test_without_times_positions_are_drawn_where_rows_are_in_order():
    model = NextItemRecommender(1.0).fit(X[["user", "item"]])
    display = HistoryDisplay.from_estimator(model, "ann")
    assert_array_equal(display.times, [-3, -2, -1, 0])
    assert display.ax_.get_xlabel() == "position"


def test_a_history_and_a_moment_warn_once(ease):
    history = pd.DataFrame({"user": "eve", "item": [1, 2, 4], "day": [3, 1, 9]})
    with pytest.warns(UserWarning, match=r"^1 interaction\(s\) after now=5 are ignored") as seen:
        display = HistoryDisplay.from_estimator(ease, "eve", history=history, now=5)
    assert len(seen) == 1
    assert display.items == [2, 1]
    assert_array_equal(display.times, [1, 3])


def test_equal_times_are_drawn_in_the_order_of_the_rows():
    model = EASERecommender(1.0, time="day").fit(X.assign(day=7))
    display = HistoryDisplay.from_estimator(model, "ann")
    assert display.items == [3, 1, 2, 4]
    assert display.recommended_.get_offsets()[0, 0] > 7


def test_users_without_times_or_without_a_history_raise(ease):
    with pytest.raises(KeyError, match="eve"):
        HistoryDisplay.from_estimator(ease, "eve")
    plain = EASERecommender(1.0).fit(X[["user", "item"]])
    with pytest.raises(ValueError, match=r"EASERecommender knows no times .*Fit it with `time=`"):
        HistoryDisplay.from_estimator(plain, "ann")
    with (
        pytest.warns(UserWarning, match="have no history until now=-1"),
        pytest.warns(UserWarning, match="after now=-1"),
        pytest.raises(ValueError, match=r"User 'ann' has no history to draw\. Give interactions in"),
    ):
        HistoryDisplay.from_estimator(ease, "ann", now=-1)
