"""Features by item, by user and by context, told apart by what they are constant within."""

import numpy as np
import pandas as pd
import pytest

from sklearn_anime.interactions import Interactions

ROWS = {
    "user_id": ["ann", "ann", "bob", "bob"],
    "anime_id": [1, 2, 1, 3],
    "episodes": [12, 24, 12, 50],
    "age": [30, 30, 20, 20],
    "hour": [1, 2, 3, 4],
    "constant": [7, 7, 7, 7],
}


def table(X, sample_weight=None):
    y = np.ones(len(X))
    return Interactions.from_rows(X, y, sample_weight=sample_weight, features="numbers").features


def test_columns_are_told_apart_by_what_they_are_constant_within(container):
    features = table(container(ROWS))
    assert features.of_user.tolist() == [False, True, False, False]
    assert features.context.tolist() == [False, False, True, False]


def test_each_item_has_its_features_and_its_mean_context(container):
    features = table(container(ROWS))
    assert features.item_features.tolist() == [[12, (1 + 3) / 2, 7], [24, 2, 7], [50, 4, 7]]


def test_each_user_has_the_features_of_the_user(container):
    assert table(container(ROWS)).user_features.tolist() == [[30], [20]]


def test_names_are_those_of_the_columns(frame_library):
    features = table(frame_library(ROWS))
    assert features.names == ["episodes", "age", "hour", "constant"]
    assert features.item_names == ["episodes", "hour", "constant"]


def test_mean_context_is_weighted():
    features = table(pd.DataFrame(ROWS), sample_weight=[3, 1, 1, 1])
    assert features.item_features[0, 1] == (3 * 1 + 1 * 3) / 4


def test_rows_without_weight_do_not_decide_what_a_column_is():
    X = pd.DataFrame(ROWS).assign(episodes=[12, 24, 13, 50])
    assert table(X).context.tolist() == [True, False, True, False]
    assert table(X, sample_weight=[1, 1, 0, 1]).context.tolist() == [False] * 4


def test_a_new_pair_joins_the_features_of_its_user_and_item():
    features = table(pd.DataFrame(ROWS))
    assert features.combined(features.user_rows([1]), features.item_rows([1])).tolist() == [
        [24, 20, 2, 7]
    ]


def test_an_unknown_id_has_the_mean_of_the_known_ones():
    features = table(pd.DataFrame(ROWS))
    assert features.item_rows([-1])[0].tolist() == pytest.approx([(12 + 24 + 50) / 3, 8 / 3, 7])
    assert features.user_rows([-1]).tolist() == [[25]]


def test_the_pairs_of_fit_keep_their_own_context():
    interactions = Interactions.from_rows(pd.DataFrame(ROWS), np.ones(4), features="numbers")
    rows = interactions.features.fitted_rows(interactions.row_codes, interactions.item_codes)
    assert rows[:, 2].tolist() == [1, 2, 3, 4]


def test_a_repeated_pair_has_the_mean_of_its_contexts():
    X = [["ann", 1, 10], ["ann", 1, 20], ["bob", 1, 5]]
    features = table(np.array(X, dtype=object))
    assert features.contexts.tolist() == [[15], [5]]


def test_rounding_does_not_make_a_context():
    X = pd.DataFrame(ROWS).assign(episodes=[12, 24, 12 + 1e-12, 50])
    assert not table(X).context[0]


def test_components_in_single_precision_stay_features_of_items():
    # A PCA of the same genres in other batches differs by the rounding of float32.
    rng = np.random.RandomState(0)
    values = rng.standard_normal(4).astype("float32")
    values[2] = values[0] + 1e-6 * np.ptp(values)
    assert not table(pd.DataFrame(ROWS).assign(episodes=values)).context[0]


def test_numbers_that_differ_by_more_than_rounding_are_context():
    values = np.array([0.0, 1.0, 2e-5, 0.5])
    assert table(pd.DataFrame(ROWS).assign(episodes=values)).context[0]


def test_a_small_change_of_a_large_number_is_a_context():
    hours = 1_500_000_000 + 3600 * np.array([1, 2, 3, 4])
    assert table(pd.DataFrame(ROWS).assign(hour=hours)).context[2]


def test_without_further_columns_there_are_no_features(container):
    features = table(container({name: ROWS[name] for name in ("user_id", "anime_id")}))
    assert len(features) == 0
    assert features.combined(features.user_rows([0]), features.item_rows([0])).shape == (1, 0)
