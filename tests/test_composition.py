"""Claims about estimators of this package inside those of scikit-learn, on rated rows of the sample."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import StackingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score, root_mean_squared_error
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.neighbors import SVDNeighborsRecommender
from sklearn_anime.neural_network import EmbeddingRegressor
from sklearn_anime.preprocessing import WeightedOneHotGenres

FOLDS = KFold(3, shuffle=True, random_state=0)
QUICK = {"n_components": 4, "hidden_units": (8,), "epochs": 3, "batch_size": 1024, "random_state": 0}


@pytest.fixture(scope="module")
def sample():
    return load_anime_sample()


@pytest.fixture(scope="module")
def rows(sample):
    """Return the rows of 150 viewers with the columns of the catalog."""
    frame = sample.frame[sample.frame["user_id"] <= 150].reset_index(drop=True)
    return frame.drop(columns="rating"), frame["rating"]


@pytest.fixture(scope="module")
def pairs(rows):
    return rows[0][["user_id", "anime_id"]], rows[1]


def make_neighbors(**params):
    return SVDNeighborsRecommender(8, 20, random_state=0, **params)


def make_wide(regressor):
    """Return the pipeline from ids, genres and numbers to a rating."""
    columns = ColumnTransformer(
        [
            ("ids", "passthrough", ["user_id", "anime_id"]),
            ("genres", make_pipeline(WeightedOneHotGenres(), PCA(10)), ["genre"]),
            ("numbers", make_pipeline(SimpleImputer(), MinMaxScaler()), ["episodes", "members"]),
        ],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    return make_pipeline(columns, regressor)


@pytest.fixture(scope="module")
def wide(rows):
    return make_wide(EmbeddingRegressor(**QUICK)).fit(*rows)


# The pipeline from ids, genres and numbers


def test_pipeline_hands_ids_and_features_on_by_name(wide):
    names = wide[-1].feature_names_in_.tolist()
    assert names == ["user_id", "anime_id", *(f"pca{i}" for i in range(10)), "episodes", "members"]


def test_pipeline_recommends_ids_of_unseen_titles(wide, rows, sample):
    X, _ = rows
    users = [5, 3]
    found = wide[-1].recommend(users, n_items=4)
    assert found.columns.tolist() == ["user_id", "anime_id", "score", "rank"]
    assert found["user_id"].tolist() == [5] * 4 + [3] * 4
    assert found["anime_id"].isin(sample.catalog.index).all()
    seen = set(zip(X["user_id"], X["anime_id"], strict=True))
    assert not seen & set(zip(found["user_id"], found["anime_id"], strict=True))


def test_pipeline_predicts_the_scores_that_it_recommends_by(wide, rows):
    X, _ = rows
    found = wide[-1].recommend(5, n_items=4)
    catalog = X.drop_duplicates("anime_id").drop(columns="user_id")
    new_rows = found[["user_id", "anime_id"]].merge(catalog, on="anime_id")[list(X.columns)]
    assert_allclose(wide.predict(new_rows), found["score"], rtol=1e-4)


@pytest.mark.slow
def test_grid_search_tunes_genres_and_embedding_together(rows):
    search = GridSearchCV(
        make_wide(EmbeddingRegressor(**{**QUICK, "epochs": 1})),
        {
            "columntransformer__genres__weightedonehotgenres__weighting": ["linear", "uniform"],
            "embeddingregressor__n_components": [2, 4],
        },
        cv=KFold(2, shuffle=True, random_state=0),
        scoring="neg_root_mean_squared_error",
    ).fit(*rows)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert set(search.best_params_) == set(search.param_grid)
    assert len(search.best_estimator_[-1].recommend(3, n_items=2)) == 2


@pytest.mark.parametrize("regressor", [BiasRegressor(), make_neighbors()], ids=["bias", "svd"])
def test_models_without_features_leave_further_columns_alone(rows, pairs, regressor):
    piped = make_wide(clone(regressor)).fit(*rows)
    alone = clone(regressor).fit(*pairs)
    assert_allclose(piped.predict(rows[0]), alone.predict(pairs[0]))


def test_output_without_names_asks_for_positions(rows):
    pipeline = make_wide(BiasRegressor(user="user_id")).set_output(transform="default")
    with pytest.raises(
        ValueError, match=r"user='user_id' is a column name.*set_output\(transform='pandas'\)"
    ):
        pipeline.fit(*rows)


def test_scaled_ids_are_ids_like_any_others(pairs):
    X, y = pairs
    scaled = make_pipeline(StandardScaler(), BiasRegressor()).fit(X, y)
    assert_allclose(scaled.predict(X), BiasRegressor().fit(X, y).predict(X))


# Searches and cross-validation


@pytest.mark.slow
@pytest.mark.parametrize(
    ("estimator", "grid"),
    [
        (BiasRegressor(), {"shrinkage": [0.0, 3.0]}),
        (make_neighbors(), {"n_components": [2, 4, 8], "shrinkage": [1.0, 10.0]}),
    ],
    ids=["bias", "svd"],
)
def test_grid_search_in_two_processes_equals_that_in_one(pairs, estimator, grid):
    alone, together = (GridSearchCV(estimator, grid, cv=FOLDS, n_jobs=n).fit(*pairs) for n in (1, 2))
    assert_allclose(together.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])
    assert together.best_params_ == alone.best_params_
    assert (alone.cv_results_["mean_test_score"] > 0.2).all()


def test_search_hands_recommendations_of_the_best_model_on(pairs):
    search = GridSearchCV(make_neighbors(), {"n_neighbors": [5, 20]}, cv=FOLDS).fit(*pairs)
    found = search.best_estimator_.recommend(3, n_items=5)
    expected = make_neighbors().set_params(**search.best_params_).fit(*pairs).recommend(3, n_items=5)
    pd.testing.assert_frame_equal(found, expected)


def test_halving_search_ends_with_one_of_the_candidates(pairs):
    grid = {"shrinkage": [1.0, 3.0, 30.0, 300.0]}
    search = HalvingGridSearchCV(
        BiasRegressor(), grid, cv=KFold(2, shuffle=True, random_state=0), random_state=0, factor=2
    ).fit(*pairs)
    assert search.best_params_["shrinkage"] in grid["shrinkage"]
    assert search.n_candidates_[:2] == [4, 2]


def test_cross_val_predict_rates_every_row_from_the_other_folds(pairs):
    X, y = pairs
    expected = np.empty(len(y))
    for train, test in FOLDS.split(X):
        expected[test] = BiasRegressor().fit(X.iloc[train], y.iloc[train]).predict(X.iloc[test])
    assert_allclose(cross_val_predict(BiasRegressor(), X, y, cv=FOLDS), expected)


def test_cross_val_score_is_r2_by_default(pairs):
    X, y = pairs
    train, test = next(FOLDS.split(X))
    model = make_neighbors().fit(X.iloc[train], y.iloc[train])
    scores = cross_val_score(make_neighbors(), X, y, cv=FOLDS)
    assert_allclose(scores[0], r2_score(y.iloc[test], model.predict(X.iloc[test])))


def test_sample_weight_reaches_the_model_through_a_search(pairs):
    X, y = pairs
    weights = np.where(y > 7, 5.0, 1.0)
    search = GridSearchCV(BiasRegressor(), {"shrinkage": [3.0]}, cv=FOLDS)
    search.fit(X, y, sample_weight=weights)
    expected = BiasRegressor().fit(X, y, sample_weight=weights)
    assert search.best_estimator_.mean_rating_ == expected.mean_rating_


def test_sample_weight_is_routed_where_it_is_asked_for(pairs):
    X, y = pairs
    weights = np.where(y > 7, 5.0, 1.0)
    with config_context(enable_metadata_routing=True):
        model = make_neighbors().set_fit_request(sample_weight=True)
        pipeline = make_pipeline("passthrough", model).fit(X, y, sample_weight=weights)
    assert pipeline[-1].mean_rating_ == pytest.approx(np.average(y, weights=weights))


# Stacks


@pytest.fixture(scope="module")
def split(pairs):
    return train_test_split(*pairs, test_size=0.2, random_state=0)


@pytest.mark.slow
def test_stack_of_rating_models_is_better_than_the_biases(split):
    X, X_test, y, y_test = split
    models = {
        "bias": BiasRegressor(),
        "svd": make_neighbors(),
        "embedding": EmbeddingRegressor(**{**QUICK, "epochs": 10}),
    }
    stack = StackingRegressor(list(models.items()), LinearRegression(), cv=FOLDS).fit(X, y)
    biases = root_mean_squared_error(y_test, BiasRegressor().fit(X, y).predict(X_test))
    assert root_mean_squared_error(y_test, stack.predict(X_test)) < biases


def test_stack_predicts_the_weighted_sum_of_its_models(split):
    X, X_test, y, _ = split
    stack = StackingRegressor(
        [("bias", BiasRegressor()), ("svd", make_neighbors())], LinearRegression(), cv=FOLDS
    ).fit(X, y)
    columns = [BiasRegressor().fit(X, y).predict(X_test), make_neighbors().fit(X, y).predict(X_test)]
    final = stack.final_estimator_
    assert_allclose(stack.predict(X_test), np.transpose(columns) @ final.coef_ + final.intercept_)


# Factors as features


def test_factors_are_features_for_any_regressor(split):
    X, X_test, y, _ = split
    model = make_pipeline(make_neighbors(), Ridge()).fit(X, y)
    assert model[-1].n_features_in_ == 16
    assert np.isfinite(model.predict(X_test)).all()


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_set_output_names_the_factors(pairs, library):
    X, y = pairs
    model = make_neighbors().set_output(transform=library).fit(X, y)
    factors = model.transform(X.head())
    assert type(factors).__module__.startswith(library)
    assert list(factors.columns) == model.get_feature_names_out().tolist()


def test_popularity_in_a_pipeline_needs_no_ratings(pairs):
    X, _ = pairs
    found = make_pipeline("passthrough", PopularityRecommender()).fit(X)[-1].recommend(3, n_items=1)
    unseen = X.loc[~X["anime_id"].isin(X.loc[X["user_id"] == 3, "anime_id"]), "anime_id"]
    assert found["score"].tolist() == [unseen.value_counts().max()]
