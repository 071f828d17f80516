"""Claims about curves: losses by epoch, metrics by number of recommendations, coverage of intervals."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import norm
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import BayesianRidge, Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_anime import metrics
from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.datasets import make_ratings
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.inspection import (
    IntervalCalibrationDisplay,
    LossCurveDisplay,
    RankingCurveDisplay,
    TraceDisplay,
)
from sklearn_anime.inspection._drawing import COLORS
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.neighbors import SVDNeighborsRecommender

FUNCTIONS = {
    "ndcg": metrics.ndcg_at_k,
    "recall": metrics.recall_at_k,
    "precision": metrics.precision_at_k,
    "map": metrics.average_precision_at_k,
    "mrr": metrics.reciprocal_rank_at_k,
    "hit_rate": metrics.hit_rate_at_k,
}
ONE = pd.DataFrame({"user": [1], "item": [2], "rank": [1]})


class Trained(BaseEstimator):
    """A model whose training has ended."""

    def __init__(self, loss_curve=(3.0, 2.0, 1.5), validation_curve=(2.5, 2.2, 2.4)):
        self.loss_curve = loss_curve
        self.validation_curve = validation_curve

    def fit(self, X, y=None):
        self.loss_curve_, self.validation_curve_ = self.loss_curve, self.validation_curve
        return self


class Doubtful(RegressorMixin, BaseEstimator):
    """A model that predicts the first column, with the second one as standard deviation."""

    def fit(self, X, y):
        self.n_features_in_ = 2
        return self

    def predict(self, X, return_std=False):
        return (X[:, 0], X[:, 1]) if return_std else X[:, 0]


class Counting(PopularityRecommender):
    """Most popular titles; all objects of the class write down how long the lists are."""

    lengths = []

    def recommend(self, users=None, n_items=10, **options):
        self.lengths.append(n_items)
        return super().recommend(users, n_items, **options)


@pytest.fixture(scope="module")
def held_out(sample):
    """Return fitted models by name, and the rows and ratings that they have not seen."""
    kept = sample.data.user_id <= 150
    X, y = sample.data[kept], sample.target[kept]
    train, test = next(LeaveKOutPerUser(5, random_state=0).split(X))
    models = {"popular": PopularityRecommender(), "SVD": SVDNeighborsRecommender(8, random_state=0)}
    for model in models.values():
        model.fit(X.iloc[train], y.iloc[train])
    return models, X.iloc[test], y.iloc[test]


# Losses


def test_losses_are_drawn_by_epoch():
    display = LossCurveDisplay.from_estimator(Trained().fit(None), name="ids", loss_name="MSE")
    assert display.line_.get_xydata().tolist() == [[1, 3], [2, 2], [3, 1.5]]
    assert display.validation_line_.get_xydata().tolist() == [[1, 2.5], [2, 2.2], [3, 2.4]]
    assert display.best_.get_xydata().tolist() == [[2, 2.2]]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("Epoch", "MSE")
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["ids: training", "ids: validation (best: 2)"]


def test_no_second_line_without_held_out_rows():
    display = LossCurveDisplay.from_estimator(Trained(validation_curve=None).fit(None))
    assert display.validation_line_ is None
    assert display.best_ is None
    assert len(display.ax_.lines) == 1


def test_models_on_the_same_axes_have_colors_of_their_own():
    first = LossCurveDisplay.from_estimator(Trained().fit(None))
    second = LossCurveDisplay.from_estimator(Trained().fit(None), ax=first.ax_)
    assert [first.line_.get_color(), second.line_.get_color()] == [*COLORS[:2]]
    assert second.validation_line_.get_color() == second.best_.get_color() == COLORS[1]


def test_losses_of_a_network_in_a_search_in_a_pipeline_are_drawn():
    X = np.random.RandomState(0).normal(size=(40, 2))
    search = GridSearchCV(
        MLPRegressor(hidden_layer_sizes=(2,), max_iter=3, solver="sgd", random_state=0),
        {"alpha": [0.1]},
        cv=KFold(2, shuffle=True, random_state=0),
    )
    with pytest.warns(UserWarning, match="reached and the optimization"):
        pipeline = make_pipeline(StandardScaler(), search).fit(X, X[:, 0])
    display = LossCurveDisplay.from_estimator(pipeline)
    assert display.line_.get_ydata().tolist() == pipeline[-1].best_estimator_.loss_curve_


def test_model_that_was_not_trained_in_epochs_is_named(bias):
    with pytest.raises(TypeError, match="BiasRegressor has no loss_curve_"):
        LossCurveDisplay.from_estimator(make_pipeline(bias))


def test_model_of_losses_that_is_not_fitted_is_named():
    with pytest.raises(NotFittedError, match="Trained instance is not fitted"):
        LossCurveDisplay.from_estimator(Trained())


# Lists


@pytest.mark.parametrize("metric", FUNCTIONS)
def test_curves_are_those_of_the_metric(held_out, metric):
    models, X, _ = held_out
    display = RankingCurveDisplay.from_estimator(models, X, metric=metric, k=7)
    for line, (name, model) in zip(display.lines_, models.items(), strict=True):
        lists = model.recommend(X.user_id.unique(), n_items=7)
        expected = [FUNCTIONS[metric](lists, X, k=k) for k in range(1, 8)]
        np.testing.assert_allclose(line.get_ydata(), expected)
        assert line.get_xdata().tolist() == [*range(1, 8)]
        assert line.get_label() == name


def test_lists_are_made_once_at_the_largest_length(held_out, monkeypatch):
    monkeypatch.setattr(Counting, "lengths", [])
    models, X, _ = held_out
    counting = Counting()
    counting.interactions_, counting.item_counts_ = (
        models["popular"].interactions_,
        models["popular"].item_counts_,
    )
    RankingCurveDisplay.from_estimator(counting, X, k=15)
    assert Counting.lengths == [15]


@pytest.mark.filterwarnings("ignore:.*users of X have no relevant row")
def test_curve_of_relevant_ratings_and_drawn_users_is_that_of_the_scorer(held_out):
    models, X, y = held_out
    options = {"relevant": 8, "history": 0.5, "sample_users": 30}
    display = RankingCurveDisplay.from_estimator(models, X, y, k=5, random_state=3, **options)
    seed = np.random.RandomState(3).randint(2**31 - 1)
    for name, model in models.items():
        scorer = metrics.make_ranking_scorer("ndcg", k=5, random_state=seed, **options)
        assert display.curves[name][-1] == pytest.approx(scorer(model, X, y))


def test_recommenders_are_evaluated_on_the_same_draws(held_out):
    models, X, _ = held_out
    twice = {"one": models["SVD"], "two": models["SVD"]}
    state = np.random.RandomState(0)
    display = RankingCurveDisplay.from_estimator(twice, X, k=3, sample_users=20, random_state=state)
    np.testing.assert_array_equal(display.curves["one"], display.curves["two"])


def test_one_recommender_is_called_by_its_class(held_out):
    models, X, _ = held_out
    display = RankingCurveDisplay.from_estimator(make_pipeline(models["SVD"]), X, k=2)
    assert list(display.curves) == ["SVDNeighborsRecommender"]


def test_axes_of_lists_name_the_metric(held_out):
    models, X, _ = held_out
    display = RankingCurveDisplay.from_estimator(models, X, metric="hit_rate", k=2)
    assert display.ax_.get_ylabel() == "Hit rate@k (mean over the users)"
    assert display.ax_.get_xlabel() == "k (recommendations per user)"


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_lists_of_any_library_are_drawn(library):
    lists = {
        "good": library({"user": [1, 1], "item": ["a", "b"], "rank": [1, 2]}),
        "bad": library({"user": [1, 1], "item": ["c", "a"], "score": [2.0, 1.0]}),
    }
    relevant = library({"user": [1], "item": ["a"]})
    display = RankingCurveDisplay.from_predictions(lists, relevant, metric="recall", k=3)
    assert {name: curve.tolist() for name, curve in display.curves.items()} == {
        "good": [1, 1, 1],
        "bad": [0, 1, 1],
    }


@pytest.mark.parametrize(
    ("lists", "relevant", "message"),
    [
        ({}, [[1, 2]], "There are no recommendations to draw"),
        (
            pd.DataFrame({"user": [1], "item": [2], "rank": [1]}),
            [[1, 2, 0]],
            "No user has a relevant item",
        ),
        (
            ONE,
            pd.DataFrame({"user": [], "item": []}),
            r"0 sample\(s\)",
        ),
        (ONE[["user", "item"]], [[1, 2]], "has no column 'rank' or 'score'"),
    ],
    ids=["no lists", "no gain", "nothing relevant", "no ranks"],
)
def test_rankings_that_cannot_be_evaluated_are_named(lists, relevant, message):
    with pytest.raises(ValueError, match=message):
        RankingCurveDisplay.from_predictions(lists, relevant)


def test_no_recommender_is_named(held_out):
    with pytest.raises(ValueError, match="There are no recommendations to draw"):
        RankingCurveDisplay.from_estimator({}, held_out[1])


@pytest.mark.parametrize("options", [{"metric": "auc"}, {"k": 0}])
def test_options_of_lists_are_checked(held_out, options):
    models, X, _ = held_out
    with pytest.raises(ValueError, match=f"The '{next(iter(options))}' parameter of .* must be"):
        RankingCurveDisplay.from_estimator(models, X, **options)


def test_estimator_without_lists_is_named(held_out):
    with pytest.raises(TypeError, match="Ridge has no method `recommend`"):
        RankingCurveDisplay.from_estimator(Ridge(), held_out[1])


def test_recommender_that_is_not_fitted_is_named(held_out):
    with pytest.raises(NotFittedError, match="PopularityRecommender instance is not fitted"):
        RankingCurveDisplay.from_estimator(PopularityRecommender(), held_out[1])


# Intervals


def test_coverage_is_the_share_of_ratings_within():
    random = np.random.RandomState(0)
    y_true, y_pred, y_std = random.normal(size=200), random.normal(size=200), random.uniform(size=200)
    levels = [0.2, 0.5, 0.99]
    display = IntervalCalibrationDisplay.from_predictions(y_true, y_pred, y_std, levels=levels)
    expected = []
    for level in levels:
        low, high = norm.interval(level, loc=y_pred, scale=y_std)
        expected.append(np.mean((low <= y_true) & (y_true <= high)))
    np.testing.assert_allclose(display.line_.get_ydata(), expected)
    assert display.line_.get_xdata().tolist() == levels
    assert display.mean_gap_ == pytest.approx(np.mean(np.abs(np.subtract(expected, levels))))


def test_right_intervals_lie_on_the_diagonal():
    errors = norm.ppf(np.arange(1, 2000) / 2000)
    display = IntervalCalibrationDisplay.from_predictions(errors, np.zeros(1999), np.ones(1999))
    np.testing.assert_allclose(display.empirical, display.nominal, atol=1e-3)
    np.testing.assert_allclose(display.nominal, np.linspace(0.05, 0.95, 19))


def test_rows_without_a_rating_are_left_out():
    with_gap = IntervalCalibrationDisplay.from_predictions([7, np.nan], [7, 3], [1, 1], levels=[0.5])
    assert with_gap.empirical.tolist() == [1.0]


def test_certain_predictions_hold_what_they_hit():
    display = IntervalCalibrationDisplay.from_predictions([7, 8], [7, 7], [0, 0], levels=[0.5])
    assert display.empirical.tolist() == [0.5]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: model,
        lambda model: make_pipeline(FunctionTransformer(), model),
        lambda model: GridSearchCV(model, {}, cv=KFold(2, shuffle=True, random_state=0)),
    ],
    ids=["bare", "pipeline", "search"],
)
def test_model_with_standard_deviations_is_drawn(wrap):
    random = np.random.RandomState(0)
    X, y = np.column_stack([random.normal(size=50), random.uniform(size=50)]), random.normal(size=50)
    display = IntervalCalibrationDisplay.from_estimator(wrap(Doubtful()).fit(X, y), X, y)
    expected = IntervalCalibrationDisplay.from_predictions(y, *X.T)
    np.testing.assert_array_equal(display.empirical, expected.empirical)
    assert display.line_.get_label() == f"Doubtful, mean gap {expected.mean_gap_:.3f}"


def test_intervals_of_scikit_learn_are_drawn():
    random = np.random.RandomState(0)
    X = random.normal(size=(2000, 2))
    y = X[:, 0] + random.normal(size=2000)
    display = IntervalCalibrationDisplay.from_estimator(BayesianRidge().fit(X, y), X, y, name="ridge")
    assert display.mean_gap_ < 0.03


def test_models_with_intervals_share_axes():
    first = IntervalCalibrationDisplay.from_predictions([7, 8], [7, 7], [1, 1], name="a")
    second = IntervalCalibrationDisplay.from_predictions([7, 8], [7, 7], [2, 2], name="b", ax=first.ax_)
    assert [first.line_.get_color(), second.line_.get_color()] == [*COLORS[:2]]


@pytest.mark.parametrize(
    ("data", "levels", "message"),
    [
        (([7, 8], [7, 8], [1, -1]), None, "y_std holds -1, but each must be 0 or more"),
        (([7, 8], [7, 8], [1, 1]), [0.5, 1], "levels holds 1, but each must be between 0 and 1"),
        (([7, 8], [7, np.inf], [1, 1]), None, "y_pred contains infinity"),
        (([7, 8], [7, 8], [1]), None, "2 ratings, 2 predictions and 1 standard deviations"),
        (([7], [7, 8], [1, 1]), None, "X has 2 rows and y has 1 ratings"),
        (([np.nan], [7], [1]), None, "0 ratings, 1 predictions"),
        (([], [], []), None, r"0 sample\(s\)"),
    ],
)
def test_intervals_that_cannot_be_drawn_are_named(data, levels, message):
    with pytest.raises(ValueError, match=message):
        IntervalCalibrationDisplay.from_predictions(*data, levels=levels)


def test_model_without_standard_deviations_is_named(bias, sample):
    with pytest.raises(TypeError, match="BiasRegressor gives no standard deviation"):
        IntervalCalibrationDisplay.from_estimator(bias, sample.data, sample.target)


def test_model_of_intervals_that_is_not_fitted_is_named(sample):
    with pytest.raises(NotFittedError, match="BayesianRidge instance is not fitted"):
        IntervalCalibrationDisplay.from_estimator(BayesianRidge(), sample.data, sample.target)


# Traces


@pytest.fixture(scope="module")
def sampled():
    ratings = make_ratings(30, 20, 250, random_state=0)
    model = BayesianFactorizationRegressor(
        2, n_iter=12, burn_in=4, n_samples=5, n_chains=2, random_state=0
    )
    return model.fit(ratings.data, ratings.target)


def test_trace_has_a_line_for_each_chain(sampled):
    display = TraceDisplay.from_estimator(sampled)
    assert len(display.lines_) == 2
    for line, noise in zip(display.lines_, sampled.traces_.noise, strict=True):
        assert line.get_xdata().tolist() == list(range(1, 13))
        assert line.get_ydata().tolist() == noise.tolist()
    assert set(display.burn_in_.get_xdata()) == {4.5}
    r_hat = sampled.diagnostics().set_index("quantity").at["noise", "r_hat"]
    assert display.ax_.get_title() == f"Noise after each sweep (R-hat {r_hat:.2f})"


def test_trace_of_a_rating_is_drawn_by_its_name(sampled):
    name = sampled.diagnostics()["quantity"].iloc[-1]
    display = TraceDisplay.from_estimator(sampled, quantity=name, linewidth=3)
    assert display.lines_[1].get_ydata().tolist() == sampled.traces_.ratings[1, :, -1].tolist()
    assert display.lines_[0].get_linewidth() == 3
    with pytest.raises(
        ValueError, match=r"quantity='loss' was not traced. Choose from \['training error'"
    ):
        TraceDisplay.from_estimator(sampled, quantity="loss")


def test_trace_of_a_model_that_does_not_sample_raises():
    with pytest.raises(TypeError, match="Trained has no traces_: it does not sample"):
        TraceDisplay.from_estimator(Trained().fit(None))
