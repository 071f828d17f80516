"""Calibration error, group coverage, serendipity and gaps by activity: numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.metrics import calibration_error, group_coverage, ranking_report, serendipity

ITEMS = ["a", "b", "c", "d"]
VECTORS = np.array([[1, 0], [0, 1], [1, 1], [0, 0]])
SEEN = pd.DataFrame({"user": [1, 1, 1, 2], "item": ["a", "a", "b", "a"]})


def lists(*triples):
    return pd.DataFrame(triples, columns=["user", "item", "rank"])


@pytest.mark.parametrize("vectors", [VECTORS, sparse.csr_array(VECTORS), 3.0 * VECTORS])
def test_calibration_error_by_hand(vectors):
    # User 1: p = (1/2, 1/2), q of "a" is (1, 0): .5 log(.5 / .995) + .5 log(.5 / .005). User 2: p = q.
    recommended = lists((1, "a", 1), (1, "b", 2), (2, "a", 1))
    expected = (0.5 * np.log(0.5 / 0.995) + 0.5 * np.log(0.5 / 0.005)) / 2
    assert calibration_error(recommended, SEEN, ITEMS, vectors, k=1) == pytest.approx(expected)
    assert calibration_error(recommended, SEEN, ITEMS, vectors) == pytest.approx(0, abs=1e-12)


def test_calibration_error_leaves_out_users_without_a_mix():
    recommended = lists((1, "c", 1), (2, "d", 1), (3, "a", 1))  # 2: nothing is known of d; 3: no history
    with pytest.warns(UserWarning, match="2 of 3 users have no history or recommendation with a vector"):
        assert calibration_error(recommended, SEEN, ITEMS, VECTORS) == pytest.approx(0, abs=1e-12)


def test_calibration_error_of_negative_numbers():
    with pytest.raises(ValueError, match="vectors holds the number -1"):
        calibration_error(lists((1, "a", 1)), SEEN, ITEMS, -VECTORS)


@pytest.mark.parametrize("vectors", [VECTORS, sparse.csr_array(VECTORS), -VECTORS])
def test_group_coverage_by_hand(vectors):
    recommended = lists((1, "a", 1), (1, "b", 2), (2, "a", 1), (2, "d", 2))  # 2 of 2 groups, 1 of 2
    assert group_coverage(recommended, ITEMS, vectors) == 0.75
    assert group_coverage(recommended, ITEMS, vectors, k=1) == 0.5


def test_group_coverage_without_groups():
    with pytest.raises(ValueError, match="no item has a group"):
        group_coverage(lists((1, "a", 1)), ["a"], [[0.0]])


def test_serendipity_by_hand():
    recommended = lists((1, "a", 1), (1, "b", 2), (2, "c", 1), (2, "a", 2))
    expected = lists((1, "a", 1), (2, "b", 1), (2, "a", 3))
    relevant = pd.DataFrame({"user": [1, 1, 2, 2], "item": ["a", "b", "a", "d"]})
    # User 1: b, as a was expected. User 2: a, as it is expected at rank 3 only, and no other hit.
    assert serendipity(recommended, relevant, expected, k=2) == (1 / 2 + 1 / 2) / 2
    assert serendipity(recommended, relevant, expected, k=3) == (1 / 3 + 0) / 2


def test_serendipity_counts_users_of_whom_everything_was_expected():
    recommended = lists((1, "a", 1), (2, "b", 1))
    relevant = pd.DataFrame({"user": [1, 2], "item": ["a", "b"]})
    assert serendipity(recommended, relevant, lists((1, "a", 1)), k=1) == 0.5
    assert serendipity(recommended, relevant, recommended, k=1) == 0.0


def test_gaps_by_activity():
    # Users 1 to 4 have 1 to 4 interactions with items of their own, and all miss the item 100.
    train = [[user, 10 * user + i] for user in range(1, 5) for i in range(user)] + [[9, 100], [8, 100]]
    model = PopularityRecommender().fit(train)
    test = [[1, 100], [2, 100], [3, 101], [4, 101]]  # popular, popular, unknown, unknown
    table = ranking_report(model, test, k=1, n_resamples=2, random_state=0).by_activity
    assert table["n_users"].tolist() == [1, 1, 1, 1]
    assert table["least"].tolist() == table["most"].tolist() == [1, 2, 3, 4]
    assert table["ndcg"].tolist() == [1, 1, 0, 0]
    assert table["gap"].tolist() == [0.5, 0.5, -0.5, -0.5]


def test_gaps_of_users_outside_fit_are_by_relevant_rows():
    train = [[user, item] for user in range(5) for item in range(user + 1)]
    model = PopularityRecommender().fit(train)
    test = [[7, 0], [7, 1], [8, 0], [8, 1], [8, 2], [8, 3]]
    report = ranking_report(model, test, k=2, history=0.5, n_resamples=2, random_state=0)
    assert report.by_activity["most"].tolist() == [1, 2]
