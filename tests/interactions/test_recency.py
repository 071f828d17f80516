"""Weights by age: the clock of the times, ages, positions and moments."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose

from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._recency import Recency, training_weights

DAYS = pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-31", "2024-01-31"])
X = pd.DataFrame({"user": ["ann", "ann", "ann", "bob"], "item": [3, 1, 2, 1], "day": [0, 10, 30, 30]})


def table(times=X["day"], time="day"):
    return Interactions.from_rows(X.assign(day=times), needs_ratings=False, time=time)


def weights_of(rows, now=None, **parameters):
    """Return the weights of the items of a single user or of several, by user and item."""
    recency = Recency.choose(rows, **parameters)
    return recency.weights(rows if now is None else rows.until(now)).tolist()


def test_an_interaction_of_the_age_of_the_half_life_counts_half():
    # ann has items 1, 2, 3 at ages 20, 0, 30; bob has item 1 at age 0.
    assert_allclose(weights_of(table(), half_life=10), [0.25, 1, 0.125, 1])


def test_each_newer_interaction_multiplies_by_the_decay():
    assert_allclose(weights_of(table(), decay=0.5), [0.5, 1, 0.25, 1])


def test_half_life_and_decay_multiply():
    assert_allclose(weights_of(table(), half_life=10, decay=0.5), [0.125, 1, 0.03125, 1])


def test_without_either_all_interactions_count_the_same_with_and_without_times():
    assert weights_of(table()) == weights_of(table(time=None)) == [1, 1, 1, 1]


def test_a_decay_of_zero_leaves_the_newest_alone():
    assert weights_of(table(), decay=0.0) == [0, 1, 0, 1]


def test_interactions_after_now_are_left_out_and_a_distant_now_changes_nothing():
    # At 20, ann has items 1 and 3, of which 3 is 10 older, and bob has none.
    assert_allclose(weights_of(table(), now=20, half_life=10), [1, 0.5])
    assert_allclose(weights_of(table(), now=1e9, half_life=10), [0.25, 1, 0.125, 1])


def test_the_newest_of_some_interactions_counts_in_full():
    rows = Interactions.from_rows(X, [9, 9, 2, 9], time="day").rated_from(5)  # without ann's newest
    assert_allclose(weights_of(rows, half_life=0.001), [1, 0, 1])
    assert_allclose(weights_of(rows, decay=0.0), [1, 0, 1])


def test_only_the_newest_interactions_count_with_a_length():
    assert weights_of(table(), max_length=2) == [1, 1, 0, 1]
    assert weights_of(table(), max_length=2, decay=0.5) == [0.5, 1, 0, 1]


def test_positions_need_no_times_where_rows_are_in_order():
    rows = Interactions.from_rows(X[["user", "item"]], needs_ratings=False, ordered=True)
    assert weights_of(rows, decay=0.5) == [0.5, 1, 0.25, 1]  # ann's items 1, 2, 3 in rows 2, 3, 1
    with pytest.raises(ValueError, match=r"half_life=3 needs the times"):
        Recency.choose(rows, 3)


def test_training_ages_are_measured_from_the_newest_row_of_all():
    rows = table(pd.Series([0, 10, 30, 40]))
    assert_allclose(training_weights(rows, 10, rows.newest), [0.125, 0.5, 0.0625, 1])
    assert_allclose(training_weights(rows, None, None), [1, 1, 1, 1])


@pytest.mark.parametrize(
    "half_life", ["10D", "240h", timedelta(days=10), pd.Timedelta("10D"), np.timedelta64(10, "D")]
)
@pytest.mark.parametrize("zone", [None, "Asia/Tokyo"])
def test_on_datetimes_the_half_life_is_a_duration(half_life, zone):
    rows = table(pd.Series(DAYS.tz_localize(zone)))
    assert_allclose(weights_of(rows, half_life=half_life), [0.25, 1, 0.125, 1])


def test_dates_and_the_frames_of_polars_are_on_the_same_clock():
    expected = [0.25, 1, 0.125, 1]
    dates = [day.date() for day in DAYS]
    assert isinstance(dates[0], date)
    moments = [datetime.combine(day, datetime.min.time()) for day in dates]
    for objects in (dates, moments):
        assert_allclose(weights_of(table(pd.Series(objects, dtype=object)), half_life="10D"), expected)
    frame = pl.DataFrame({"user": X["user"].to_list(), "item": X["item"].to_list(), "day": dates})
    rows = Interactions.from_rows(frame, needs_ratings=False, time="day")
    assert_allclose(weights_of(rows, half_life="10D"), expected)


def test_dates_before_1970_have_ages_as_others():
    early = pd.Series(DAYS - pd.DateOffset(years=100))
    assert_allclose(weights_of(table(early), half_life="10D"), [0.25, 1, 0.125, 1])


def test_of_equal_times_the_later_row_is_newer(container):
    columns = {"user": [1, 1, 1], "item": [3, 1, 2], "day": [5, 5, 5]}
    rows = Interactions.from_rows(container(columns), needs_ratings=False, time=2)
    assert weights_of(rows, decay=0.5) == [0.5, 1, 0.25]  # items 1, 2, 3


def test_a_repeated_pair_is_as_new_as_its_latest_row():
    rows = Interactions.from_rows([[1, 7, 0], [1, 8, 5], [1, 7, 10]], needs_ratings=False, time=2)
    assert weights_of(rows, decay=0.5) == [1, 0.5]


def test_of_equal_times_the_rows_of_partial_fit_are_newer():
    rows = Interactions.from_rows([[1, 8, 5], [1, 7, 5]], needs_ratings=False, time=2)
    more = rows.extended([[1, 6, 5], [1, 9, 4]], optional=True)
    found = dict(zip(more.items.values[more.item_codes], weights_of(more, decay=0.5), strict=True))
    assert found == {6: 1, 7: 0.5, 8: 0.25, 9: 0.125}


def test_a_history_keeps_the_order_of_its_rows():
    rows = Interactions.from_rows([[1, 7, 0], [1, 8, 0], [1, 9, 0]], needs_ratings=False, time=2)
    _, folded, _ = rows.fold_in([[5, 9, 3], [5, 7, 3], [5, 8, 3]])
    assert weights_of(folded, decay=0.5) == [0.5, 1, 0.25]  # items 7, 8, 9


def test_infinite_times_are_as_old_or_as_new_as_can_be():
    rows = table(pd.Series([-np.inf, 10.0, 30.0, np.inf]))
    assert_allclose(weights_of(rows, half_life=10), [0.25, 1, 0, 1])


# Bad input


@pytest.mark.parametrize(
    ("times", "half_life", "message"),
    [
        (X["day"], "30D", r"half_life='30D' is a duration, but the time column holds numbers"),
        (X["day"], timedelta(1), r"is a duration, but the time column holds numbers"),
        (DAYS, 30, r"half_life=30 has no unit, and the time column holds datetimes\. .*'30D'"),
        (DAYS, "30", r"half_life='30' has no unit"),
        (DAYS, "soon", r"half_life='soon' is no duration\. Give one such as '30D'"),
        (DAYS, "-1D", r"half_life='-1D' is not positive"),
        (DAYS, timedelta(0), r"is not positive"),
        (X["day"], -3, r"half_life=-3 is not positive\. Give a number above 0"),
        (X["day"], True, r"half_life=True is no duration\. Give the age at which"),
        (DAYS, np.True_, r"half_life=.*True.* is no duration"),
    ],
)
def test_a_half_life_that_is_not_on_the_clock_raises(times, half_life, message):
    with pytest.raises(ValueError, match=message):
        Recency.choose(table(times), half_life)


@pytest.mark.parametrize("parameters", [{"half_life": 3.0}, {"decay": 0.9}])
def test_recency_without_a_time_column_raises(parameters):
    with pytest.raises(
        ValueError, match=r"=.* needs the times of the interactions\. Name .* with `time=`"
    ):
        Recency.choose(table(time=None), **parameters)
    with pytest.raises(ValueError, match=r"training_half_life=3 needs the times"):
        training_weights(table(time=None), 3, None)


@pytest.mark.parametrize("decay", [-0.1, 1.5])
def test_a_decay_beyond_a_share_raises(decay):
    with pytest.raises(ValueError, match=rf"decay={decay} is not between 0 and 1"):
        Recency.choose(table(), decay=decay)


def test_messages_on_a_history_name_it():
    fitted = table()
    with pytest.raises(ValueError, match=r"^Input history= contains NaN: 1 of 4 rows have no time in"):
        fitted.fold_in(X.assign(day=[0.0, np.nan, 1.0, 2.0]))
    with pytest.raises(ValueError, match=r"^Column 'day' of history= holds 'today' \(row 0\)"):
        fitted.fold_in(X.assign(day="today"))
    with pytest.raises(ValueError, match=r"^history= has 0 sample\(s\)"):
        fitted.fold_in(X[:0])


def test_missing_times_raise_an_error_that_counts_them():
    message = r"2 of 4 rows have no time in column 'day', the first of them row 1\."
    with pytest.raises(ValueError, match=message):
        table(pd.Series([0.0, np.nan, np.nan, 1.0]))


@pytest.mark.parametrize(
    "times",
    [
        ["yesterday", "today", "today", "today"],
        [datetime(2024, 1, 1), *pd.to_datetime(["2024-01-01"] * 3).tz_localize("UTC")],
        [*pd.to_datetime(["2024"] * 2).tz_localize("UTC"), *DAYS[:2].tz_localize("Asia/Tokyo")],
    ],
    ids=["text", "with and without zone", "two zones"],
)
def test_times_that_are_not_all_of_one_kind_raise(times):
    message = r"Column 'day' of X holds .* \(row 0\), but times are all numbers, all dates, or all"
    with pytest.raises(ValueError, match=message):
        table(pd.Series(times, dtype=object))


def test_times_of_another_clock_than_in_fit_raise():
    fitted = table()
    message = r"time column of {} holds datetimes, but that of fit held numbers"
    with pytest.raises(ValueError, match=message.format("history=")):
        fitted.fold_in(X.assign(day=DAYS))
    with pytest.raises(ValueError, match=message.format("X")):
        fitted.extended(X.assign(day=DAYS), optional=True)
