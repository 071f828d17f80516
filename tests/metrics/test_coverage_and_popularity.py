"""The metrics beyond hits against sums by hand and plain loops over users, items and pairs."""

from itertools import combinations
from math import log2, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklearn_anime.metrics import (
    _coverage,
    catalog_coverage,
    gini_index,
    intra_list_diversity,
    novelty,
    popularity_bias,
)

# Items 1 and 2 are shown twice and once, item 3 once; nobody is shown item 4.
RECOMMENDED = {"user": ["ann", "ann", "bob", "bob"], "item": [1, 2, 1, 3], "rank": [1, 2, 1, 2]}
# Of four users, four have seen item 1, two item 2 and one item 4.
SEEN = {
    "user": ["ann", "bob", "cat", "dan", "ann", "bob", "ann"],
    "item": [1, 1, 1, 1, 2, 2, 4],
}
ITEMS = [1, 2, 3, 4]
VECTORS = np.array([[1.0, 0.0], [3.0, 3.0], [-2.0, 0.0], [0.0, 0.0]])

CALLS = {
    "catalog_coverage": lambda frame, **options: catalog_coverage(frame, ITEMS, **options),
    "gini_index": lambda frame, **options: gini_index(frame, ITEMS, **options),
    "novelty": lambda frame, **options: novelty(frame, pd.DataFrame(SEEN), **options),
    "intra_list_diversity": lambda frame, **options: intra_list_diversity(
        frame, ITEMS, VECTORS, **options
    ),
    "popularity_bias": lambda frame, **options: popularity_bias(frame, pd.DataFrame(SEEN), **options),
}
every_metric = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def exactly(expected):
    return pytest.approx(expected, rel=1e-12, abs=1e-12)


def random_frames(seed, n_users=30, n_items=20):
    """Draw shuffled lists of 2 to 9 items, what users have seen, with repeats, and vectors."""
    rng = np.random.RandomState(seed)
    rows = [
        (user, item, rank)
        for user in range(n_users)
        for rank, item in enumerate(rng.permutation(n_items)[: rng.randint(2, 10)], start=1)
    ]
    recommended = pd.DataFrame(rows, columns=["user", "item", "rank"])
    seen = pd.DataFrame({"user": np.arange(200) % n_users, "item": rng.randint(15, size=200)})
    vectors = rng.randn(n_items, 4)
    vectors[3] = 0.0
    return recommended.sample(frac=1, random_state=rng), seen, vectors


def lists_of(recommended, k):
    """Return user -> the first k items."""
    top = recommended[recommended["rank"] <= k]
    return {user: rows.sort_values("rank")["item"].tolist() for user, rows in top.groupby("user")}


def viewers_of(seen):
    """Return item -> the set of users who have seen it."""
    return seen.groupby("item")["user"].agg(set).to_dict()


def mean(values):
    values = list(values)
    return sum(values) / len(values)


# Values by hand


@pytest.mark.parametrize("items", [ITEMS, np.array(ITEMS), pd.Index(ITEMS), 4], ids=type)
def test_coverage_is_the_share_of_the_catalog_that_is_shown(items, frame_library):
    assert catalog_coverage(frame_library(RECOMMENDED), items) == 3 / 4
    assert catalog_coverage(frame_library(RECOMMENDED), items, k=1) == 1 / 4


@pytest.mark.parametrize("items", [ITEMS, 4], ids=type)
def test_gini_index_weighs_the_sorted_counts(items, frame_library):
    counts = [0, 1, 1, 2]
    expected = sum(weight * x for weight, x in zip([-3, -1, 1, 3], counts, strict=True)) / (3 * 4)
    assert gini_index(frame_library(RECOMMENDED), items) == exactly(expected)


def test_gini_index_is_zero_where_all_items_are_shown_equally_often():
    assert gini_index(pd.DataFrame({"user": [1, 2], "item": ["a", "b"], "rank": 1}), ["a", "b"]) == 0.0


def test_gini_index_is_one_where_one_item_takes_every_place():
    assert gini_index(pd.DataFrame(RECOMMENDED), 1000, k=1) == 1.0


def test_novelty_is_the_mean_number_of_bits(frame_library):
    of_ann = (log2(4 / 4) + log2(4 / 2)) / 2
    of_bob = (log2(4 / 4) + log2(4 / 1)) / 2  # item 3, unseen, counts as if one user had seen it
    value = novelty(frame_library(RECOMMENDED), frame_library(SEEN))
    assert value == exactly((of_ann + of_bob) / 2)


def test_diversity_is_the_mean_cosine_distance(frame_library):
    of_ann = 1 - 1 / sqrt(2)
    of_bob = 1 - (-1)
    value = intra_list_diversity(frame_library(RECOMMENDED), ITEMS, VECTORS)
    assert value == exactly((of_ann + of_bob) / 2)


def test_popularity_lift_compares_lists_with_what_the_same_users_have_seen(frame_library):
    of_lists = ((4 / 4 + 2 / 4) / 2 + (4 / 4 + 0) / 2) / 2
    of_seen = ((4 / 4 + 2 / 4 + 1 / 4) / 3 + (4 / 4 + 2 / 4) / 2) / 2
    value = popularity_bias(frame_library(RECOMMENDED), frame_library(SEEN))
    assert value == exactly(of_lists / of_seen - 1)


# Values by plain loops


@pytest.mark.parametrize("k", [2, 5, 20])
def test_coverage_and_gini_index_equal_a_plain_loop(k):
    recommended, _, _ = random_frames(seed=k)
    shown = [item for items in lists_of(recommended, k).values() for item in items]
    counts = [shown.count(item) for item in range(20)]
    differences = sum(abs(a - b) for a in counts for b in counts)  # the mean difference, over all pairs
    assert catalog_coverage(recommended, range(20), k=k) == exactly(len(set(shown)) / 20)
    assert gini_index(recommended, range(20), k=k) == exactly(differences / (2 * 19 * sum(counts)))


@pytest.mark.parametrize("k", [1, 5, 20])
def test_novelty_equals_a_plain_loop(k):
    recommended, seen, _ = random_frames(seed=k)
    viewers = viewers_of(seen)
    bits = {item: -log2(len(viewers.get(item, {None})) / 30) for item in range(20)}
    expected = mean(mean(bits[i] for i in items) for items in lists_of(recommended, k).values())
    assert novelty(recommended, seen, k=k) == exactly(expected)


@pytest.mark.parametrize("k", [2, 5, 20])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.coo_matrix])
def test_diversity_equals_a_plain_loop_over_pairs(k, container):
    recommended, _, vectors = random_frames(seed=k)

    def distance(i, j):
        norms = np.linalg.norm(vectors[i]) * np.linalg.norm(vectors[j])
        return 1 - (vectors[i] @ vectors[j] / norms if norms else 0.0)

    expected = mean(
        mean(distance(i, j) for i, j in combinations(items, 2))
        for items in lists_of(recommended, k).values()
    )
    value = intra_list_diversity(recommended, np.arange(20), container(vectors), k=k)
    assert value == exactly(expected)


@pytest.mark.parametrize("k", [1, 5, 20])
def test_popularity_lift_equals_a_plain_loop(k):
    recommended, seen, _ = random_frames(seed=k)
    share = {item: len(users) / 30 for item, users in viewers_of(seen).items()}
    lists = lists_of(recommended, k)
    of_lists = mean(mean(share.get(i, 0.0) for i in items) for items in lists.values())
    known = {user: set(rows["item"]) for user, rows in seen.groupby("user")}
    of_seen = mean(mean(share[i] for i in known[user]) for user in lists)
    assert popularity_bias(recommended, seen, k=k) == exactly(of_lists / of_seen - 1)


# What counts


@every_metric
def test_the_order_of_the_rows_does_not_matter(call):
    assert call(pd.DataFrame(RECOMMENDED)[::-1]) == exactly(call(pd.DataFrame(RECOMMENDED)))


@every_metric
def test_rows_of_a_user_need_not_be_together(call):
    assert call(pd.DataFrame(RECOMMENDED).iloc[[2, 0, 3, 1]]) == exactly(call(pd.DataFrame(RECOMMENDED)))


@every_metric
def test_scores_may_stand_in_for_ranks(call, frame_library):
    scored = {"user": RECOMMENDED["user"], "item": RECOMMENDED["item"], "score": [9, 8, 0.2, 0.1]}
    assert call(frame_library(scored), k=2) == call(pd.DataFrame(RECOMMENDED), k=2)


@every_metric
def test_k_beyond_the_lists_changes_nothing(call):
    assert call(pd.DataFrame(RECOMMENDED), k=1000) == call(pd.DataFrame(RECOMMENDED), k=2)


@every_metric
def test_result_is_a_float(call):
    assert type(call(pd.DataFrame(RECOMMENDED))) is float


@pytest.mark.parametrize("metric", [novelty, popularity_bias])
def test_interactions_may_be_an_array_and_repeat_pairs(metric):
    rows = np.array(list(zip(*SEEN.values(), strict=True)), dtype=object)
    expected = metric(pd.DataFrame(RECOMMENDED), pd.DataFrame(SEEN))
    assert metric(pd.DataFrame(RECOMMENDED), np.vstack([rows, rows[:3]])) == expected


def test_repeated_ids_of_the_catalog_count_once():
    assert catalog_coverage(pd.DataFrame(RECOMMENDED), ITEMS * 2) == 3 / 4


def test_coverage_without_recommendations_is_zero(frame_library):
    assert catalog_coverage(frame_library(RECOMMENDED)[:0], ITEMS) == 0.0


def test_order_of_items_and_vectors_does_not_matter():
    value = intra_list_diversity(pd.DataFrame(RECOMMENDED), ITEMS[::-1], VECTORS[::-1])
    assert value == exactly(intra_list_diversity(pd.DataFrame(RECOMMENDED), ITEMS, VECTORS))


def test_a_vector_of_zeros_is_at_distance_one():
    recommended = pd.DataFrame({"user": [1, 1], "item": [1, 4], "rank": [1, 2]})
    assert intra_list_diversity(recommended, ITEMS, VECTORS) == 1.0


def test_diversity_does_not_depend_on_the_blocks(monkeypatch):
    recommended, _, vectors = random_frames(seed=0)
    whole = intra_list_diversity(recommended, np.arange(20), vectors)
    monkeypatch.setattr(_coverage, "block_length", lambda n_columns: 7)
    assert intra_list_diversity(recommended, np.arange(20), vectors) == exactly(whole)


# Where they are undefined


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gini_index", r"^The Gini index of 4 item\(s\) shown 0 times is undefined: NaN stands in"),
        ("novelty", r"^recommended has no rows: the metric is undefined and NaN stands in"),
        ("intra_list_diversity", r"^recommended has no rows: the metric is undefined"),
        ("popularity_bias", r"^recommended has no rows: the metric is undefined"),
    ],
)
def test_without_recommendations_it_is_undefined(name, message, frame_library):
    with pytest.warns(UserWarning, match=message) as warned:
        assert np.isnan(CALLS[name](frame_library(RECOMMENDED)[:0]))
    assert [warning.filename for warning in warned] == [__file__]


def test_gini_index_of_one_item_is_undefined():
    recommended = pd.DataFrame({"user": [1, 2], "item": [7, 7], "rank": [1, 1]})
    with pytest.warns(UserWarning, match=r"^The Gini index of 1 item\(s\) shown 2 times") as warned:
        assert np.isnan(gini_index(recommended, [7]))
    assert [warning.filename for warning in warned] == [__file__]


def test_lists_without_pairs_are_left_out_with_one_warning():
    recommended = pd.DataFrame({"user": [1, 1, 2], "item": [1, 2, 3], "rank": [1, 2, 1]})
    with pytest.warns(
        UserWarning, match=r"^1 of 2 users have fewer than two items and are left out"
    ) as warned:
        value = intra_list_diversity(recommended, ITEMS, VECTORS)
    assert value == exactly(1 - 1 / sqrt(2))
    assert [warning.filename for warning in warned] == [__file__]


def test_diversity_of_lists_of_one_item_is_undefined():
    with pytest.warns(UserWarning, match=r"^2 of 2 users have fewer than two items"):
        assert np.isnan(intra_list_diversity(pd.DataFrame(RECOMMENDED), ITEMS, VECTORS, k=1))


def test_users_without_interactions_are_left_out_with_one_warning():
    recommended = pd.DataFrame({"user": ["eve", "bob"], "item": [2, 2], "rank": [1, 1]})
    with pytest.warns(
        UserWarning, match=r"^1 of 2 users have no interactions and are left out"
    ) as warned:
        value = popularity_bias(recommended, pd.DataFrame(SEEN))
    assert value == exactly((2 / 4) / ((4 / 4 + 2 / 4) / 2) - 1)
    assert [warning.filename for warning in warned] == [__file__]


def test_popularity_lift_without_any_known_user_is_undefined():
    recommended = pd.DataFrame({"user": ["eve"], "item": [2], "rank": [1]})
    with pytest.warns(UserWarning, match=r"^1 of 1 users have no interactions"):
        assert np.isnan(popularity_bias(recommended, pd.DataFrame(SEEN)))


# Bad input


@pytest.mark.parametrize("metric", [catalog_coverage, gini_index])
def test_recommended_items_outside_the_catalog_raise(metric):
    with pytest.raises(ValueError, match=r"recommended lists item 3, which is not in items=\. Give all"):
        metric(pd.DataFrame(RECOMMENDED), [1, 2])


def test_recommended_items_without_a_vector_raise():
    with pytest.raises(ValueError, match=r"recommended lists item 3, which is not in items=\. Give all"):
        intra_list_diversity(pd.DataFrame(RECOMMENDED), [1, 2], VECTORS[:2])


@pytest.mark.parametrize("metric", [catalog_coverage, gini_index])
def test_more_items_than_the_catalog_has_raise(metric):
    with pytest.raises(ValueError, match=r"shows 3 different items, more than the catalog of items=2"):
        metric(pd.DataFrame(RECOMMENDED), 2)


@pytest.mark.parametrize("metric", [catalog_coverage, gini_index])
def test_catalog_of_no_items_raises(metric):
    with pytest.raises(ValueError, match=r"^items= holds no id\. Give the ids of the whole catalog"):
        metric(pd.DataFrame(RECOMMENDED), [])


@pytest.mark.parametrize("metric", [catalog_coverage, gini_index])
@pytest.mark.parametrize("items", [0, "a", None])
def test_items_that_are_no_catalog_raise(metric, items):
    with pytest.raises(
        ValueError, match=rf"^The 'items' parameter of {metric.__name__} must be an array-like or an int"
    ):
        metric(pd.DataFrame(RECOMMENDED), items)


def test_vectors_of_another_length_raise():
    with pytest.raises(ValueError, match=r"^items has 4 ids and vectors 3 rows\. Give one row for each"):
        intra_list_diversity(pd.DataFrame(RECOMMENDED), ITEMS, VECTORS[:3])


def test_vectors_with_missing_values_raise():
    with pytest.raises(ValueError, match=r"^Input vectors contains NaN"):
        intra_list_diversity(pd.DataFrame(RECOMMENDED), ITEMS, np.full((4, 2), np.nan))


def test_ids_with_two_vectors_raise():
    with pytest.raises(ValueError, match=r"^items holds an id twice\. Give one id and one vector"):
        intra_list_diversity(pd.DataFrame(RECOMMENDED), [1, 2, 3, 3], VECTORS)


@pytest.mark.parametrize("metric", [novelty, popularity_bias])
def test_interactions_without_rows_raise(metric):
    with pytest.raises(ValueError, match=r"X has 0 sample\(s\)"):
        metric(pd.DataFrame(RECOMMENDED), pd.DataFrame(SEEN)[:0])


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(("k", "error"), [(0, ValueError), (2.5, TypeError)])
def test_k_that_is_no_length_raises(name, k, error):
    message = rf"^The 'k' parameter of {name} must be an int in the range \[1, inf\)\. Got {k} instead"
    with pytest.raises(error, match=message):
        CALLS[name](pd.DataFrame(RECOMMENDED), k=k)
