"""Claims about EASERecommender with features of items."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from plain_ridge import N_ITEMS, make_table, ridge_weights, wide
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline

from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.preprocessing import WeightedOneHotGenres

ALPHA, WEIGHT = 2.0, 1.5
FEATURES = np.random.RandomState(1).standard_normal((N_ITEMS, 3)).round(2)
NEW = pd.DataFrame({"anime_id": ["new0", "new1"], "f0": [1.0, 0.0], "f1": [0.5, 0.0], "f2": [-2.0, 0.0]})
SOLVERS = pytest.mark.parametrize("params", [{}, {"n_components": N_ITEMS}], ids=["exact", "low-rank"])
TOLERANCE = {"rtol": 2e-3, "atol": 1e-5}  # weights are kept in single precision


def make_model(**params):
    plain = {"dropout": 0.0, "user_power": 0.0, "tail": 0.0, "random_state": 0}
    return EASERecommender(ALPHA, **plain | {"feature_weight": WEIGHT} | params)


def with_features(X, features=FEATURES):
    codes = X["anime_id"].str[1:].astype(int)
    return X.assign(**{f"f{k}": column[codes] for k, column in enumerate(features.T)})


@pytest.fixture(scope="module", name="X")
def table_with_features():
    return with_features(make_table()[0])


@pytest.fixture(scope="module")
def rows(X):
    return wide(X)


def augmented(rows):
    """Return the rows of users, and those of the features as further users."""
    return np.vstack([rows, WEIGHT * FEATURES.T])


def scores_of(model, n_items=N_ITEMS, **params):
    found = model.recommend(n_items=n_items, exclude_seen=False, **params)
    return found.pivot(index="user_id", columns="anime_id", values="score")


@SOLVERS
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_features_are_further_users(X, rows, params, dropout):
    ridge = ALPHA + dropout / (1 - dropout) * rows.to_numpy().sum(axis=0)
    expected = rows @ ridge_weights(augmented(rows), ridge)
    assert_allclose(scores_of(make_model(dropout=dropout, **params).fit(X)), expected, **TOLERANCE)


def test_the_weight_scales_the_features(X):
    doubled = X.assign(**{f"f{k}": 2 * X[f"f{k}"] for k in range(3)})
    one, other = make_model().fit(doubled), make_model(feature_weight=2 * WEIGHT).fit(X)
    assert_allclose(scores_of(one), scores_of(other), rtol=1e-5)


def test_without_weight_further_columns_are_not_used(X):
    model = make_model(feature_weight=0.0).fit(X)
    found = scores_of(model)
    assert_array_equal(found, scores_of(make_model(feature_weight=0.0).fit(X[["user_id", "anime_id"]])))
    assert model.item_features_ is None


def test_item_features_are_kept_in_the_order_of_the_items(X):
    assert_array_equal(make_model().fit(X).item_features_, FEATURES)


# New titles


@SOLVERS
def test_new_titles_are_scored_by_the_ridge_regression_of_their_column(X, rows, params):
    # A title that nobody has seen is a column of zeros, and of its features: the others predict it.
    seen = augmented(rows)
    left = seen.T @ seen + ALPHA * np.eye(N_ITEMS)
    column = np.vstack([np.zeros((len(rows), 2)), WEIGHT * NEW[["f0", "f1", "f2"]].to_numpy().T])
    expected = rows.to_numpy() @ np.linalg.solve(left, seen.T @ column)
    found = scores_of(make_model(**params).fit(X), n_items=2, items=NEW, include=["new0", "new1"])
    assert_allclose(found, expected, **TOLERANCE)
    assert_allclose(found["new1"], 0, atol=1e-7)  # it has no feature


def test_new_titles_join_the_known_ones(X):
    model = make_model().fit(X)
    together = scores_of(model, n_items=N_ITEMS + 2, items=NEW)
    assert_allclose(together[model.items_], scores_of(model), rtol=1e-5)


def test_new_titles_are_recommended_to_new_users(X):
    history = pd.DataFrame({"user_id": ["me"] * 2, "anime_id": ["i0", "i3"]})
    found = make_model().fit(X).recommend(history=history, items=NEW, include=NEW["anime_id"])
    assert set(found["anime_id"]) == {"new0", "new1"}


def test_new_titles_need_a_weight(X):
    with pytest.raises(ValueError, match=r"did not use with feature_weight=0\. Fit with a larger"):
        make_model(feature_weight=0.0).fit(X).recommend("u01", items=NEW)


def test_new_titles_need_all_features(X):
    with pytest.raises(ValueError, match="items= has no column 'f1'"):
        make_model().fit(X).recommend("u01", items=NEW[["anime_id", "f0"]])


# partial_fit


@SOLVERS
def test_shards_give_the_model_of_one_fit(X, params):
    model = make_model(**params)
    for shard in (X[:60], X[60:110], X[110:]):
        model.partial_fit(shard)
    whole = make_model(**params).fit(X)
    assert_allclose(scores_of(model), scores_of(whole), **TOLERANCE)
    order = np.argsort(model.items_)
    assert_allclose(model.item_features_[order], whole.item_features_)


def test_new_titles_of_a_shard_bring_their_features(X):
    known = X["anime_id"] != "i8"
    model = make_model().fit(X[known]).partial_fit(X[~known])
    assert_allclose(scores_of(model), scores_of(make_model().fit(X)), **TOLERANCE)
    assert_allclose(model.item_features_[-1], FEATURES[-1])


# Bad features


def test_features_that_differ_within_a_title_are_averaged_with_one_warning(X):
    mixed = X.assign(f1=X["f1"] + np.arange(len(X)) % 3)
    with pytest.warns(
        UserWarning, match=r"Columns \['f1'\] of X differ between rows of the same"
    ) as warned:
        model = make_model().fit(mixed)
    assert len(warned) == 1
    assert warned[0].filename == __file__
    assert_allclose(model.item_features_[:, 1], mixed.groupby("anime_id")["f1"].mean())
    model.recommend("u01")  # a second warning would be an error


def test_features_of_users_are_left_out_with_one_warning(X):
    aged = X.assign(age=X["user_id"].str[1:].astype(float))
    with pytest.warns(
        UserWarning, match=r"Columns \['age'\] of X are constant within each user"
    ) as warned:
        model = make_model().fit(aged)
    assert len(warned) == 1
    assert_allclose(scores_of(model), scores_of(make_model().fit(X)), rtol=1e-5)


def test_features_that_are_text_are_named(X):
    with pytest.raises(ValueError, match=r"column 'genre' of X holds 'Drama' \(row 0\)"):
        make_model().fit(X.assign(genre="Drama"))


def test_features_with_gaps_are_named(X):
    with pytest.raises(ValueError, match="NaN or infinity: nan in row 0 of column 'f0'"):
        make_model().fit(X.assign(f0=X["f0"].where(X.index > 0)))


def test_a_weight_without_features_raises(X):
    with pytest.raises(ValueError, match="X has no column that is constant within each item"):
        make_model().fit(X[["user_id", "anime_id"]])


# In a Pipeline


@pytest.fixture(scope="module")
def pipeline():
    anime = load_anime_sample()
    frame = anime.frame[["user_id", "anime_id", "genre"]]
    columns = ColumnTransformer(
        [("ids", "passthrough", ["user_id", "anime_id"]), ("genres", WeightedOneHotGenres(), ["genre"])],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    return make_pipeline(columns, EASERecommender(feature_weight=0.3)).fit(frame), frame


def test_genres_enter_through_a_pipeline(pipeline):
    model, frame = pipeline
    assert model[-1].item_features_.shape == (frame["anime_id"].nunique(), model[-1].n_features_in_ - 2)
    assert np.isfinite(model.predict(frame[:5])).all()


def test_new_titles_of_a_genre_are_recommended_to_those_who_watch_it(pipeline):
    model, frame = pipeline
    titles = pd.DataFrame({"user_id": 0, "anime_id": [-1, -2], "genre": ["Sports", "Horror"]})
    new = model[:-1].transform(titles).drop(columns="user_id")
    found = model[-1].recommend(items=new, include=[-1, -2], n_items=2)
    best = found[found["rank"] == 1].set_index("user_id")["anime_id"]
    watches = {
        genre: frame["genre"].str.contains(genre, na=False).groupby(frame["user_id"]).mean()
        for genre in ("Sports", "Horror")
    }
    more_sports = watches["Sports"] - watches["Horror"]
    assert more_sports[best[best == -1].index].mean() > more_sports[best[best == -2].index].mean()
