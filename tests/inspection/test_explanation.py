"""Claims about the bars of an explanation."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.colors import to_hex
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sklearn_anime.base import RecommenderMixin
from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.inspection import ExplanationDisplay
from sklearn_anime.inspection._drawing import COLORS
from sklearn_anime.neighbors import SVDNeighborsRecommender

TERMS = {"term": ["seen", "seen", "rest"], "item": ["a", "b", None], "contribution": [0.5, -0.2, 0.1]}


class Explaining(RecommenderMixin, BaseEstimator):
    """A recommender without ratings, whose scores are sums over the titles seen."""

    def fit(self, popular):
        self.interactions_ = popular.interactions_
        return self

    def explain(self, user, item, *, history=None, of="score", n=5):
        return pd.DataFrame(TERMS)


@pytest.fixture(scope="module")
def by_titles(sample):
    model = SVDNeighborsRecommender(8, axis="item", random_state=0)
    return model.fit(sample.data, sample.target)


def lengths(display):
    return [bar.get_width() for bar in display.bars_]


def labels(display):
    return [label.get_text() for label in display.ax_.get_yticklabels()]


def test_bars_are_the_terms_beyond_the_baseline(svd):
    frame = svd.explain(7, 1, of="rating", n=4)
    display = ExplanationDisplay.from_estimator(svd, 7, 1, of="rating", n=4)
    assert display.start_ + sum(lengths(display)) == pytest.approx(frame.contribution.sum())
    assert lengths(display)[:4] == frame.contribution[1:5].tolist()
    assert display.start_ == frame.contribution[0]
    assert display.ax_.get_xlabel() == f"Added to the baseline of {frame.contribution[0]:.2f}"


def test_total_is_the_predicted_rating(svd, sample):
    display = ExplanationDisplay.from_estimator(svd, 7, 1, of="rating", catalog=sample.catalog)
    rating = svd.predict(pd.DataFrame({"user_id": [7], "anime_id": [1]}))[0]
    assert display.total_ == pytest.approx(rating)
    title = f"Predicted rating of Dragon Ball\nfor user 7: {rating:.2f}"
    assert display.ax_.get_title() == title


def test_total_is_the_score_of_the_recommendation(svd):
    item, score = svd.recommend(7, n_items=1)[["anime_id", "score"]].iloc[0]
    display = ExplanationDisplay.from_estimator(svd, 7, int(item))
    assert display.total_ == pytest.approx(score)


def test_similar_users_are_named_as_users(svd):
    frame = svd.explain(7, 1, of="rating", n=3)
    display = ExplanationDisplay.from_estimator(svd, 7, 1, of="rating", n=3)
    rows = zip(frame.user_id[1:4], frame.rating[1:4], strict=True)
    assert labels(display)[:3] == [f"user {user}, rated {rating:g}" for user, rating in rows]


def test_similar_items_are_named_by_the_catalog(by_titles, sample):
    frame = by_titles.explain(7, 1, n=2)
    names = sample.catalog.name[frame.anime_id[:2]]
    display = ExplanationDisplay.from_estimator(by_titles, 7, 1, n=2, catalog=sample.catalog)
    assert [label.partition(", rated")[0] for label in labels(display)[:2]] == [
        name if len(name) <= 24 else name[:23].rstrip() + "…" for name in names
    ]


def test_items_without_a_name_are_named_by_their_ids(by_titles):
    item = by_titles.explain(7, 1, n=1).anime_id[0]
    display = ExplanationDisplay.from_estimator(by_titles, 7, 1, n=1)
    assert labels(display)[0].startswith(f"{item}, rated ")


def test_a_history_of_a_new_user_is_explained(by_titles):
    history = ([["me", 2], ["me", 3]], [9.0, 8.0])
    display = ExplanationDisplay.from_estimator(by_titles, "me", 1, history=history)
    assert "for user me" in display.ax_.get_title()


def test_terms_of_biases_start_from_the_mean(bias):
    display = ExplanationDisplay.from_estimator(make_pipeline(bias), 7, 1)
    assert display.start_ == bias.mean_rating_
    assert set(labels(display)) == {"user bias", "item bias"}
    assert display.ax_.get_xlabel() == f"Added to the mean rating of {bias.mean_rating_:.2f}"


def test_score_of_a_recommender_without_ratings_is_no_rating(popular):
    display = ExplanationDisplay.from_estimator(Explaining().fit(popular), 7, 1)
    assert display.ax_.get_title() == "Score of 1\nfor user 7: 0.40"
    assert display.ax_.get_xlabel() == "Contribution"


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_frames_of_any_library_are_explained(library):
    display = ExplanationDisplay(explanation=library(TERMS), names={"a": "Bleach"}).plot()
    assert lengths(display) == TERMS["contribution"]
    assert labels(display) == ["Bleach", "b", "rest"]
    assert display.start_ == 0
    assert display.total_ == pytest.approx(0.4)


def test_color_tells_what_raises_and_what_lowers():
    display = ExplanationDisplay(explanation=pd.DataFrame(TERMS)).plot()
    colors = [to_hex(bar.get_facecolor()).upper() for bar in display.bars_]
    assert colors == [COLORS[0], COLORS[1], COLORS[0]]


def test_first_term_is_on_top():
    display = ExplanationDisplay(explanation=pd.DataFrame(TERMS)).plot()
    bottom, top = display.ax_.get_ylim()
    assert bottom > top


def test_baseline_alone_is_a_bar():
    frame = pd.DataFrame({"term": ["baseline"], "contribution": [7.0]})
    display = ExplanationDisplay(explanation=frame).plot()
    assert (lengths(display), display.start_, display.total_) == ([7.0], 0.0, 7.0)


@pytest.mark.parametrize(("pair", "message"), [((9999, 1), "user 9999"), ((7, 9999), "item 9999")])
def test_unknown_id_of_an_explanation_is_named(svd, pair, message):
    with pytest.raises(KeyError, match=f"{message} was not in the rows of fit"):
        ExplanationDisplay.from_estimator(svd, *pair)


def test_model_that_cannot_explain_is_named(popular):
    with pytest.raises(TypeError, match="PopularityRecommender has no method `explain`"):
        ExplanationDisplay.from_estimator(popular, 7, 1)


def test_model_of_an_explanation_that_is_not_fitted_is_named():
    with pytest.raises(NotFittedError, match="BiasRegressor instance is not fitted"):
        ExplanationDisplay.from_estimator(BiasRegressor(), 7, 1)


@pytest.mark.parametrize(
    "frame",
    [pd.DataFrame(TERMS)[:0], pd.DataFrame({"term": ["rest"]}), pl.DataFrame({"contribution": [1.0]})],
    ids=["no rows", "no contribution", "no term"],
)
def test_frame_that_explains_nothing_is_named(frame):
    with pytest.raises(ValueError, match=r"explanation has . rows and columns .*\. Pass what `explain`"):
        ExplanationDisplay(explanation=frame).plot()


def test_ratings_that_are_missing_are_left_out():
    frame = pd.DataFrame({"term": ["a", "b"], "neighbor": ["x", "y"], "rating": [8.0, np.nan]})
    display = ExplanationDisplay(explanation=frame.assign(contribution=1.0)).plot()
    assert labels(display) == ["x, rated 8", "y"]
