"""Claims about the pictures of ratings: those of two users, and those predicted of all titles."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import TopNRecommender
from sklearn_anime.inspection import RatingDistributionDisplay, UserComparisonDisplay
from sklearn_anime.neighbors import SVDNeighborsRecommender

# Ann and Bob have rated Akira and Bleach, Cat and Dan nothing that any other has rated.
X = [
    ["ann", "Akira"],
    ["ann", "Bleach"],
    ["ann", "Clannad"],
    ["bob", "Bleach"],
    ["bob", "Akira"],
    ["bob", "Durarara"],
    ["cat", "Erased"],
    ["dan", "Akira"],
    ["dan", "Free"],
]
RATINGS = [9.0, 2.0, 10.0, 4.0, 8.0, 7.0, 5.0, float("nan"), 6.0]
MODELS = {
    "bias": BiasRegressor(),
    "users": SVDNeighborsRecommender(8, random_state=0),
    "items": SVDNeighborsRecommender(8, axis="item", random_state=0),
    "not clipped": SVDNeighborsRecommender(16, clip=False),
    "on a regressor": SVDNeighborsRecommender(8, baseline=Ridge(), random_state=0),
    "any regressor": TopNRecommender(HistGradientBoostingRegressor(max_iter=3)),
    "two stages": TopNRecommender(Ridge(), candidates=PopularityRecommender(), n_candidates=3),
}


@pytest.fixture(scope="module")
def few():
    """Return a model of four users and six items."""
    return BiasRegressor().fit(X, RATINGS)


def pairs_drawn(display):
    """Return the pairs of ratings and their areas, that of one title as 1."""
    sizes = display.scatter_.get_sizes()
    return display.scatter_.get_offsets().tolist(), (sizes / sizes.min()).tolist()


# Two users


def test_titles_that_both_have_rated_are_compared(sample, svd):
    display = UserComparisonDisplay.from_estimator(svd, 7, 12)
    frame = sample.frame.pivot(index="anime_id", columns="user_id", values="rating")[[7, 12]].dropna()
    np.testing.assert_array_equal(display.items, frame.index)
    np.testing.assert_array_equal(display.ratings, frame)
    assert display.correlation_ == pytest.approx(frame.corr().iloc[0, 1])


def test_area_of_a_bubble_counts_the_titles():
    ratings = np.array([[8, 9], [3, 4], [8, 9], [8, 9]])
    display = UserComparisonDisplay(ratings=ratings, items=range(4), users=(1, 2)).plot()
    assert pairs_drawn(display) == ([[3, 4], [8, 9]], [1, 3])
    assert [text.get_text() for text in display.legend_.get_texts()] == ["1", "2", "3"]


def test_no_legend_where_every_pair_is_there_once(few):
    assert UserComparisonDisplay.from_estimator(few, "ann", "bob").legend_ is None


def test_axes_name_users_and_the_scale_of_the_table(few):
    display = UserComparisonDisplay.from_estimator(few, "ann", "bob")
    assert display.ax_.get_xlabel() == "Rating by user ann (scale 2 to 10)"
    assert display.ax_.get_ylabel() == "Rating by user bob (scale 2 to 10)"
    assert display.ax_.get_title() == "2 titles that both have rated, correlation 1.00"
    assert display.line_.get_xydata().tolist() == [[2, 2], [10, 10]]
    assert display.ax_.get_xlim() == display.ax_.get_ylim()


def test_no_correlation_where_one_rates_all_alike():
    display = UserComparisonDisplay(ratings=np.array([[8, 9], [8, 4]]), items="ab", users=(1, 2)).plot()
    assert np.isnan(display.correlation_)
    assert display.ax_.get_title() == "2 titles that both have rated"


def test_one_title_with_one_rating_is_drawn():
    display = UserComparisonDisplay(ratings=np.array([[8, 8]]), items="a", users=(1, 2)).plot()
    assert pairs_drawn(display) == ([[8, 8]], [1])


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_frames_of_any_library_are_compared(few, library):
    users, items = zip(*X, strict=True)
    model = BiasRegressor().fit(library({"u": list(users), "i": list(items)}), RATINGS)
    display = UserComparisonDisplay.from_estimator(make_pipeline(model), "ann", "bob")
    assert display.ratings.tolist() == [[9, 8], [2, 4]]


@pytest.mark.parametrize(("user", "other"), [("ann", "cat"), ("ann", "dan")])
def test_users_without_a_common_title_are_named(few, user, other):
    with pytest.raises(ValueError, match=rf"'{user}' and '{other}' have rated no item in common"):
        UserComparisonDisplay.from_estimator(few, user, other)


@pytest.mark.parametrize("pair", [("ann", "eve"), ("eve", "ann")])
def test_unknown_user_of_a_comparison_is_named(few, pair):
    with pytest.raises(KeyError, match="user 'eve' was not in the rows of fit"):
        UserComparisonDisplay.from_estimator(few, *pair)


# Predicted ratings


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_ratings_are_those_of_predict(sample, model):
    kept = sample.data.user_id <= 60
    model.fit(sample.data[kept], sample.target[kept])
    display = RatingDistributionDisplay.from_estimator(model, 7)
    rows = pd.DataFrame({"user_id": 7, "anime_id": model.items_})
    np.testing.assert_allclose(display.y_pred, model.predict(rows))


def test_ratings_with_features_are_those_of_predict(sample):
    rows = sample.frame[["anime_id", "members", "user_id"]]
    model = TopNRecommender(Ridge(), user="user_id", item="anime_id").fit(rows, sample.target)
    display = RatingDistributionDisplay.from_estimator(model, 7)
    titles = sample.frame.groupby("anime_id", as_index=False).members.first()
    expected = model.predict(titles.assign(user_id=7))
    np.testing.assert_allclose(display.y_pred, expected)


def test_histogram_counts_seen_and_new_titles(bias, sample):
    display = RatingDistributionDisplay.from_estimator(bias, 7, bins=[0, 7, 8, 10])
    seen = np.isin(bias.items_, sample.data.anime_id[sample.data.user_id == 7])
    for bars, ratings in zip(display.bars_, (display.y_pred[seen], display.y_pred[~seen]), strict=True):
        assert [bar.get_height() for bar in bars] == np.histogram(ratings, [0, 7, 8, 10])[0].tolist()
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == [f"seen ({seen.sum()})", f"new ({(~seen).sum()})"]


def test_unrated_titles_count_as_seen(few):
    display = RatingDistributionDisplay.from_estimator(few, "dan")
    assert few.items_[display.seen].tolist() == ["Akira", "Free"]


def test_caller_may_say_what_is_seen(few):
    display = RatingDistributionDisplay.from_estimator(few, "ann", seen=["Erased", "Akira"])
    assert few.items_[display.seen].tolist() == ["Akira", "Erased"]


def test_axis_of_predicted_ratings_says_their_scale(few):
    display = RatingDistributionDisplay.from_estimator(make_pipeline(few), "ann")
    assert display.ax_.get_xlabel() == "Predicted rating (scale 2 to 10)"
    assert display.ax_.get_title() == "Predicted ratings of 6 titles for user ann"


def test_predictions_of_any_model_are_drawn():
    display = RatingDistributionDisplay.from_predictions([7, 8, 9], seen=[0, 1, 0], bins=3)
    assert [bar.get_height() for bar in display.bars_[0]] == [0, 1, 0]
    assert [bar.get_height() for bar in display.bars_[1]] == [1, 0, 1]


@pytest.mark.parametrize(
    ("y_pred", "seen", "message"),
    [
        ([7, 8], [True], r"seen has shape \(1,\) and y_pred \(2,\)"),
        ([7, np.nan], [True, False], "y_pred contains NaN"),
        ([], [], r"Found array with 0 sample\(s\)"),
    ],
)
def test_predictions_that_cannot_be_drawn_are_named(y_pred, seen, message):
    with pytest.raises(ValueError, match=message):
        RatingDistributionDisplay.from_predictions(y_pred, seen=seen)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_unknown_user_of_a_distribution_is_named(sample, model):
    kept = sample.data.user_id <= 60
    model.fit(sample.data[kept], sample.target[kept])
    with pytest.raises(KeyError, match="user 99999 was not in the rows of fit, which had 60 users"):
        RatingDistributionDisplay.from_estimator(model, 99999)


def test_unknown_title_seen_is_named(few):
    with pytest.raises(KeyError, match="item 'Trigun' is not among the 6 items"):
        RatingDistributionDisplay.from_estimator(few, "ann", seen=["Trigun"])


def test_recommender_without_ratings_is_named(popular):
    with pytest.raises(TypeError, match="PopularityRecommender is no regressor"):
        RatingDistributionDisplay.from_estimator(popular, 1)


@pytest.mark.parametrize(
    "wrap", [lambda last: last, lambda last: make_pipeline(FunctionTransformer(), last)]
)
@pytest.mark.parametrize(
    ("display", "users"), [(RatingDistributionDisplay, (1,)), (UserComparisonDisplay, (1, 2))]
)
def test_model_of_ratings_that_is_not_fitted_is_named(display, users, wrap):
    with pytest.raises(NotFittedError, match="BiasRegressor instance is not fitted"):
        display.from_estimator(wrap(BiasRegressor()), *users)
