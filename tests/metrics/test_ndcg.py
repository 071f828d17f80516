"""NDCG against values by hand, scikit-learn's and an independent implementation."""

import importlib.util
from math import log2
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import ndcg_score

from sklearn_anime.metrics import ndcg_at_k

INDEPENDENT = Path(__file__).parents[3] / "shared" / "tools" / "splits.py"

RECOMMENDED = {"user": ["ann"] * 3 + ["bob"], "item": [1, 2, 3, 4], "rank": [1, 2, 3, 1]}


def lists(scores):
    """Return the full ranking of a table of scores, users by items, as a tidy frame."""
    users, places = np.indices(scores.shape)
    items = np.argsort(-scores, axis=1)
    columns = {"user": users.ravel(), "item": items.ravel(), "rank": places.ravel() + 1}
    return pd.DataFrame(columns)


def pairs(gains):
    """Return the positive gains of a table, users by items, as a tidy frame."""
    users, items = np.nonzero(gains)
    return pd.DataFrame({"user": users, "item": items, "gain": gains[users, items]})


def test_hits_count_by_their_rank(frame_library):
    relevant = frame_library({"user": ["ann", "ann"], "item": [2, 3]})
    expected = (1 / log2(3) + 1 / log2(4)) / (1 / log2(2) + 1 / log2(3))
    assert ndcg_at_k(frame_library(RECOMMENDED), relevant) == pytest.approx(expected)


def test_a_perfect_list_has_one(frame_library):
    relevant = frame_library({"user": ["ann", "ann", "bob"], "item": [2, 1, 4]})
    assert ndcg_at_k(frame_library(RECOMMENDED), relevant) == 1.0


def test_only_the_first_k_count():
    relevant = pd.DataFrame({"user": ["ann", "ann"], "item": [1, 3]})
    expected = 1 / (1 + 1 / log2(3))
    assert ndcg_at_k(pd.DataFrame(RECOMMENDED), relevant, k=2) == pytest.approx(expected)


def test_the_order_of_the_rows_does_not_matter():
    relevant = pd.DataFrame({"user": ["ann", "bob", "ann"], "item": [3, 9, 1]})
    recommended = pd.DataFrame(RECOMMENDED)
    assert ndcg_at_k(recommended[::-1], relevant[::-1]) == ndcg_at_k(recommended, relevant)


def test_gains_weigh_the_hits():
    relevant = pd.DataFrame({"user": ["ann", "ann"], "item": [1, 2], "gain": [1, 3]})
    expected = (1 + 3 / log2(3)) / (3 + 1 / log2(3))
    assert ndcg_at_k(pd.DataFrame(RECOMMENDED), relevant) == pytest.approx(expected)


def test_users_without_recommendations_count_as_zero():
    relevant = pd.DataFrame({"user": ["bob", "cat"], "item": [4, 4]})
    assert ndcg_at_k(pd.DataFrame(RECOMMENDED), relevant) == 0.5


def test_recommendations_to_others_do_not_count():
    relevant = pd.DataFrame({"user": ["bob"], "item": [4]})
    assert ndcg_at_k(pd.DataFrame(RECOMMENDED), relevant) == 1.0


def test_no_recommendation_at_all_is_zero():
    relevant = pd.DataFrame({"user": ["bob"], "item": [4]})
    assert ndcg_at_k(pd.DataFrame(RECOMMENDED)[:0], relevant) == 0.0


def test_repeated_pairs_count_once_with_their_mean_gain():
    once = pd.DataFrame({"user": ["ann", "ann"], "item": [2, 3], "gain": [2.0, 1.0]})
    twice = pd.DataFrame({"user": ["ann"] * 3, "item": [2, 3, 2], "gain": [1.0, 1.0, 3.0]})
    recommended = pd.DataFrame(RECOMMENDED)
    assert ndcg_at_k(recommended, twice) == ndcg_at_k(recommended, once)


def test_result_is_a_float():
    assert (
        type(ndcg_at_k(pd.DataFrame(RECOMMENDED), pd.DataFrame(RECOMMENDED)[["user", "item"]])) is float
    )


def test_users_whose_gains_are_all_zero_are_left_out_with_one_warning():
    relevant = pd.DataFrame({"user": ["ann", "bob"], "item": [1, 4], "gain": [0, 1]})
    with pytest.warns(UserWarning, match=r"^1 of 2 users have no relevant item") as warned:
        assert ndcg_at_k(pd.DataFrame(RECOMMENDED), relevant) == 1.0
    assert [warning.filename for warning in warned] == [__file__]


def test_without_any_user_it_is_undefined():
    relevant = pd.DataFrame({"user": ["ann"], "item": [1], "gain": [0]})
    with pytest.warns(UserWarning, match=r"^1 of 1 users"):
        assert np.isnan(ndcg_at_k(pd.DataFrame(RECOMMENDED), relevant))


@pytest.mark.parametrize("k", [1, 5, 10, 40])
@pytest.mark.parametrize("largest_gain", [1, 4])
def test_equals_scikit_learn_where_every_item_is_ranked(k, largest_gain):
    rng = np.random.RandomState(k)
    scores, gains = rng.rand(30, 25), rng.randint(largest_gain + 1, size=(30, 25))
    assert ndcg_at_k(lists(scores), pairs(gains), k=k) == pytest.approx(ndcg_score(gains, scores, k=k))


def test_equals_an_independent_implementation_on_random_lists():
    if not INDEPENDENT.is_file():
        pytest.skip("no independent implementation beside the checkout")
    spec = importlib.util.spec_from_file_location("splits", INDEPENDENT)
    splits = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(splits)
    rng = np.random.RandomState(0)
    names = {"user": "user_id", "item": "anime_id"}
    recommended = lists(rng.rand(60, 50)).query("rank <= 20 and user % 7 > 0")
    relevant = pairs(rng.rand(60, 50) < 0.2)[["user", "item"]]
    expected = splits.ranking(recommended.rename(columns=names), relevant.rename(columns=names), 50)
    assert ndcg_at_k(recommended, relevant) == pytest.approx(expected["ndcg@10"])


def test_recommendations_without_ranks_raise(frame_library):
    frame = frame_library({"user": [1], "item": [2]})
    with pytest.raises(
        ValueError, match=r"no column 'rank' \(columns: \['user', 'item'\]\)\. Number the"
    ):
        ndcg_at_k(frame, frame)


def test_ranks_that_start_at_zero_raise():
    recommended = pd.DataFrame({"user": [1], "item": [2], "rank": [0]})
    with pytest.raises(ValueError, match=r"ranks of recommended start at 1, got 0"):
        ndcg_at_k(recommended, recommended[["user", "item"]])


def test_an_item_twice_in_a_list_raises():
    recommended = pd.DataFrame({"user": [1, 1], "item": [2, 2], "rank": [1, 2]})
    with pytest.raises(ValueError, match=r"recommended lists an item twice for the same user"):
        ndcg_at_k(recommended, recommended[["user", "item"]])


def test_negative_gain_raises(frame_library):
    relevant = frame_library({"user": [1, 1], "item": [2, 3], "gain": [2, -1]})
    with pytest.raises(ValueError, match=r"A gain is 0 or more, got -1.0 in column 'gain'"):
        ndcg_at_k(pd.DataFrame(RECOMMENDED), relevant)


def test_missing_gain_raises(frame_library):
    relevant = frame_library({"user": [1, 1], "item": [2, 3], "gain": [2, None]})
    with pytest.raises(ValueError, match=r"nan in row 1 of column 'gain'"):
        ndcg_at_k(pd.DataFrame(RECOMMENDED), relevant)


def test_relevant_without_items_raises():
    with pytest.raises(ValueError, match=r"1 feature\(s\) while a minimum of 2 is required"):
        ndcg_at_k(pd.DataFrame(RECOMMENDED), pd.DataFrame({"user": [1]}))


@pytest.mark.parametrize(("k", "error"), [(0, ValueError), (2.5, TypeError)])
def test_k_that_is_no_length_raises(k, error):
    with pytest.raises(error, match=r"k (== 0, must be >= 1|must be an instance of int)"):
        ndcg_at_k(pd.DataFrame(RECOMMENDED), pd.DataFrame(RECOMMENDED), k=k)
