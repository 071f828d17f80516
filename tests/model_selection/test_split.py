"""Splits leave no leak, by the definition of each, and are those worked out by hand."""

import inspect
import pickle
import warnings
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_validate

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.datasets import load_anime
from sklearn_anime.model_selection import (
    LastKPerUser,
    LeaveKOutPerUser,
    NewItemSplit,
    NewUserSplit,
    PerUserKFold,
    StrongGeneralization,
    TimeSplit,
)

SPLITTERS = [
    LeaveKOutPerUser(k=2, min_items=5, n_splits=2, random_state=0),
    PerUserKFold(n_splits=3, min_items=5, random_state=0),
    LastKPerUser(k=2, time=2, min_items=5),
    TimeSplit(n_splits=3, time=2, test_size=0.2),
    NewUserSplit(n_splits=3, random_state=0),
    NewItemSplit(n_splits=3, random_state=0),
    StrongGeneralization(0.2, validation_size=0.2, min_items=3, random_state=0),
]


def over(splitters):
    """Return a mark that runs a test with each of some splitters."""
    return pytest.mark.parametrize("splitter", splitters, ids=lambda s: type(s).__name__)


every_splitter = over(SPLITTERS)
every_random = over([splitter for splitter in SPLITTERS if hasattr(splitter, "random_state")])
every_per_user = over(SPLITTERS[:3])
every_by_time = over(SPLITTERS[2:4])
every_class = pytest.mark.parametrize("cls", [type(splitter) for splitter in SPLITTERS])
every_kind_of_id = pytest.mark.parametrize(
    ("splitter", "name"), [(SPLITTERS[4], "user_id"), (SPLITTERS[5], "anime_id")]
)
every_seed = pytest.mark.parametrize("seed", range(5))


def draw(seed, n_rows=200, n_items=15):
    """Draw columns of rows in random order: some pairs are repeated and some times are equal."""
    rng = np.random.RandomState(seed)
    users = np.minimum(rng.geometric(0.1, n_rows), 25)
    return {
        "user_id": [f"user {user}" for user in users],
        "anime_id": rng.randint(n_items, size=n_rows).tolist(),
        "when": rng.randint(n_rows // 2, size=n_rows).tolist(),
    }


def sides(splitter, X):
    """Return the positions on both sides of every split, as lists."""
    return [(train.tolist(), test.tolist()) for train, test in splitter.split(X)]


def only_split(splitter, X):
    ((train, test),) = splitter.split(X)
    return train, test


def pair_counts(frame):
    """Return the number of different items of each user."""
    return frame.drop_duplicates(["user_id", "anime_id"]).groupby("user_id").size()


def rows_of(*users, items=None):
    """Return a frame with a row for each letter: its user, and its item if given."""
    users = "".join(users)
    return pd.DataFrame({"user_id": list(users), "anime_id": items or range(len(users))})


# Every splitter


@every_seed
@every_splitter
def test_no_pair_is_on_both_sides(splitter, seed):
    frame = pd.DataFrame(draw(seed))
    pairs = frame.user_id + " " + frame.anime_id.astype(str)
    assert pairs.duplicated().any()
    for train, test in splitter.split(frame):
        assert not set(pairs[train]) & set(pairs[test])


@every_seed
@every_splitter
def test_both_sides_are_ascending_positions_that_do_not_meet(splitter, seed):
    for train, test in splitter.split(pd.DataFrame(draw(seed))):
        for side in (train, test):
            assert side.dtype.kind == "i"
            assert len(side) > 0
            assert (np.diff(side) > 0).all()
        assert not set(train) & set(test)
        assert {*train, *test} <= set(range(200))


@every_splitter
def test_every_container_gives_the_same_splits(container, splitter):
    assert sides(splitter, container(draw(0))) == sides(splitter, pd.DataFrame(draw(0)))


@every_splitter
def test_columns_are_found_by_name_or_position(frame_library, splitter):
    columns = draw(0)
    expected = sides(splitter, frame_library(columns))
    moved = frame_library({name: columns[name] for name in ("when", "anime_id", "user_id")})
    for keys in ({"user": 2, "item": 1}, {"user": "user_id", "item": "anime_id"}):
        other = pickle.loads(pickle.dumps(splitter))
        vars(other).update(keys)
        if other.time is not None:
            other.time = "when" if isinstance(keys["user"], str) else 0
        assert sides(other, moved) == expected


@every_splitter
def test_the_index_of_a_frame_does_not_matter(splitter):
    frame = pd.DataFrame(draw(0))
    assert sides(splitter, frame.set_axis([7] * len(frame))) == sides(splitter, frame)


@every_splitter
def test_ratings_are_not_looked_at(splitter):
    frame = pd.DataFrame(draw(0))
    with_ratings = splitter.split(frame, np.full(len(frame), np.nan), groups="none")
    assert [test.tolist() for _, test in with_ratings] == [test for _, test in sides(splitter, frame)]


@every_splitter
def test_number_of_splits_is_known_without_rows(splitter):
    assert splitter.get_n_splits() == len(sides(splitter, pd.DataFrame(draw(0))))


@every_splitter
def test_a_splitter_can_be_pickled(splitter):
    copy = pickle.loads(pickle.dumps(splitter))
    assert sides(copy, pd.DataFrame(draw(0))) == sides(splitter, pd.DataFrame(draw(0)))


@every_splitter
def test_repr_can_be_evaluated(splitter):
    assert vars(eval(repr(splitter))) == vars(splitter)


@every_class
def test_documented_defaults_are_those_of_the_signature(cls):
    lines = [line for line in inspect.getdoc(cls).splitlines() if " : " in line and line[0] != " "]
    documented = {name: kind for name, _, kind in (line.partition(" : ") for line in lines)}
    parameters = inspect.signature(cls).parameters
    assert [name for name in documented if name in parameters] == list(parameters)
    for name, parameter in parameters.items():
        default = documented[name].partition("default=")[2]
        assert (eval(default) if default else parameter.empty) == parameter.default


@every_random
def test_a_seed_fixes_the_splits(splitter):
    frame = pd.DataFrame(draw(0))
    assert sides(splitter, frame) == sides(splitter, frame)


@every_random
@pytest.mark.parametrize("random_state", [1, None])
def test_another_seed_or_none_gives_other_splits(splitter, random_state):
    other = type(splitter)(**{**vars(splitter), "random_state": random_state})
    assert sides(other, pd.DataFrame(draw(0))) != sides(splitter, pd.DataFrame(draw(0)))


@every_random
def test_a_random_state_goes_on_from_call_to_call(splitter):
    frame, state = pd.DataFrame(draw(0)), np.random.RandomState(0)
    other = type(splitter)(**{**vars(splitter), "random_state": state})
    first, second = sides(other, frame), sides(other, frame)
    assert first == sides(splitter, frame)
    assert second != first


@every_splitter
def test_search_and_cross_validation_take_it_as_cv(splitter):
    frame = pd.DataFrame(draw(0)).drop(columns=[] if splitter.time is not None else "when")
    ratings = pd.Series(np.random.RandomState(0).randint(1, 11, len(frame)), dtype=float)
    ratings[::10] = np.nan
    search = clone(GridSearchCV(BiasRegressor(), {"shrinkage": [1.0, 5.0]}, cv=splitter))
    search.fit(frame, ratings)
    assert search.n_splits_ == splitter.get_n_splits()
    scores = cross_validate(BiasRegressor(search.best_params_["shrinkage"]), frame, ratings, cv=splitter)
    assert scores["test_score"].mean() == pytest.approx(search.best_score_, abs=1e-12)


@every_splitter
def test_splits_of_a_polars_frame_serve_a_recommender(splitter):
    frame = pl.DataFrame(draw(0))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\d+ of \d+ users have no history")
        scores = cross_validate(PopularityRecommender(), frame, cv=splitter)["test_score"]
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize(
    ("splitter", "name", "value"),
    [
        (splitter, name, value)
        for name, value in {"user": -1, "item": 1.5, "n_splits": 0, "min_items": 0, "k": 0}.items()
        for splitter in SPLITTERS
        if name in vars(splitter)
    ],
)
def test_parameters_are_checked_at_split_with_the_message_of_scikit_learn(splitter, name, value):
    bad = type(splitter)(**{**vars(splitter), name: value})
    message = rf"The '{name}' parameter of {type(splitter).__name__} must be .* Got {value} instead"
    with pytest.raises(ValueError, match=message):
        next(bad.split(pd.DataFrame(draw(0))))


@pytest.mark.parametrize("cls", [PerUserKFold, NewUserSplit, NewItemSplit])
def test_one_fold_is_none(cls):
    with pytest.raises(ValueError, match=r"The 'n_splits' parameter of .* in the range \[2, inf\)"):
        next(cls(n_splits=1).split(pd.DataFrame(draw(0))))


@pytest.mark.parametrize("test_size", [0.0, 1.0, 5])
def test_share_of_the_rows_is_between_0_and_1(test_size):
    with pytest.raises(ValueError, match=r"'test_size' parameter of TimeSplit must be a float in the r"):
        next(TimeSplit(time=2, test_size=test_size).split(pd.DataFrame(draw(0))))


@every_splitter
def test_missing_id_raises(splitter):
    frame = pd.DataFrame(draw(0))
    frame.loc[3, ["user_id", "anime_id"]] = None
    with pytest.raises(ValueError, match=r"NaN as (user|item) id in row 3 of column"):
        next(splitter.split(frame))


# Per user


@every_seed
@every_per_user
def test_users_with_few_items_stay_in_training(splitter, seed):
    frame = pd.DataFrame(draw(seed))
    counts = pair_counts(frame)
    few = np.flatnonzero(frame.user_id.map(counts) < splitter.min_items)
    assert len(few) > 0
    for train, test in splitter.split(frame):
        assert set(few) <= set(train)
        assert set(frame.user_id[test]) == set(counts.index[counts >= splitter.min_items])


@every_seed
@over([SPLITTERS[0], SPLITTERS[2]])
def test_k_items_of_each_user_are_tested(splitter, seed):
    frame = pd.DataFrame(draw(seed))
    for _, test in splitter.split(frame):
        assert set(pair_counts(frame.iloc[test])) == {splitter.k}


@every_per_user
def test_users_are_as_large_as_their_different_items(splitter):
    frame = rows_of("aaaaaaaa", items=[1, 2, 3, 4, 1, 2, 3, 4]).assign(when=range(8))
    message = r"No user of X has min_items=5 different items: 4 is the most that one has\. Lower"
    with pytest.raises(ValueError, match=message):
        next(splitter.split(frame))


@pytest.mark.parametrize(
    "splitter", [LeaveKOutPerUser(k=5, min_items=5), LastKPerUser(6, time=2, min_items=5)]
)
def test_k_that_leaves_nothing_to_train_on_raises(splitter):
    message = r"k=[56] items to test on leave nothing to train on of a user with min_items=5\. Lower"
    with pytest.raises(ValueError, match=message):
        next(splitter.split(pd.DataFrame(draw(0))))


# LeaveKOutPerUser


@pytest.mark.filterwarnings("ignore:min_items=6 tests")
@every_seed
def test_leave_k_out_equals_an_independent_implementation_on_random_tables(independent, seed):
    frame = pd.DataFrame(draw(seed)).drop_duplicates(["user_id", "anime_id"], ignore_index=True)
    train, test = independent.leave_k_out(frame, k=3, at_least=6, seed=seed)
    splitter = LeaveKOutPerUser(k=3, min_items=6, random_state=seed)
    assert sides(splitter, frame) == [(sorted(train.index), sorted(test.index))]


def test_leave_k_out_equals_an_independent_implementation_on_real_data(real_folder, independent):
    rows = load_anime(real_folder, unrated="nan").data[["user_id", "anime_id"]].reset_index(drop=True)
    assert not rows.duplicated().any()
    for seed in (0, 7):
        train, test = only_split(LeaveKOutPerUser(random_state=seed), rows)
        expected = independent.leave_k_out(rows, seed=seed)
        np.testing.assert_array_equal(train, np.sort(expected[0].index))
        np.testing.assert_array_equal(test, np.sort(expected[1].index))


def test_leave_k_out_trains_on_all_that_it_does_not_test():
    frame = pd.DataFrame(draw(0))
    for train, test in SPLITTERS[0].split(frame):
        assert sorted([*train, *test]) == list(range(len(frame)))


def test_repeats_are_drawn_independently():
    (_, first), (_, second) = sides(SPLITTERS[0], pd.DataFrame(draw(0)))
    assert first != second
    once = LeaveKOutPerUser(k=2, min_items=5, random_state=0)
    assert sides(once, pd.DataFrame(draw(0)))[0][1] == first


def test_every_pair_is_equally_likely_to_be_tested_however_often_it_is_repeated():
    frame = rows_of("aaaaaa", items=[1, 1, 1, 1, 2, 3])
    splitter = LeaveKOutPerUser(k=1, min_items=3, n_splits=3000, random_state=0)
    tested = [frame.anime_id[test[0]] for _, test in splitter.split(frame)]
    # 3 standard deviations of a binomial share with n = 3000 and p = 1/3 are 0.026.
    assert pd.Series(tested).value_counts(normalize=True).tolist() == pytest.approx(
        [1 / 3] * 3, abs=0.026
    )


# PerUserKFold


@every_seed
def test_every_row_of_a_large_user_is_tested_once(seed):
    frame = pd.DataFrame(draw(seed))
    large = np.flatnonzero(frame.user_id.map(pair_counts(frame)) >= 5)
    tested = np.concatenate([test for _, test in SPLITTERS[1].split(frame)])
    np.testing.assert_array_equal(np.sort(tested), large)


@every_seed
def test_folds_are_of_one_size_within_each_user_and_over_all(seed):
    frame = pd.DataFrame(draw(seed))
    counts = [pair_counts(frame.iloc[test]) for _, test in SPLITTERS[1].split(frame)]
    assert np.ptp([count.sum() for count in counts]) <= 1
    assert (np.ptp(pd.concat(counts, axis=1).fillna(0).to_numpy(), axis=1) <= 1).all()


def test_fewer_items_than_folds_raise():
    message = r"min_items=3 items of a user do not reach n_splits=4 folds\. Raise min_items or lower n_"
    with pytest.raises(ValueError, match=message):
        next(PerUserKFold(n_splits=4, min_items=3).split(pd.DataFrame(draw(0))))


# LastKPerUser


def test_the_last_items_of_each_user_are_tested():
    frame = rows_of("ababab").assign(when=[3, 1, 1, 9, 2, 5])
    assert sides(LastKPerUser(k=1, time="when", min_items=3), frame) == [([1, 2, 4, 5], [0, 3])]
    assert sides(LastKPerUser(k=2, time="when", min_items=3), frame) == [([1, 2], [0, 3, 4, 5])]


def test_of_equal_times_the_row_further_down_is_the_later():
    frame = rows_of("aaa").assign(when=[5, 5, 4])
    assert sides(LastKPerUser(k=1, time="when", min_items=3), frame) == [([0, 2], [1])]


def test_a_repeated_pair_is_tested_on_its_last_row_and_its_others_are_on_neither_side():
    frame = rows_of("aaaaa", items=[1, 2, 1, 3, 1]).assign(when=[0, 1, 9, 2, 3])
    assert sides(LastKPerUser(k=1, time="when", min_items=3), frame) == [([1, 3], [2])]


def test_a_repeated_pair_that_is_not_tested_is_trained_on_with_all_its_rows():
    frame = rows_of("aaaa", items=[1, 2, 1, 3]).assign(when=[0, 1, 2, 3])
    assert sides(LastKPerUser(k=1, time="when", min_items=3), frame) == [([0, 1, 2], [3])]


@every_seed
def test_the_last_rows_equal_those_that_pandas_finds(seed):
    frame = pd.DataFrame(draw(seed))
    latest = frame.sort_values("when", kind="stable").drop_duplicates(
        ["user_id", "anime_id"], keep="last"
    )
    large = latest[latest.user_id.map(pair_counts(frame)) >= 5]
    _, test = only_split(SPLITTERS[2], frame)
    assert test.tolist() == sorted(large.groupby("user_id").tail(2).index)


@every_seed
def test_no_row_of_a_tested_user_in_training_is_later_than_one_to_test_on(seed):
    frame = pd.DataFrame(draw(seed))
    train, test = only_split(SPLITTERS[2], frame)
    first_tested = frame.iloc[test].groupby("user_id").when.min()
    last_trained = frame.iloc[train].groupby("user_id").when.max().reindex(first_tested.index)
    assert (last_trained <= first_tested).all()


# TimeSplit


def test_windows_at_the_end_are_tested_on_all_before_them():
    frame = rows_of("abcdefghij").assign(when=range(9, -1, -1))
    assert sides(TimeSplit(n_splits=2, time="when"), frame) == [
        ([4, 5, 6, 7, 8, 9], [2, 3]),
        ([2, 3, 4, 5, 6, 7, 8, 9], [0, 1]),
    ]


@pytest.mark.parametrize(("n_splits", "test_size"), [(2, 0.3), (3, 0.1), (4, 0.2)])
def test_windows_equal_those_of_scikit_learn_where_no_times_are_equal(n_splits, test_size):
    frame = rows_of("abcdefghij").assign(when=range(10))
    reference = TimeSeriesSplit(n_splits, test_size=round(test_size * 10))
    expected = [(train.tolist(), test.tolist()) for train, test in reference.split(frame)]
    assert sides(TimeSplit(n_splits, time="when", test_size=test_size), frame) == expected


def test_rows_of_equal_time_are_not_torn_apart():
    frame = rows_of("abcde").assign(when=[1, 2, 3, 3, 3])
    assert sides(TimeSplit(time="when"), frame) == [([0, 1], [2, 3, 4])]


def test_rows_whose_pair_is_in_training_are_not_tested_and_other_repeats_are():
    frame = rows_of("aaaaa", items=[1, 2, 1, 3, 3]).assign(when=[1, 2, 3, 4, 5])
    assert sides(TimeSplit(time="when", test_size=0.6), frame) == [([0, 1], [3, 4])]


@every_seed
def test_all_of_training_is_before_all_of_the_test(seed):
    frame = pd.DataFrame(draw(seed))
    for train, test in SPLITTERS[3].split(frame):
        assert frame.when[train].max() < frame.when[test].min()


@pytest.mark.parametrize(("n_splits", "test_size"), [(5, 0.2), (2, 0.6), (10, 0.1)])
def test_windows_that_leave_nothing_to_train_on_raise(n_splits, test_size):
    message = rf"n_splits={n_splits} windows of test_size={test_size} leave no row to train on\. Lower"
    with pytest.raises(ValueError, match=message):
        next(TimeSplit(n_splits, time=2, test_size=test_size).split(pd.DataFrame(draw(0))))


def test_all_times_equal_raises():
    frame = rows_of("abcde").assign(when=1)
    message = r"Window 1 of 1 has 0 rows to train on and 5 to test on: .* \(time='when'\).*Change test_s"
    with pytest.raises(ValueError, match=message):
        next(TimeSplit(time="when").split(frame))


def test_window_without_a_new_pair_raises():
    frame = rows_of("aaaa", items=[1, 2, 1, 2]).assign(when=range(4))
    with pytest.raises(ValueError, match=r"has 2 rows to train on and 0 to test on"):
        next(TimeSplit(time="when", test_size=0.5).split(frame))


def test_window_that_ends_within_equal_times_raises():
    frame = rows_of("abcde").assign(when=[1, 2, 3, 3, 3])
    with pytest.raises(ValueError, match=r"Window 1 of 2 has 2 rows to train on and 0 to test on"):
        next(TimeSplit(2, time="when").split(frame))


# Both splitters that read a time


@every_by_time
@pytest.mark.parametrize("unit", [timedelta(days=1), timedelta(microseconds=1)])
def test_datetimes_split_like_numbers(container, splitter, unit):
    columns = draw(0)
    times = [datetime(2020, 1, 1) + number * unit for number in columns["when"]]
    assert sides(splitter, container({**columns, "when": times})) == sides(splitter, container(columns))


@every_by_time
def test_nanoseconds_since_1970_are_told_apart(splitter):
    columns = draw(0)
    large = [10**18 + number for number in columns["when"]]
    assert sides(splitter, pd.DataFrame({**columns, "when": large})) == sides(
        splitter, pd.DataFrame(columns)
    )


@pytest.mark.parametrize("cls", [LastKPerUser, TimeSplit])
def test_time_has_to_be_named(cls):
    with pytest.raises(TypeError, match=r"missing 1 required keyword-only argument: 'time'"):
        cls()


@pytest.mark.parametrize("cls", [LastKPerUser, TimeSplit])
@pytest.mark.parametrize(
    ("time", "message"),
    [
        (
            "day",
            r"X has no column 'day' \(columns: \['user_id', .*\]\)\. Name the time column with `time=`",
        ),
        (5, r"time=5 is no position of a column of X, which has 3 columns"),
        ("anime_id", r"item=1 and time='anime_id' name the same column 'anime_id' of X"),
        (None, r"The 'time' parameter of (LastKPerUser|TimeSplit) must be .* Got None"),
    ],
)
def test_time_that_is_no_column_raises(cls, time, message):
    with pytest.raises(ValueError, match=message):
        next(cls(time=time).split(pd.DataFrame(draw(0))))


@every_by_time
def test_row_without_a_time_raises(splitter):
    frame = pd.DataFrame(draw(0))
    frame["when"] = pd.to_datetime(frame.when, unit="D").where(frame.index != 3)
    with pytest.raises(
        ValueError,
        match=r"contains NaN: 1 of \d+ rows have no time in column 'when', the first",
    ):
        next(splitter.split(frame))


@every_by_time
def test_text_is_no_time(frame_library, splitter):
    X = frame_library({**draw(0), "when": ["yesterday"] * 200})
    message = r"'when' of X holds 'yesterday' \(row 0\), but times are all numbers.*pandas\.to_datetime"
    with pytest.raises(ValueError, match=message):
        next(splitter.split(X))


# NewUserSplit and NewItemSplit


@every_seed
@every_kind_of_id
def test_no_tested_id_has_a_row_in_training_and_each_is_tested_once(splitter, name, seed):
    frame = pd.DataFrame(draw(seed))
    tested = []
    for train, test in splitter.split(frame):
        assert not set(frame[name][train]) & set(frame[name][test])
        assert sorted([*train, *test]) == list(range(len(frame)))
        tested += frame[name][test].unique().tolist()
    assert sorted(tested) == sorted(frame[name].unique())


@every_kind_of_id
def test_folds_of_ids_do_not_depend_on_the_order_of_the_rows(splitter, name):
    frame = pd.DataFrame(draw(0))
    shuffled = frame.sample(frac=1.0, random_state=0, ignore_index=True)
    for (_, test), (_, other) in zip(splitter.split(frame), splitter.split(shuffled), strict=True):
        assert set(frame[name][test]) == set(shuffled[name][other])


@pytest.mark.parametrize(("cls", "side"), [(NewUserSplit, "user"), (NewItemSplit, "item")])
def test_fewer_ids_than_folds_raise(cls, side):
    frame = rows_of("abca", items=[1, 2, 3, 1])
    with pytest.raises(
        ValueError, match=rf"X has 3 {side}\(s\), fewer than n_splits=5 folds\. Lower n_splits"
    ):
        next(cls().split(frame))


def test_a_test_of_few_active_users_is_warned_of():
    X = [["ann", item] for item in "abcd"] + [["bob", "a"], ["cat", "a"]]
    with pytest.warns(UserWarning, match=r"min_items=3 tests 1 of 3 users.*Lower min_items"):
        next(LeaveKOutPerUser(1, min_items=3).split(X))
