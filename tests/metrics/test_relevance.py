"""Claims about reading frames: ranks or scores, whose users count, and what is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_anime.metrics import catalog_coverage, ndcg_at_k
from sklearn_anime.metrics._relevance import Evaluation, Rankings
from sklearn_anime.utils._groups import ranks_within

RECOMMENDED = {"user": ["ann"] * 3 + ["bob"], "item": [1, 2, 3, 4], "rank": [1, 2, 3, 1]}


def lists_of(users, items, **columns):
    return pd.DataFrame({"user": users, "item": items, **columns})


# Ranks out of scores


def test_scores_rank_the_largest_first(frame_library):
    scored = frame_library({"user": ["b", "a", "b", "a"], "item": [1, 2, 3, 4], "score": [1, 5, 2, 3]})
    assert Rankings.from_frame(scored).ranks.tolist() == [2, 1, 1, 2]


def test_equal_scores_rank_by_row():
    scored = lists_of([1, 2, 1, 1], [1, 2, 3, 4], score=[5.0, 5.0, 7.0, 5.0])
    assert Rankings.from_frame(scored).ranks.tolist() == [2, 1, 1, 3]


def test_ranks_go_before_scores():
    both = lists_of([1, 1], [1, 2], rank=[1, 2], score=[0.0, 9.0])
    assert Rankings.from_frame(both).ranks.tolist() == [1, 2]


def test_rows_of_falling_scores_are_not_sorted(monkeypatch):
    monkeypatch.setattr(np, "lexsort", None)
    scored = lists_of(["b", "b", "a", "a"], [1, 2, 1, 2], score=[2.0, 1.0, 9.0, 9.0])
    assert Rankings.from_frame(scored).ranks.tolist() == [1, 2, 1, 2]


def test_ranks_within_equal_those_of_pandas():
    rng = np.random.RandomState(0)
    codes, values = rng.randint(20, size=500), rng.randint(9, size=500).astype(float)
    expected = pd.Series(values).groupby(codes).rank(method="first", ascending=False)
    assert ranks_within(codes, values).tolist() == expected.tolist()


def test_scores_alone_give_the_same_metric_as_their_ranks(frame_library):
    scored = {**RECOMMENDED, "score": [0.9, 0.5, 0.1, 0.3]}
    scored.pop("rank")
    relevant = frame_library({"user": ["ann", "bob"], "item": [2, 4]})
    expected = ndcg_at_k(frame_library(RECOMMENDED), relevant)
    assert ndcg_at_k(frame_library(scored), relevant) == expected


def test_the_first_places_are_those_of_the_ranks():
    top = Rankings.from_frame(pd.DataFrame(RECOMMENDED)[::-1]).top(2)
    assert top.item.to_list() == [4, 2, 1]
    assert top.user.to_list() == ["bob", "ann", "ann"]


# Hits


def test_hits_come_by_user_and_rank():
    recommended = pd.DataFrame(RECOMMENDED)[::-1]
    evaluation = Evaluation.from_frames(
        recommended, lists_of(["bob", "ann", "ann", "ann"], [4, 3, 1, 9])
    )
    assert evaluation.users.values.tolist() == ["ann", "bob"]
    assert evaluation.hits.users.tolist() == [0, 0, 1]
    assert evaluation.hits.ranks.tolist() == [1, 3, 1]
    assert evaluation.hits.orders.tolist() == [1, 2, 1]


def test_the_ideal_list_shows_the_largest_gain_first():
    relevant = lists_of(["ann", "ann", "bob"], [7, 8, 9], gain=[1.0, 3.0, 2.0])
    ideal = Evaluation.from_frames(pd.DataFrame(RECOMMENDED), relevant).ideal
    assert list(zip(ideal.users, ideal.ranks, ideal.gains, strict=True)) == [
        (0, 2, 1.0),
        (0, 1, 3.0),
        (1, 1, 2.0),
    ]


def test_only_users_with_a_relevant_item_are_in_the_vocabulary():
    relevant = lists_of(["cat", "dan", "ann"], [1, 1, 1], gain=[1, 0, 0])
    evaluation = Evaluation.from_frames(pd.DataFrame(RECOMMENDED), relevant)
    assert evaluation.users.values.tolist() == ["cat"]
    assert evaluation.n_left_out == 3  # ann, bob and dan


def test_ids_of_another_kind_raise():
    with pytest.raises(ValueError, match=r"user ids of recommended are text \(such as 'ann'\)"):
        Evaluation.from_frames(pd.DataFrame(RECOMMENDED), lists_of([1, 2], [1, 2]))


# Bad input


def test_recommendations_without_ranks_and_scores_raise(frame_library):
    frame = frame_library({"user": [1], "item": [2]})
    with pytest.raises(
        ValueError, match=r"no column 'rank' or 'score' \(columns: \['user', 'item'\]\)\. Number the"
    ):
        ndcg_at_k(frame, frame)


def test_ranks_that_start_at_zero_raise():
    recommended = lists_of([1], [2], rank=[0])
    with pytest.raises(ValueError, match=r"ranks of recommended start at 1, got 0\."):
        ndcg_at_k(recommended, recommended[["user", "item"]])


@pytest.mark.parametrize("column", ["rank", "score"])
@pytest.mark.parametrize("value", [None, np.inf, "first"])
def test_ranks_and_scores_that_are_no_numbers_raise(column, value):
    recommended = lists_of([1, 1], [2, 3], **{column: pd.Series([1, value], dtype=object)})
    with pytest.raises(
        ValueError, match=rf"The column '{column}' of recommended must hold a finite number in each row"
    ):
        catalog_coverage(recommended, items=4)


def test_missing_rank_raises(frame_library):
    recommended = frame_library({"user": [1, 1], "item": [2, 3], "rank": [1, None]})
    with pytest.raises(ValueError, match=r"column 'rank' of recommended must hold a finite number"):
        catalog_coverage(recommended, items=4)


def test_an_item_twice_in_a_list_raises():
    recommended = lists_of([1, 1], [2, 2], rank=[1, 2])
    with pytest.raises(ValueError, match=r"recommended lists an item twice for the same user"):
        ndcg_at_k(recommended, recommended[["user", "item"]])


def test_a_rank_twice_in_a_list_raises():
    recommended = lists_of([1, 1, 1], [2, 3, 4], rank=[1, 2.5, 2.5])
    with pytest.raises(ValueError, match=r"gives two items of the same user the rank 2\.5\. Number the"):
        ndcg_at_k(recommended, recommended[["user", "item"]])


def test_negative_gain_raises(frame_library):
    relevant = frame_library({"user": [1, 1], "item": [2, 3], "gain": [2, -1]})
    with pytest.raises(ValueError, match=r"A gain is 0 or more, got -1.0 in column 'gain' of relevant"):
        ndcg_at_k(pd.DataFrame(RECOMMENDED), relevant)


def test_missing_gain_raises(frame_library):
    relevant = frame_library({"user": [1, 1], "item": [2, 3], "gain": [2, None]})
    with pytest.raises(ValueError, match=r"nan in row 1 of column 'gain'"):
        ndcg_at_k(pd.DataFrame(RECOMMENDED), relevant)


def test_relevant_without_items_raises():
    with pytest.raises(ValueError, match=r"1 feature\(s\) while a minimum of 2 is required"):
        ndcg_at_k(pd.DataFrame(RECOMMENDED), pd.DataFrame({"user": [1]}))


def test_recommendations_without_items_raise():
    with pytest.raises(
        ValueError, match=r"recommended has 1 column\(s\) \(\['user'\]\)\. Give the user"
    ):
        catalog_coverage(pd.DataFrame({"user": [1]}), items=4)


@pytest.mark.parametrize("recommended", [[[1, 2, 3]], np.ones((2, 3)), pl.LazyFrame(RECOMMENDED)])
def test_recommendations_that_are_no_frame_raise(recommended):
    kind = type(recommended).__name__
    with pytest.raises(TypeError, match=rf"recommended must be a DataFrame in memory, .* got a {kind}"):
        catalog_coverage(recommended, items=4)


def test_columns_beside_the_gain_do_not_count():
    relevant = pd.DataFrame({"user": [1, 1], "item": [2, 3], "time": [1e9, 2e9], "gain": [1, 3]})
    recommended = pd.DataFrame({"user": [1], "item": [2], "rank": [1]})
    gains = relevant[["user", "item", "gain"]]
    assert ndcg_at_k(recommended, relevant) == ndcg_at_k(recommended, gains)
    plain = relevant[["user", "item"]]
    assert ndcg_at_k(recommended, relevant[["user", "item", "time"]]) == ndcg_at_k(recommended, plain)


def test_gain_that_is_no_number_says_what_to_do():
    relevant = pd.DataFrame({"user": [1], "item": [2], "gain": ["much"]})
    with pytest.raises(ValueError, match=r"The gain of a row of relevant must be .* Leave out rows"):
        ndcg_at_k(pd.DataFrame({"user": [1], "item": [2], "rank": [1]}), relevant)
