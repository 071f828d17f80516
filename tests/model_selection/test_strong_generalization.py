"""Claims about the split with users apart, on tables of which the numbers are known."""

import numpy as np
import pandas as pd
import pytest

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.metrics import make_ranking_scorer
from sklearn_anime.model_selection import StrongGeneralization, compare

PARTS = ["train", "validation_history", "validation", "test_history", "test"]


@pytest.fixture
def rows():
    """Twenty users with ten items each, and one with two; in random order."""
    users = np.append(np.repeat(np.arange(20), 10), [20, 20])
    items = np.append(np.tile(np.arange(10), 20), [0, 1])
    return pd.DataFrame({"user": users, "item": items}).sample(frac=1, random_state=0, ignore_index=True)


def users_of(rows, positions):
    return set(rows.user.iloc[positions])


def test_parts_hold_each_row_once_and_users_apart(rows):
    parts = StrongGeneralization(random_state=0).parts(rows)
    assert sorted(parts) == sorted(PARTS)
    assert sorted(np.concatenate([parts[name] for name in PARTS])) == list(range(len(rows)))
    sides = [users_of(rows, parts[name]) for name in ("train", "validation", "test")]
    assert [len(side) for side in sides] == [17, 2, 2]  # a tenth of the 20 users with five items
    assert len(set.union(*sides)) == 21
    assert users_of(rows, parts.test_history) == sides[2]
    assert 20 in sides[0]


@pytest.mark.parametrize(("history", "n_to_find"), [(0.8, 2), (0.5, 5), (0.75, 2), (0.01, 9), (0.9, 1)])
def test_history_is_rounded_up(rows, history, n_to_find):
    parts = StrongGeneralization(
        4, validation_size=3, history=history, min_items=10, random_state=1
    ).parts(rows)
    assert rows.iloc[parts.test].groupby("user").size().tolist() == [n_to_find] * 4
    assert rows.iloc[parts.validation_history].groupby("user").size().tolist() == [10 - n_to_find] * 3


@pytest.mark.parametrize("part", ["test", "validation"])
def test_split_yields_the_users_of_its_part(rows, part):
    splitter = StrongGeneralization(5, validation_size=4, part=part, random_state=3)
    parts = splitter.parts(rows)
    ((train, test),) = splitter.split(rows)
    assert train.tolist() == parts.train.tolist()
    assert sorted(test) == sorted([*parts[f"{part}_history"], *parts[part]])
    assert splitter.get_n_splits() == 1


def test_repeated_pairs_are_on_one_side(rows):
    twice = pd.concat([rows, rows], ignore_index=True)
    parts = StrongGeneralization(random_state=0).parts(twice)
    for name in ("test", "validation"):
        found, history = twice.iloc[parts[name]], twice.iloc[parts[f"{name}_history"]]
        assert len(found) == 2 * 2 * 2
        assert found.merge(history).empty


def test_recommenders_are_scored_with_the_history_of_new_users(rows):
    history = make_ranking_scorer("recall", k=2, history=0.8, random_state=0)
    models = {"popular": PopularityRecommender(), "ease": EASERecommender(1.0)}
    table = compare(models, rows, cv=StrongGeneralization(random_state=0), scoring={"recall": history})
    assert table.mean_recall.tolist() == [1, 1]  # two of ten items are unseen, and both are to be found


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"test_size": 21}, r"test_size=21 .* needs a user: change"),
        ({"test_size": 0.01}, r"test_size=0.01 .* are 0 and 2 of the 20 users"),
        (
            {"test_size": 15, "validation_size": 5, "min_items": 11},
            r"of the 0 users with",
        ),
        ({"history": 0.8, "min_items": 2}, r"history=0.8 of min_items=2 items leaves nothing to find"),
        ({"test_size": 1.0}, r"The 'test_size' parameter of StrongGeneralization must be"),
        ({"history": 1}, r"The 'history' parameter of StrongGeneralization must be"),
        ({"part": "train"}, r"The 'part' parameter of StrongGeneralization must be"),
    ],
)
def test_bad_parameters_raise(rows, params, message):
    with pytest.raises(ValueError, match=message):
        StrongGeneralization(**params).parts(rows)
