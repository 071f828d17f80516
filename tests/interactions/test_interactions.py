"""Rows become one CSR matrix: repeats merged, weights added, NaN seen and not rated."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._pairs import PairMerge
from sklearn_anime.interactions._user_rows import same_rows

ROWS = {"user_id": ["bob", "ann", "bob", "cat"], "anime_id": [30, 10, 10, 20]}


def dense(matrix):
    """Return a sparse matrix as a list of rows, None where nothing is stored."""
    table = np.full(matrix.shape, None, dtype=object)
    coo = matrix.tocoo()
    table[coo.row, coo.col] = coo.data
    return table.tolist()


def test_matrix_has_a_row_per_user_and_a_column_per_item_in_sorted_order(container):
    interactions = Interactions.from_rows(container(ROWS), [3, 1, 2, 4])
    assert interactions.users.values.tolist() == ["ann", "bob", "cat"]
    assert interactions.items.values.tolist() == [10, 20, 30]
    assert dense(interactions.rated_matrix()) == [[1, None, None], [2, None, 3], [None, 4, None]]


def test_nan_is_seen_and_not_rated(container):
    interactions = Interactions.from_rows(container(ROWS), [3, np.nan, 2, 4])
    assert dense(interactions.seen_matrix()) == [[1, None, None], [1, None, 1], [None, 1, None]]
    assert dense(interactions.rated_matrix()) == [[None] * 3, [2, None, 3], [None, 4, None]]


def test_a_rating_of_zero_is_stored():
    assert dense(Interactions.from_rows([[1, 1], [1, 2]], [0, 5]).rated_matrix()) == [[0, 5]]


def test_repeated_pairs_count_as_their_weighted_mean_and_their_weights_add_up():
    X = [["ann", 1], ["bob", 1], ["ann", 1]]
    interactions = Interactions.from_rows(X, [8, 5, 2], sample_weight=[3, 2, 1])
    assert interactions.ratings.tolist() == [(3 * 8 + 1 * 2) / 4, 5]
    assert interactions.weights.tolist() == [4, 2]


def test_of_a_pair_both_rated_and_not_the_rated_rows_count():
    interactions = Interactions.from_rows([["ann", 1]] * 3, [8, np.nan, 4], sample_weight=[1, 5, 3])
    assert interactions.ratings.tolist() == [(1 * 8 + 3 * 4) / 4]
    assert interactions.weights.tolist() == [4]


def test_weight_zero_is_absent():
    X = [["ann", 1], ["bob", 2], ["ann", 3]]
    interactions = Interactions.from_rows(X, [8, 5, 2], sample_weight=[1, 0, 1])
    assert interactions.users.values.tolist() == ["ann"]
    assert interactions.items.values.tolist() == [1, 3]


def test_integer_weights_equal_repetition():
    rng = np.random.RandomState(0)
    X, y = rng.randint(5, size=(40, 2)), rng.rand(40)
    y[::7] = np.nan
    weights = rng.randint(4, size=40)
    weighted = Interactions.from_rows(X, y, sample_weight=weights)
    repeated = Interactions.from_rows(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    np.testing.assert_array_equal(weighted.indptr, repeated.indptr)
    np.testing.assert_array_equal(weighted.item_codes, repeated.item_codes)
    np.testing.assert_allclose(weighted.ratings, repeated.ratings)
    np.testing.assert_array_equal(weighted.weights, repeated.weights)


def test_the_order_of_the_rows_does_not_matter():
    rng = np.random.RandomState(0)
    X, y = rng.randint(9, size=(100, 2)), rng.randint(1, 11, size=100)
    order = rng.permutation(100)
    one, other = Interactions.from_rows(X, y), Interactions.from_rows(X[order], y[order])
    np.testing.assert_allclose(one.rated_matrix().toarray(), other.rated_matrix().toarray())


def test_matrix_equals_that_of_scipy_on_random_rows():
    # scipy adds up the repeats of a COO matrix: an independent way to sums and counts.
    rng = np.random.RandomState(1)
    users, items, y = rng.randint(50, size=2000), rng.randint(30, size=2000), rng.rand(2000)
    sums = sparse.coo_matrix((y, (users, items))).toarray()
    counts = sparse.coo_matrix((np.ones(2000), (users, items))).toarray()
    interactions = Interactions.from_rows(np.column_stack([users, items]), y)
    matrix = interactions.rated_matrix()
    assert matrix.has_canonical_format
    np.testing.assert_allclose(matrix.toarray(), sums / np.maximum(counts, 1))
    np.testing.assert_allclose(interactions.seen_matrix(interactions.weights).toarray(), counts)


def test_without_ratings_every_row_is_seen_and_not_rated(container):
    interactions = Interactions.from_rows(container(ROWS), None, needs_ratings=False)
    assert not interactions.rated.any()
    assert interactions.item_counts.tolist() == [2, 1, 1]


def test_item_counts_count_users_once_however_often_they_watched():
    interactions = Interactions.from_rows([[1, 5], [1, 5], [2, 5], [2, 6]], None, needs_ratings=False)
    assert interactions.item_counts.tolist() == [2, 1]


def test_mean_rating_is_weighted_and_over_the_rated_rows():
    X = [["ann", 1], ["bob", 1], ["cat", 1]]
    interactions = Interactions.from_rows(X, [8, 2, np.nan], sample_weight=[1, 2, 9])
    assert interactions.mean_rating == (8 + 2 * 2) / 3


def test_ratings_that_are_all_nan_raise_and_point_to_the_model_that_needs_none():
    message = (
        r"y contains NaN only \(4 rows with a weight\).*PopularityRecommender learns from interactions"
    )
    with pytest.raises(ValueError, match=message):
        Interactions.from_rows(pd.DataFrame(ROWS), [np.nan] * 4)


def test_ratings_that_are_nan_wherever_there_is_a_weight_raise():
    with pytest.raises(ValueError, match=r"y contains NaN only \(1 rows with a weight\)"):
        Interactions.from_rows([[1, 1], [1, 2]], [np.nan, 8], sample_weight=[1, 0])


def test_take_gives_rows_in_the_order_asked_and_an_empty_one_for_an_unknown_user():
    rows = Interactions.from_rows(pd.DataFrame(ROWS), [3, 1, 2, 4]).take([2, -1, 1, 2])
    assert rows.codes.tolist() == [2, -1, 1, 2]
    fourth = [None, 4, None]
    assert dense(rows.rated_matrix()) == [fourth, [None] * 3, [2, None, 3], fourth]


def test_take_of_nobody_is_an_empty_matrix():
    assert Interactions.from_rows(pd.DataFrame(ROWS), [3, 1, 2, 4]).take([]).seen_matrix().shape == (
        0,
        3,
    )


def test_replace_puts_other_rows_in_the_place_of_some():
    interactions = Interactions.from_rows(pd.DataFrame(ROWS), [3, 1, 2, 4])
    others = interactions.take([2])
    replaced = interactions.replace(others, np.array([0, -1, -1]))
    assert dense(replaced.rated_matrix()) == [[None, 4, None], [2, None, 3], [None, 4, None]]


def test_holds_says_which_pairs_fit_has_seen(container):
    interactions = Interactions.from_rows(container(ROWS), [3, np.nan, 2, 4])
    users = ["ann", "bob", "bob", "bob", "cat", "zoe", "ann", "zoe"]
    items = [10, 10, 20, 30, 30, 10, 99, 99]
    assert interactions.holds(users, items).tolist() == [True, True, False, True] + 4 * [False]
    assert interactions.holds([], []).tolist() == []


def test_holds_equals_a_set_of_pairs_on_random_rows():
    rng = np.random.RandomState(0)
    X, pairs = rng.randint(30, size=(200, 2)), rng.randint(-5, 35, size=(500, 2))
    seen = set(map(tuple, X.tolist()))
    interactions = Interactions.from_rows(X, None, needs_ratings=False)
    expected = [tuple(pair) in seen for pair in pairs.tolist()]
    assert interactions.holds(pairs[:, 0], pairs[:, 1]).tolist() == expected


def test_fold_in_gives_a_history_as_rows_over_the_items_of_fit(container):
    interactions = Interactions.from_rows(container(ROWS), [3, 1, 2, 4])
    history = container({"user_id": ["dan", "ann", "dan"], "anime_id": [30, 20, 10]})
    users, rows, _ = interactions.fold_in((history, [9, 8, 7]))
    assert users.values.tolist() == ["ann", "dan"]
    assert rows.codes.tolist() == [0, -1]
    assert dense(rows.rated_matrix()) == [[None, 8, None], [7, None, 9]]


def test_fold_in_leaves_unknown_items_out_and_counts_each_once():
    interactions = Interactions.from_rows(pd.DataFrame(ROWS), [3, 1, 2, 4])
    history = [["dan", 99], ["eve", 99], ["dan", 10], ["dan", 98]]
    with pytest.warns(UserWarning, match=r"^2 item\(s\) of history= were not in the rows of fit"):
        users, rows, _ = interactions.fold_in(history)
    assert users.values.tolist() == ["dan", "eve"]
    assert dense(rows.seen_matrix()) == [[1, None, None], [None, None, None]]


def test_fold_in_reads_frames_by_name(frame_library):
    interactions = Interactions.from_rows(frame_library(ROWS), [3, 1, 2, 4])
    users, rows, _ = interactions.fold_in(frame_library({"anime_id": [30], "user_id": ["dan"]}))
    assert users.values.tolist() == ["dan"]
    assert dense(rows.seen_matrix()) == [[None, None, 1]]


def test_fold_in_gives_interactions_with_new_items_apart():
    interactions = Interactions.from_rows(pd.DataFrame(ROWS), [3, 1, 2, 4])
    items = interactions.items.extend([40, 50])
    _, rows, pairs = interactions.fold_in([["dan", 50], ["ann", 10], ["dan", 40]], items)
    assert dense(rows.seen_matrix()) == [[1, None, None], [None, None, None]]
    assert sorted(zip(*(each.tolist() for each in pairs), strict=True)) == [(1, 3), (1, 4)]


# Time


def test_time_of_a_repeated_pair_is_its_latest(container):
    X = container({"user": [1, 1, 2], "item": [7, 7, 7], "year": [2020, 2022, 2021]})
    interactions = Interactions.from_rows(X, [5, 4, 3], time=2)
    assert interactions.times.tolist() == [2022, 2021]
    assert interactions.take([1]).times.tolist() == [2021]


def test_time_is_no_feature():
    X = pd.DataFrame({"user": [1, 2], "item": [7, 8], "year": [2020, 2021], "genre": [1, 0]})
    interactions = Interactions.from_rows(X, [5, 4], time="year", features="numbers")
    assert interactions.features.names == ["genre"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_dates_of_any_unit_are_microseconds(unit):
    at = pd.Series(pd.to_datetime(["1970-01-02", "1970-01-01"])).astype(f"datetime64[{unit}]")
    X = pd.DataFrame({"user": [1, 2], "item": [7, 8], "at": at})
    assert Interactions.from_rows(X, [5, 4], time="at").times.tolist() == [24 * 3600 * 10**6, 0]


def test_a_history_brings_its_times():
    X = pd.DataFrame({"user": [1, 2], "item": [7, 8], "year": [2020, 2021]})
    interactions = Interactions.from_rows(X, [5, 4], time="year")
    _, rows, _ = interactions.fold_in(pd.DataFrame({"year": [2030], "item": [8], "user": [9]}))
    assert rows.times.tolist() == [2030]


@pytest.mark.parametrize("container", [pd.DataFrame.to_numpy, lambda frame: frame])
def test_a_history_without_times_is_in_the_order_of_time(container):
    X = pd.DataFrame({"user": [1, 2], "item": [7, 8], "year": [2020, 2021]})
    interactions = Interactions.from_rows(container(X), [5, 4], time=2)
    history = pd.DataFrame({"user": [9, 9], "item": [8, 7]})
    _, rows, _ = interactions.fold_in(container(history))
    assert rows.item_codes.tolist() == [0, 1]
    assert rows.times.tolist() == [2021, 2021]
    assert rows.order[1] < rows.order[0]  # item 8 came before item 7


def test_a_history_of_too_many_columns_raises():
    interactions = Interactions.from_rows(np.ones((2, 5)), [5, 4], time=2)
    message = (
        "history= has 4 columns. Give the columns user, item, time alone, or without the time, or all 5"
    )
    with pytest.raises(ValueError, match=message):
        interactions.fold_in(np.ones((1, 4)))


def test_more_rows_bring_their_times():
    interactions = Interactions.from_rows([[1, 7, 3.5], [2, 8, 1.0]], [5, 4], time=2)
    assert interactions.extended([[1, 7, 9.0]], [5]).times.tolist() == [9.0, 1.0]


# Leakage


def test_ratings_among_the_features_are_warned_of():
    rng = np.random.RandomState(0)
    X = np.column_stack([rng.permutation(30) % 5, rng.permutation(30) % 6, rng.rand(30)])
    y = 10 - 3 * X[:, 2]
    with pytest.warns(UserWarning, match=r"Column 'x2' of X holds the ratings \(.*-1\.0000\).* Leave"):
        Interactions.from_rows(X, y, features="numbers")


def test_features_that_only_go_with_the_ratings_are_not_warned_of():
    rng = np.random.RandomState(0)
    X = np.column_stack([rng.permutation(30) % 5, rng.permutation(30) % 6, rng.rand(30)])
    y = X[:, 2] + 0.1 * rng.rand(30)
    assert len(Interactions.from_rows(X, y, features="numbers").features) == 1


# Pairs


def test_merge_sums_and_means_values_of_the_rows_of_each_pair():
    merge = PairMerge(np.array([0, 1, 0]), np.array([2, 0, 2]), 3)
    assert (merge.user_codes.tolist(), merge.item_codes.tolist()) == ([0, 1], [2, 0])
    assert merge.sum(np.array([1.0, 2.0, 4.0])).tolist() == [5, 2]
    values = np.array([[1.0, 0.0], [5.0, 5.0], [4.0, 6.0]])
    assert merge.mean(values, np.array([2.0, 1.0, 1.0])).tolist() == [[2, 2], [5, 5]]


def extended(first, second, **keys):
    """Return the interactions of some rows (X, y), and these with more rows."""
    interactions = Interactions.from_rows(*first)
    return interactions, interactions.extended(*second, **keys)


def test_extended_puts_new_ids_after_the_known_ones(container):
    late = container({"user_id": ["abe", "bob"], "anime_id": [20, 5]})
    _, more = extended((container(ROWS), [3, 1, 2, 4]), (late, [9, 8]))
    assert more.users.values.tolist() == ["ann", "bob", "cat", "abe"]
    assert more.items.values.tolist() == [10, 20, 30, 5]
    assert dense(more.rated_matrix()) == [
        [1, None, None, None],
        [2, None, 3, 8],
        [None, 4, None, None],
        [None, 9, None, None],
    ]


def test_extended_leaves_the_old_interactions_as_they_were():
    old, _ = extended((pd.DataFrame(ROWS), [3, 1, 2, 4]), ([["zoe", 99]], [9]))
    assert old.shape == (3, 3)
    assert dense(old.rated_matrix()) == [[1, None, None], [2, None, 3], [None, 4, None]]


def test_a_pair_that_comes_again_is_a_repeated_pair():
    first = [["ann", 1], ["bob", 1]], [8, 5], [3, 1]
    _, more = extended(first, ([["ann", 1], ["bob", 1]], [2, np.nan], [1, 7]))
    assert more.ratings.tolist() == [(3 * 8 + 1 * 2) / 4, 5]
    assert more.weights.tolist() == [4, 1]


def test_a_pair_that_was_unrated_takes_the_rating_that_comes():
    _, more = extended(([["ann", 1], ["bob", 1]], [np.nan, 5], [3, 1]), ([["ann", 1]], [2], [2]))
    assert more.ratings.tolist() == [2, 5]
    assert more.weights.tolist() == [2, 1]


def test_extended_by_rows_of_weight_zero_leaves_them_out():
    _, more = extended(([["ann", 1]], [8]), ([["bob", 2], ["cat", 1]], [5, 6], [0, 1]))
    assert more.users.values.tolist() == ["ann", "cat"]
    assert more.items.values.tolist() == [1]


def test_extended_shard_by_shard_equals_the_whole_table():
    rng = np.random.RandomState(0)
    X, y, weights = rng.randint(9, size=(90, 2)), rng.rand(90), rng.rand(90)
    y[::5] = np.nan
    shards = Interactions.from_rows(X[:30], y[:30], weights[:30])
    for rows in (slice(30, 60), slice(60, 90)):
        shards = shards.extended(X[rows], y[rows], weights[rows])
    whole = Interactions.from_rows(X, y, weights)
    order = np.ix_(np.argsort(shards.users.values), np.argsort(shards.items.values))
    for values in ("ratings", "weights"):
        one, other = (part.seen_matrix(getattr(part, values)).toarray() for part in (whole, shards))
        np.testing.assert_allclose(other[order], one)


def test_extended_shard_by_shard_has_the_features_of_the_whole_table():
    rng = np.random.RandomState(0)
    ids, weights = rng.randint(9, size=(90, 2)), rng.rand(90)
    # One column of the item, one of the user, and one that differs between repeated pairs.
    X = np.column_stack([ids, ids[:, 1] ** 2, ids[:, 0] * 3, rng.rand(90)])
    shards = Interactions.from_rows(X[:30], None, weights[:30], needs_ratings=False, features="numbers")
    for rows in (slice(30, 60), slice(60, 90)):
        shards = shards.extended(X[rows], None, weights[rows], optional=True)
    whole = Interactions.from_rows(X, None, weights, needs_ratings=False, features="numbers")
    assert shards.features.context.tolist() == [False, False, True]
    for side in ("item", "user"):
        one, other = (getattr(part.features, f"{side}_features") for part in (whole, shards))
        np.testing.assert_allclose(other[np.argsort(getattr(shards, f"{side}s").values)], one)


def test_ratings_of_reads_the_rating_of_each_pair():
    interactions = Interactions.from_rows(pd.DataFrame(ROWS), [3, np.nan, 2, 4])
    ratings = interactions.ratings_of(np.array([2, 1, 0, 1]), np.array([1, 2, 0, 0]))
    np.testing.assert_array_equal(ratings, [4, 3, np.nan, 2])
    assert len(interactions.ratings_of(np.array([], dtype=int), np.array([], dtype=int))) == 0


def test_indptr_counts_the_pairs_of_users_without_any_too():
    merge = PairMerge(np.array([0, 2, 0, 0]), np.array([1, 0, 2, 1]), 3)
    assert merge.indptr(4).tolist() == [0, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("rows", "ratings", "same"),
    [
        ([["ann", 1], ["ann", 2], ["bob", 2]], [3, np.nan, 5], [True, True]),
        ([["ann", 1], ["ann", 2], ["bob", 2]], [3, 4, 5], [False, True]),
        ([["ann", 1], ["ann", 2], ["bob", 2]], [3, np.nan, 6], [True, False]),
        ([["ann", 1], ["bob", 1], ["bob", 2]], [3, np.nan, 5], [False, False]),
        ([["ann", 1], ["ann", 2], ["bob", 1], ["zoe", 2]], [3, np.nan, 5, 1], [True, False]),
        ([["ann", 1], ["ann", 2], ["ann", 2], ["bob", 2]], [3, np.nan, np.nan, 5], [False, True]),
    ],
    ids=["same", "rated", "other rating", "other number", "other item", "other weight"],
)
def test_same_rows_are_found_user_by_user(rows, ratings, same):
    fitted = Interactions.from_rows([["ann", 1], ["ann", 2], ["bob", 2]], [3, np.nan, 5])
    others = Interactions.from_rows(rows, ratings).take([0, 1])
    assert same_rows(others, fitted).tolist() == same


def test_extended_in_polars_by_ids_of_another_type_raises():
    interactions = Interactions.from_rows(pl.DataFrame({"user": [1, 2], "item": [7, 8]}), [5, 4])
    new = pl.DataFrame({"user": ["zoe"], "item": [7]})
    with pytest.raises(TypeError, match=r"several types \(int, str\).*Give ids of the type"):
        interactions.extended(new, [3])


def test_extended_needs_y():
    interactions = Interactions.from_rows([["ann", 1]], [8])
    with pytest.raises(ValueError, match="the target y is None"):
        interactions.extended([["ann", 2]], None)
