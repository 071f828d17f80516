"""The metrics of hits against sums by hand, plain loops, scikit-learn and an independent script."""

from math import log2

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

from sklearn_anime import metrics
from sklearn_anime.metrics import (
    average_precision_at_k,
    catalog_coverage,
    hit_rate_at_k,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
    reciprocal_rank_at_k,
)
from sklearn_anime.metrics._per_user import PER_USER
from sklearn_anime.metrics._relevance import Evaluation

METRICS = {
    "ndcg": ndcg_at_k,
    "recall": recall_at_k,
    "precision": precision_at_k,
    "map": average_precision_at_k,
    "mrr": reciprocal_rank_at_k,
    "hit_rate": hit_rate_at_k,
}
every_metric = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)

# Ann is shown 1, 2, 3 and 5, and likes 2, 5 and 8; Bob is shown 4, and likes 9.
RECOMMENDED = {
    "user": ["ann"] * 4 + ["bob"],
    "item": [1, 2, 3, 5, 4],
    "rank": [1, 2, 3, 4, 1],
}
RELEVANT = {"user": ["ann", "ann", "bob", "ann"], "item": [5, 8, 9, 2]}
BY_HAND = {
    ("ndcg", 2): (1 / log2(3)) / (1 / log2(2) + 1 / log2(3)) / 2,
    ("ndcg", 4): (1 / log2(3) + 1 / log2(5)) / (1 / log2(2) + 1 / log2(3) + 1 / log2(4)) / 2,
    ("recall", 2): (1 / 3 + 0) / 2,
    ("recall", 4): (2 / 3 + 0) / 2,
    ("precision", 2): (1 / 2 + 0) / 2,
    ("precision", 4): (2 / 4 + 0) / 2,
    ("precision", 10): (2 / 10 + 0) / 2,
    ("map", 2): ((1 / 2) / 2 + 0) / 2,
    ("map", 4): ((1 / 2 + 2 / 4) / 3 + 0) / 2,
    ("mrr", 1): 0.0,
    ("mrr", 4): (1 / 2 + 0) / 2,
    ("hit_rate", 1): 0.0,
    ("hit_rate", 2): (1 + 0) / 2,
}


def exactly(expected):
    return pytest.approx(expected, rel=1e-12, abs=1e-12)


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


def random_frames(seed):
    """Draw shuffled lists of 0 to 14 items and graded gains; each user has a relevant item."""
    rng = np.random.RandomState(seed)
    gains = rng.randint(5, size=(40, 25)) * (rng.rand(40, 25) < 0.3)
    gains[np.arange(40), rng.randint(25, size=40)] = 1
    lengths = rng.randint(15, size=40)
    recommended = lists(rng.rand(40, 25))
    recommended = recommended[recommended["rank"] <= lengths[recommended["user"]]]
    return recommended.sample(frac=1, random_state=rng), pairs(gains).sample(frac=1, random_state=rng)


def by_loop(recommended, relevant, k):
    """Compute the six metrics user by user and place by place, from their definitions."""
    values = {name: [] for name in METRICS}
    for user, chosen in relevant.groupby("user"):
        gains = dict(zip(chosen["item"], chosen["gain"], strict=True))
        shown = recommended[recommended["user"] == user].sort_values("rank")["item"].tolist()[:k]
        n_hits, dcg, precisions, first = 0, 0.0, 0.0, 0.0
        for rank, item in enumerate(shown, start=1):
            if item in gains:
                n_hits += 1
                dcg += gains[item] / log2(rank + 1)
                precisions += n_hits / rank
                first = first or 1 / rank
        best = sorted(gains.values(), reverse=True)[:k]
        values["ndcg"].append(dcg / sum(gain / log2(i + 2) for i, gain in enumerate(best)))
        values["recall"].append(n_hits / len(gains))
        values["precision"].append(n_hits / k)
        values["map"].append(precisions / min(len(gains), k))
        values["mrr"].append(first)
        values["hit_rate"].append(float(n_hits > 0))
    return {name: sum(of_users) / len(of_users) for name, of_users in values.items()}


# Values


@pytest.mark.parametrize(("name", "k"), BY_HAND)
def test_equals_the_sum_by_hand(name, k, frame_library):
    value = METRICS[name](frame_library(RECOMMENDED), frame_library(RELEVANT), k=k)
    assert value == exactly(BY_HAND[name, k])


@pytest.mark.parametrize("k", [1, 3, 10, 30])
@pytest.mark.parametrize("name", METRICS)
def test_equals_a_plain_loop_on_random_lists(name, k):
    recommended, relevant = random_frames(seed=k)
    assert METRICS[name](recommended, relevant, k=k) == exactly(by_loop(recommended, relevant, k)[name])


@pytest.mark.parametrize("k", [1, 5, 10, 40])
@pytest.mark.parametrize("largest_gain", [1, 4])
def test_ndcg_equals_scikit_learn_where_every_item_is_ranked(k, largest_gain):
    rng = np.random.RandomState(k)
    scores, gains = rng.rand(30, 25), rng.randint(largest_gain + 1, size=(30, 25))
    assert ndcg_at_k(lists(scores), pairs(gains), k=k) == exactly(ndcg_score(gains, scores, k=k))


def test_average_precision_equals_scikit_learn_where_every_item_is_ranked():
    rng = np.random.RandomState(0)
    scores, gains = rng.rand(30, 25), rng.randint(2, size=(30, 25))
    expected = average_precision_score(gains, scores, average="samples")
    assert average_precision_at_k(lists(scores), pairs(gains), k=25) == exactly(expected)


def test_equals_an_independent_script_on_random_lists(independent):
    rng = np.random.RandomState(0)
    recommended = lists(rng.rand(60, 50)).query("rank <= 20 and user % 7 > 0")
    relevant = pairs(rng.rand(60, 50) < 0.2)[["user", "item"]]
    names = {"user": "user_id", "item": "anime_id"}
    expected = independent.ranking(recommended.rename(columns=names), relevant.rename(columns=names), 50)
    found = {
        "ndcg@10": ndcg_at_k(recommended, relevant),
        "recall@20": recall_at_k(recommended, relevant, k=20),
        "coverage@10": catalog_coverage(recommended, items=50),
    }
    assert found == exactly(expected)


@every_metric
def test_a_perfect_list_has_one(metric):
    recommended = pd.DataFrame({"user": [1, 1, 2, 2], "item": [5, 6, 7, 8], "rank": [1, 2, 1, 2]})
    assert metric(recommended, recommended[["user", "item"]][::-1], k=2) == 1.0


@every_metric
def test_result_is_a_float(metric):
    assert type(metric(pd.DataFrame(RECOMMENDED), pd.DataFrame(RELEVANT))) is float


@pytest.mark.parametrize("name", METRICS)
def test_the_mean_is_that_of_the_values_of_users(name):
    recommended, relevant = random_frames(seed=0)
    evaluation = Evaluation.from_frames(recommended, relevant)
    values = PER_USER[name](evaluation, 10)
    assert values.shape == (len(evaluation.users),)
    assert METRICS[name](recommended, relevant) == values.mean()


def test_every_metric_of_hits_has_values_of_users():
    assert set(METRICS) == set(PER_USER)
    assert {name for name in metrics.__all__ if name.endswith("_at_k")} == {
        metric.__name__ for metric in METRICS.values()
    }


# What counts


@every_metric
def test_the_order_of_the_rows_does_not_matter(metric):
    recommended, relevant = pd.DataFrame(RECOMMENDED), pd.DataFrame(RELEVANT)
    assert metric(recommended[::-1], relevant[::-1]) == metric(recommended, relevant)


@every_metric
def test_ids_may_be_numbers_or_text(metric):
    recommended, relevant = random_frames(seed=0)
    as_text = {"user": "user {}".format, "item": "item {}".format}
    recommended_text = recommended.assign(**{c: recommended[c].map(f) for c, f in as_text.items()})
    relevant_text = relevant.assign(**{c: relevant[c].map(f) for c, f in as_text.items()})
    assert metric(recommended_text, relevant_text) == exactly(metric(recommended, relevant))


@pytest.mark.parametrize("name", sorted(set(METRICS) - {"precision"}))
def test_k_beyond_the_lists_changes_nothing(name):
    recommended, relevant = random_frames(seed=0)  # of a catalog of 25 items
    assert METRICS[name](recommended, relevant, k=1000) == METRICS[name](recommended, relevant, k=25)


def test_an_empty_place_is_a_miss_for_precision():
    relevant = pd.DataFrame({"user": ["ann", "bob"], "item": [2, 4]})
    assert precision_at_k(pd.DataFrame(RECOMMENDED), relevant, k=20) == (1 / 20 + 1 / 20) / 2


def test_ndcg_weighs_hits_by_their_gain():
    relevant = pd.DataFrame({"user": ["ann", "ann", "bob"], "item": [1, 2, 4], "gain": [1, 3, 2]})
    expected = ((1 + 3 / log2(3)) / (3 + 1 / log2(3)) + 2 / 2) / 2
    assert ndcg_at_k(pd.DataFrame(RECOMMENDED), relevant) == exactly(expected)


@pytest.mark.parametrize("name", sorted(set(METRICS) - {"ndcg"}))
def test_the_size_of_a_gain_counts_for_ndcg_alone(name):
    recommended, relevant = random_frames(seed=0)
    binary = METRICS[name](recommended, relevant[["user", "item"]])
    assert METRICS[name](recommended, relevant) == binary


@every_metric
def test_a_gain_of_zero_is_not_relevant(metric):
    relevant = pd.DataFrame(RELEVANT)
    with_zeros = pd.concat(
        [relevant.assign(gain=1), pd.DataFrame({"user": ["ann", "bob"], "item": [1, 4], "gain": 0})]
    )
    recommended = pd.DataFrame(RECOMMENDED)
    assert metric(recommended, with_zeros) == metric(recommended, relevant)


@every_metric
def test_users_without_recommendations_count_as_zero(metric):
    recommended = pd.DataFrame(RECOMMENDED)[4:]
    relevant = pd.DataFrame({"user": ["bob", "cat"], "item": [4, 4]})
    assert metric(recommended, relevant, k=1) == 0.5


@every_metric
def test_no_recommendation_at_all_is_zero(metric, frame_library):
    nothing = frame_library(RECOMMENDED)[:0]
    assert metric(nothing, frame_library(RELEVANT)) == 0.0


@every_metric
def test_repeated_pairs_count_once_with_their_mean_gain(metric):
    once = pd.DataFrame({"user": ["ann", "ann", "bob"], "item": [2, 3, 9], "gain": [2.0, 1.0, 1.0]})
    again = pd.DataFrame({"user": ["ann"], "item": [2], "gain": [1.0]})
    twice = pd.concat([once.assign(gain=[3.0, 1.0, 1.0]), again])
    recommended = pd.DataFrame(RECOMMENDED)
    assert metric(recommended, twice) == metric(recommended, once)


@every_metric
def test_relevant_may_be_an_array(metric):
    relevant = np.array(list(zip(*RELEVANT.values(), strict=True)), dtype=object)
    recommended = pd.DataFrame(RECOMMENDED)
    assert metric(recommended, relevant) == metric(recommended, pd.DataFrame(RELEVANT))


# Users without a relevant item


@every_metric
def test_users_without_a_relevant_item_are_left_out_with_one_warning(metric):
    relevant = pd.DataFrame({"user": ["ann", "bob"], "item": [1, 4], "gain": [0, 1]})
    with pytest.warns(
        UserWarning, match=r"^1 of 2 users have no relevant item and are left out\.$"
    ) as warned:
        assert metric(pd.DataFrame(RECOMMENDED), relevant, k=1) == 1.0
    assert [warning.filename for warning in warned] == [__file__]


@every_metric
def test_users_of_whom_nothing_is_known_are_left_out_with_the_same_warning(metric, frame_library):
    relevant = frame_library({"user": ["bob", "cat"], "item": [4, 4], "gain": [1, 0]})
    with pytest.warns(UserWarning, match=r"^2 of 3 users have no relevant item") as warned:
        assert metric(frame_library(RECOMMENDED), relevant, k=1) == 1.0
    assert [warning.filename for warning in warned] == [__file__]


@every_metric
def test_without_any_user_it_is_undefined(metric):
    relevant = pd.DataFrame({"user": ["ann"], "item": [1], "gain": [0]})
    with pytest.warns(UserWarning, match=r"^2 of 2 users have no relevant item") as warned:
        assert np.isnan(metric(pd.DataFrame(RECOMMENDED), relevant))
    assert [warning.filename for warning in warned] == [__file__]


# Bad input


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize(("k", "error"), [(0, ValueError), (2.5, TypeError), ("ten", TypeError)])
def test_k_that_is_no_length_raises(name, k, error):
    function = METRICS[name].__name__
    message = rf"^The 'k' parameter of {function} must be an int in the range \[1, inf\)\. Got {k!r}"
    with pytest.raises(error, match=message):
        METRICS[name](pd.DataFrame(RECOMMENDED), pd.DataFrame(RELEVANT), k=k)


# Frames that do not belong together


@pytest.mark.parametrize("metric", [ndcg_at_k, recall_at_k, hit_rate_at_k])
def test_swapped_users_and_items_raise(metric):
    recommended = pd.DataFrame({"user_id": [1], "item_id": [2], "rank": [1]})
    relevant = pd.DataFrame({"item_id": [2], "user_id": [1]})
    with pytest.raises(ValueError, match=r"users and items are swapped\. Put the user first"):
        metric(recommended, relevant)


@pytest.mark.parametrize("column", ["user", "item"])
def test_numbers_against_text_raise(column):
    recommended = pd.DataFrame({"user": [1], "item": [2], "rank": [1]})
    relevant = recommended[["user", "item"]].astype({column: str})
    with pytest.raises(ValueError, match=rf"The {column} ids of recommended are numbers .* with text"):
        ndcg_at_k(recommended, relevant)


def test_ids_of_one_kind_without_a_common_one_are_no_error():
    recommended = pd.DataFrame({"user": [1], "item": [2], "rank": [1]})
    relevant = pd.DataFrame({"who": [1.0], "what": [3.0]})
    assert ndcg_at_k(recommended, relevant) == 0.0
