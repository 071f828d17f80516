"""Most-seen items: counts of users, for everyone the same."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import is_regressor

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.datasets import load_anime

ROWS = {
    "user_id": ["ann", "ann", "bob", "cat", "cat"],
    "anime_id": [1, 2, 2, 2, 3],
}


def test_it_counts_the_users_of_each_item(container):
    model = PopularityRecommender().fit(container(ROWS))
    assert model.items_.tolist() == [1, 2, 3]
    assert model.item_counts_.tolist() == [1, 3, 1]


def test_a_user_counts_once_however_often_the_row_is_repeated():
    X = pd.DataFrame(ROWS)
    model = PopularityRecommender().fit(pd.concat([X, X]))
    assert model.item_counts_.tolist() == [1, 3, 1]


@pytest.mark.parametrize("y", [[9, 1, 5, 5, 5], [9, np.nan, np.nan, 1, 1], [np.nan] * 5])
def test_ratings_do_not_matter(y):
    assert PopularityRecommender().fit(pd.DataFrame(ROWS), y).item_counts_.tolist() == [1, 3, 1]


def test_prediction_is_the_count_and_zero_for_an_unknown_item(container):
    model = PopularityRecommender().fit(container(ROWS))
    pairs = {"user_id": ["ann", "zoe", "bob"], "anime_id": [2, 3, 99]}
    assert model.predict(container(pairs)).tolist() == [3, 1, 0]


def test_of_equally_popular_items_the_first_id_is_recommended():
    model = PopularityRecommender().fit([["ann", 30], ["bob", 20], ["cat", 10]])
    assert model.recommend(["bob"])["item"].tolist() == [10, 30]


def test_its_score_is_the_count(frame_library):
    frame = PopularityRecommender().fit(frame_library(ROWS)).recommend(["ann", "bob"], n_items=1)
    assert frame["score"].to_list() == [1, 1]
    assert frame["anime_id"].to_list() == [3, 1]


def test_it_is_no_regressor():
    assert not is_regressor(PopularityRecommender())


def test_text_ratings_raise_although_they_are_not_used():
    with pytest.raises(ValueError, match=r"y holds 'good' \(row 0\)"):
        PopularityRecommender().fit(pd.DataFrame(ROWS), ["good"] * 5)


@pytest.mark.parametrize("parameters", [{"user": 1.5}, {"item": -1}], ids=str)
def test_bad_parameter_raises_with_the_message_of_scikit_learn(parameters):
    name = next(iter(parameters))
    with pytest.raises(ValueError, match=rf"The '{name}' parameter of PopularityRecommender must be"):
        PopularityRecommender(**parameters).fit(pd.DataFrame(ROWS))


def test_counts_on_real_data_equal_those_of_pandas(real_folder):
    anime = load_anime(real_folder, unrated="nan")
    model = PopularityRecommender().fit(anime.data)
    expected = anime.data.drop_duplicates()["anime_id"].value_counts()
    counts = pd.Series(model.item_counts_, index=model.items_)
    pd.testing.assert_series_equal(counts, expected.sort_index(), check_names=False, check_dtype=False)
