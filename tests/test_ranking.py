"""Which items are candidates, which score best, and the tidy frame that says so."""

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_anime._explain import Terms, explanation_frame
from sklearn_anime._recommend import Candidates
from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._frames import tidy_frame
from sklearn_anime.interactions._ids import as_series
from sklearn_anime.utils._groups import best_of, joined

ROWS = pd.DataFrame({"user_id": ["ann", "bob", "bob"], "anime_id": [1, 2, 3], "episodes": [12, 24, 26]})


def ranked(scores, n):
    """Return the columns that are ranked in each row, best first."""
    rows, columns, _, _ = best_of(np.array(scores, dtype=float), n)
    return [columns[rows == row].tolist() for row in range(len(scores))]


def candidates(**keys):
    interactions = Interactions.from_rows(ROWS, [8, 7, 6], features="numbers")
    return Candidates.select(interactions, **keys)


def test_the_best_come_first():
    assert ranked([[1, 3, 2, 0], [5, 6, 7, 8]], 3) == [[1, 2, 0], [3, 2, 1]]


def test_ranks_count_from_one_in_each_row():
    rows, _, values, ranks = best_of(np.array([[1.0, 3.0], [5.0, 4.0]]), 2)
    assert rows.tolist() == [0, 0, 1, 1]
    assert ranks.tolist() == [1, 2, 1, 2]
    assert values.tolist() == [3, 1, 5, 4]


def test_of_equal_scores_the_first_column_is_better():
    assert ranked([[1, 2, 2, 2, 1, 2], [0, 0, 0, 0, 0, 9]], 3) == [[1, 2, 3], [5, 0, 1]]


def test_minus_infinity_is_never_ranked():
    assert ranked([[-np.inf, 1, -np.inf], [-np.inf] * 3], 2) == [[1], []]


def test_n_above_the_number_of_columns_ranks_them_all():
    assert ranked([[1, 2]], 9) == [[1, 0]]


def test_no_row_ranks_nothing():
    assert [len(part) for part in best_of(np.empty((0, 3)), 2)] == [0, 0, 0, 0]


@pytest.mark.parametrize("n", [1, 4, 30])
def test_ranking_equals_a_full_stable_sort_on_random_scores_with_ties(n):
    scores = np.random.RandomState(n).randint(5, size=(50, 20)).astype(float)
    scores[scores == 4] = -np.inf
    expected = [[c for c in np.argsort(-row, kind="stable") if row[c] > -np.inf][:n] for row in scores]
    assert ranked(scores, n) == expected


def test_blocks_are_joined_one_after_the_other():
    block = best_of(np.array([[1.0, 2.0]]), 1)
    assert [part.tolist() for part in joined([block, block])] == [[0, 0], [1, 1], [2, 2], [1, 1]]


def test_no_block_is_joined_to_nothing():
    assert [(len(part), part.dtype.kind) for part in joined([])] == [
        (0, "i"),
        (0, "i"),
        (0, "f"),
        (0, "i"),
    ]


def test_every_item_of_fit_is_a_candidate():
    assert candidates().codes.tolist() == [0, 1, 2]


def test_include_and_exclude_restrict_the_candidates_and_ignore_unknown_ids():
    assert candidates(include=[1, 3, 99], exclude=[3, 98]).codes.tolist() == [0]


def test_include_of_nothing_leaves_no_candidate():
    assert len(candidates(include=[]).codes) == 0


def test_include_of_a_generator_is_read_once():
    assert candidates(include=(item for item in [2])).codes.tolist() == [1]


@pytest.mark.parametrize("include", [[99], "1", iter([99])], ids=["unknown", "another type", "iterator"])
def test_include_without_a_known_item_raises_and_shows_a_known_one(include):
    with pytest.raises(
        ValueError, match=r"None of the ids in include= \(such as ('1'|99)\).*ids such as 1\."
    ):
        candidates(include=include)


def test_new_items_come_after_those_of_fit_with_their_features():
    chosen = candidates(new=[[9, 50], [5, 40]])
    assert chosen.items.decode([3, 4]).to_list() == [9, 5]
    assert chosen.new_features.tolist() == [[50], [40]]
    assert chosen.codes.tolist() == [0, 1, 2, 3, 4]


def test_new_items_that_fit_knows_stay_as_they_are():
    chosen = candidates(new=[[2, 99], [5, 40]])
    assert len(chosen) == 4
    assert chosen.new_features.tolist() == [[40]]


def test_a_new_item_twice_raises():
    with pytest.raises(ValueError, match=r"items= holds an item id twice\. Give one row for each"):
        candidates(new=[[9, 50], [9, 50]])


def test_new_items_with_another_number_of_features_raise_and_name_those_of_fit():
    with pytest.raises(ValueError, match=r"items= has 0 feature columns and fit saw 1 .*\['episodes'\]"):
        candidates(new=[[9]])


def test_new_items_with_a_text_feature_raise():
    with pytest.raises(ValueError, match=r"column 'episodes' of X holds 'Action'"):
        candidates(new=pd.DataFrame({"anime_id": [9], "episodes": ["Action"]}))


def test_split_parts_the_candidates_of_fit_from_the_new_ones():
    both = candidates(new=[[9, 13], [8, 14], [2, 0]], exclude=[1, 8])
    fitted = Interactions.from_rows(ROWS, [8, 7, 6]).items
    known, new = both.split(fitted)
    assert known.codes.tolist() == [1, 2]
    assert known.new_features is None
    assert both.items.decode(new).to_list() == [9]
    assert known.items is fitted


def test_split_without_new_items_leaves_the_candidates():
    chosen = candidates(include=[3])
    known, new = chosen.split(chosen.items)
    assert (known.codes.tolist(), new.tolist()) == ([2], [])


@pytest.mark.parametrize(
    "series",
    [
        pd.Series(["b", "a"], index=[7, 7], name="user", dtype="category"),
        pd.Series([2, 1], index=[1, 0], name="user", dtype="Int64"),
        pl.Series("user", ["b", "a"], dtype=pl.Enum(["a", "b"])),
    ],
    ids=["categories", "nullable", "enum"],
)
def test_tidy_frame_keeps_library_dtype_and_order_and_counts_its_rows_from_zero(series):
    frame = tidy_frame(as_series(series), score=np.array([0.5, 0.25]))
    assert frame["user"].dtype == series.dtype
    assert nw.from_native(frame).rows() == list(zip(series.to_list(), [0.5, 0.25], strict=True))
    if isinstance(frame, pd.DataFrame):
        assert frame.index.tolist() == [0, 1]


def test_new_items_in_a_frame_are_read_by_the_names_of_fit(frame_library):
    X = frame_library({"user": [1, 1, 2], "item": [7, 8, 7], "episodes": [12, 24, 12]})
    interactions = Interactions.from_rows(X, [8, 7, 6], features="numbers")
    new = frame_library({"name": ["Akira"], "episodes": [1], "item": [9]})
    chosen = Candidates.select(interactions, new)
    assert chosen.items.values.tolist() == [7, 8, 9]
    assert chosen.new_features.tolist() == [[1]]


# Explanations


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_explanation_shows_named_terms_the_largest_neighbors_and_the_rest(make):
    interactions = Interactions.from_rows(make({"user": ["u", "u", "u"], "item": [7, 8, 9]}), [5, 6, 7])
    terms = Terms({"baseline": 6.0}, "item", [0, 1, 2], [1.0, 2.0, 3.0], [5, 6, 7], [0.5, -2.0, 0.25])
    frame = nw.from_native(explanation_frame(terms, 2, interactions))
    assert frame.columns == ["term", "item", "weight", "rating", "contribution"]
    assert frame["term"].to_list() == ["baseline", "neighbor", "neighbor", "rest"]
    assert frame["item"].to_list() == [None, 8, 7, None]
    assert frame["contribution"].to_list() == [6.0, -2.0, 0.5, 0.25]
    assert terms.total == 4.75
