"""Warnings point at the line of whoever called the package."""

import warnings

import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.metrics import make_ranking_scorer
from sklearn_anime.neighbors import SVDNeighborsRecommender
from sklearn_anime.utils._warnings import warn

X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["cat", "Bleach"]]
TOO_LARGE = SVDNeighborsRecommender(n_components=9, n_neighbors=1)
CALLS = {
    "fit": lambda: TOO_LARGE.fit(X, [9, 2, 8, 1]),
    "first partial_fit": lambda: SVDNeighborsRecommender(9, 1).partial_fit(X, [9, 2, 8, 1]),
    "pipeline": lambda: make_pipeline(FunctionTransformer(), TOO_LARGE).fit(X, [9, 2, 8, 1]),
    "search": lambda: GridSearchCV(TOO_LARGE, {"clip": [True]}, cv=[([0, 1], [2, 3])]).fit(
        X, [9, 2, 8, 1]
    ),
    "recommend": lambda: PopularityRecommender().fit(X).recommend(["dan"]),
    "history": lambda: (
        PopularityRecommender().fit(X).recommend(history=[["ann", "?"], ["ann", "Akira"]])
    ),
    "scorer": lambda: make_ranking_scorer("ndcg", k=3)(
        PopularityRecommender().fit(X), [["dan", "Akira"]]
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_warnings_name_the_line_of_the_caller(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert {warning.filename for warning in caught} == {__file__}


def test_a_warning_out_of_nowhere_is_still_a_warning():
    with pytest.warns(UserWarning, match="^hello$"):
        eval("warn('hello')", {"__name__": "sklearn_anime", "warn": warn})
