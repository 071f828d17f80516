"""The recommender inside pipelines and searches, and the rows that it sees there."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.utils._pipelines import find_recommender, rows_of_recommender

X = np.array([[1, 7], [1, 8], [2, 7], [3, 8], [4, 7], [4, 8]])
RATINGS = [8, 6, 7, 5, 9, 4]


def reversed_pipeline(last):
    """Return a pipeline that exchanges the columns before its last step."""
    return make_pipeline(FunctionTransformer(lambda rows: rows[:, ::-1]), last)


def search(estimator, grid=None):
    return GridSearchCV(estimator, grid or {}, cv=KFold(2, shuffle=True, random_state=0))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda last: last,
        make_pipeline,
        reversed_pipeline,
        search,
        lambda last: make_pipeline(make_pipeline(last)),
        lambda last: search(reversed_pipeline(last)),
        lambda last: reversed_pipeline(search(last)),
    ],
    ids=[
        "bare",
        "alone",
        "pipeline",
        "search",
        "two pipelines",
        "pipeline in search",
        "search in pipeline",
    ],
)
def test_recommender_is_found_before_fit(wrap):
    recommender = PopularityRecommender()
    assert find_recommender(wrap(recommender)) is recommender


def test_best_estimator_of_a_fitted_search_is_found():
    fitted = search(BiasRegressor(), {"shrinkage": [1.0, 50.0]}).fit(X, RATINGS)
    assert find_recommender(fitted) is fitted.best_estimator_
    inside = search(reversed_pipeline(BiasRegressor())).fit(X, RATINGS)
    assert find_recommender(inside) is inside.best_estimator_[-1]


@pytest.mark.parametrize("wrap", [lambda last: last, make_pipeline, search])
def test_without_recommend_the_remedy_is_named(wrap):
    with pytest.raises(TypeError, match=r"^Ridge has no method `recommend`\. .* TopNRecommender\(Ridge"):
        find_recommender(wrap(Ridge()))


@pytest.mark.parametrize("wrap", [lambda last: last, make_pipeline, search])
def test_rows_without_steps_before_are_as_they_came(wrap):
    assert rows_of_recommender(wrap(BiasRegressor()).fit(X, RATINGS), X) is X


@pytest.mark.parametrize(
    "wrap",
    [
        reversed_pipeline,
        lambda last: search(reversed_pipeline(last)),
        lambda last: reversed_pipeline(search(last)),
    ],
)
def test_rows_pass_through_the_steps_before(wrap):
    fitted = wrap(BiasRegressor()).fit(X, RATINGS)
    np.testing.assert_array_equal(rows_of_recommender(fitted, X), X[:, ::-1])


def test_rows_pass_through_every_pipeline_in_turn():
    fitted = reversed_pipeline(reversed_pipeline(BiasRegressor())).fit(X, RATINGS)
    np.testing.assert_array_equal(rows_of_recommender(fitted, X), X)


def test_frames_keep_their_names_behind_set_output():
    frame = pd.DataFrame(X, columns=["user_id", "anime_id"]).assign(note="text")
    ids = make_column_transformer(
        ("passthrough", ["user_id", "anime_id"]), verbose_feature_names_out=False
    ).set_output(transform="pandas")
    fitted = make_pipeline(ids, PopularityRecommender()).fit(frame, RATINGS)
    pd.testing.assert_frame_equal(rows_of_recommender(fitted, frame), frame[["user_id", "anime_id"]])


@pytest.mark.parametrize("refit", [True, False])
def test_search_without_a_best_estimator_says_what_to_do(refit):
    unfit = GridSearchCV(BiasRegressor(), {}, cv=KFold(2, shuffle=True, random_state=0), refit=refit)
    if not refit:
        unfit.fit(X, RATINGS)
    with pytest.raises(
        NotFittedError, match=r"GridSearchCV has no best_estimator_\. Call fit with refit=True"
    ):
        rows_of_recommender(unfit, X)
