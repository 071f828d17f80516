"""Claims about the report: a row for each user, the means of scorers, intervals that cover."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.compose import TopNRecommender
from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.metrics import make_ranking_scorer, ranking_report
from sklearn_anime.metrics._report import _summary
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.neighbors import SVDNeighborsRecommender

NAMES = ["ndcg", "recall", "precision", "map", "mrr", "hit_rate"]
SPLITTER = LeaveKOutPerUser(5, random_state=0)

SEEN = [["ann", 1], ["ann", 2], ["bob", 1], ["bob", 3], ["cat", 3], ["dan", 4], ["dan", 1]]
HELD_OUT = [["bob", 4], ["ann", 3], ["ann", 4], ["cat", 4]]


@pytest.fixture(scope="module")
def split():
    """Return rows and ratings of 120 viewers to train and to test on."""
    sample = load_anime_sample(unrated="nan")
    kept = sample.data["user_id"] <= 120
    X, y = sample.data[kept], sample.target[kept]
    train, test = next(SPLITTER.split(X))
    return X.iloc[train], y.iloc[train], X.iloc[test], y.iloc[test]


@pytest.fixture(scope="module")
def held_out(split):
    X, y, X_test, y_test = split
    return SVDNeighborsRecommender(8, 20, random_state=0).fit(X, y), X_test, y_test


@pytest.fixture
def popular():
    return PopularityRecommender().fit(SEEN)


# Users


def test_one_row_for_each_user_equals_the_sums_by_hand(popular):
    # Ann gets 3 and 4, Bob 2 and 4, Cat 1 and, of 2 and 4 with one user each, 2.
    report = ranking_report(popular, HELD_OUT, k=2, random_state=0)
    expected = pd.DataFrame(
        {
            "user": ["ann", "bob", "cat"],
            "ndcg": [1, 1 / np.log2(3), 0],
            "recall": [1.0, 1.0, 0.0],
            "precision": [1.0, 0.5, 0.0],
            "map": [1, 1 / 2, 0],
            "mrr": [1, 1 / 2, 0],
            "hit_rate": [1.0, 1.0, 0.0],
        }
    )
    pd.testing.assert_frame_equal(report.per_user, expected)


def test_means_of_users_are_those_of_the_summary(held_out):
    report = ranking_report(*held_out, random_state=0)
    assert report.summary.index.tolist() == NAMES
    assert report.summary.index.name == "metric"
    assert report.summary.columns.tolist() == ["mean", "low", "high"]
    assert report.per_user[NAMES].mean().tolist() == pytest.approx(report.summary["mean"].tolist())


@pytest.mark.parametrize("name", NAMES)
def test_means_are_those_of_the_scorers(held_out, name):
    means = ranking_report(*held_out, k=5, random_state=0).summary["mean"]
    assert means[name] == pytest.approx(make_ranking_scorer(name, k=5)(*held_out), rel=1e-12)


@pytest.mark.parametrize(
    "options",
    [{"history": 0.5}, {"sample_users": 30}, {"history": 0.5, "sample_users": 30}],
    ids=["history", "sample", "both"],
)
def test_report_judges_by_the_rows_of_a_scorer_with_the_same_seed(held_out, options):
    summary = ranking_report(*held_out, **options, random_state=3).summary
    score = make_ranking_scorer("ndcg", **options, random_state=3)(*held_out)
    assert summary.loc["ndcg", "mean"] == pytest.approx(score, rel=1e-12)


def test_relevant_leaves_users_out_with_one_warning(popular):
    message = r"^2 of 3 users of X have no relevant row and are left out\.$"
    with pytest.warns(UserWarning, match=message) as warned:
        report = ranking_report(popular, HELD_OUT, [2, 8, 7, np.nan], k=2, relevant=8)
    assert report.per_user["user"].tolist() == ["ann"]
    assert [warning.filename for warning in warned] == [__file__]


@pytest.mark.parametrize(
    ("X", "k", "message"),
    [
        (HELD_OUT, 9, r"^k=9 is more than the 4 items of fit"),
        ([["ann", 1], ["bob", 4]], 2, r"^1 of 2 relevant rows are pairs that fit has seen\."),
        ([["ann", 7], ["bob", 8]], 2, r"^No relevant item was in the rows of fit"),
    ],
    ids=["long", "seen", "new"],
)
def test_warnings_point_to_the_caller(popular, X, k, message):
    with pytest.warns(UserWarning, match=message) as warned:
        ranking_report(popular, X, k=k)
    assert [warning.filename for warning in warned] == [__file__]


def test_recommend_is_called_once(popular, monkeypatch):
    calls, recommend = [], popular.recommend
    monkeypatch.setattr(
        popular,
        "recommend",
        lambda users, **options: calls.append(options) or recommend(users, **options),
    )
    ranking_report(popular, HELD_OUT, k=2)
    assert calls == [{"n_items": 2}]


@pytest.mark.parametrize(
    ("form", "library"),
    [(pd.DataFrame, "pandas"), (pl.DataFrame, "polars"), (np.asarray, "pandas")],
    ids=["pandas", "polars", "ndarray"],
)
def test_users_are_in_the_frame_library_of_the_rows(split, form, library):
    X, _, X_test, _ = split
    columns = (lambda X: X.to_numpy()) if form is np.asarray else (lambda X: X.to_dict("list"))
    model = PopularityRecommender().fit(form(columns(X)))
    per_user = ranking_report(model, form(columns(X_test)), random_state=0).per_user
    assert type(per_user).__module__.startswith(library)
    expected = "user" if form is np.asarray else "user_id"
    assert list(per_user.columns) == [expected, *NAMES]
    assert per_user[expected].to_list() == sorted(set(X_test["user_id"]))


@pytest.mark.parametrize("wrap", ["pipeline", "search", "regressor"])
def test_pipelines_searches_and_regressors_are_reported_on(split, wrap):
    X, y, X_test, y_test = split
    neighbors = SVDNeighborsRecommender(8, 20, random_state=0)
    model = {
        "pipeline": make_pipeline("passthrough", neighbors),
        "search": GridSearchCV(neighbors, {}, scoring=make_ranking_scorer(), cv=SPLITTER),
        "regressor": TopNRecommender(make_pipeline(neighbors, Ridge())),
    }[wrap].fit(X, y)
    summary = ranking_report(model, X_test, y_test, random_state=0).summary
    expected = make_ranking_scorer("map")(model, X_test, y_test)
    assert summary.loc["map", "mean"] == pytest.approx(expected, rel=1e-9)


# Intervals


def test_intervals_hold_the_mean(held_out):
    summary = ranking_report(*held_out, random_state=0).summary
    assert (summary["low"] < summary["mean"]).all()
    assert (summary["mean"] < summary["high"]).all()


def test_interval_is_about_that_of_the_normal_distribution(held_out):
    report = ranking_report(*held_out, n_resamples=5000, random_state=0)
    values = report.per_user["ndcg"]
    half = 1.96 * values.std() / np.sqrt(len(values))
    low, high = report.summary.loc["ndcg", ["low", "high"]]
    assert [low, high] == pytest.approx([values.mean() - half, values.mean() + half], abs=0.1 * half)


def test_intervals_cover_the_true_mean_as_often_as_they_say():
    rng = np.random.RandomState(0)
    covered = []
    for seed in range(300):
        values = pd.DataFrame({"metric": rng.rand(100)})
        summary = _summary(values, 0.9, 200, np.random.RandomState(seed))
        covered.append(summary["low"].item() <= 0.5 <= summary["high"].item())
    assert np.mean(covered) == pytest.approx(0.9, abs=0.05)


def test_intervals_are_narrower_with_more_users(held_out):
    few, many = (
        ranking_report(*held_out, sample_users=n, random_state=0).summary.eval("high - low")
        for n in (15, 120)
    )
    assert (many < few).all()


def test_intervals_are_wider_with_more_confidence(held_out):
    half, most = (
        ranking_report(*held_out, confidence=level, random_state=0).summary.eval("high - low")
        for level in (0.5, 0.99)
    )
    assert (half < most).all()


def test_interval_of_one_user_is_a_point(popular):
    summary = ranking_report(popular, HELD_OUT[:1], k=2).summary
    assert summary["low"].tolist() == summary["mean"].tolist() == summary["high"].tolist()


def test_a_seed_gives_the_same_report(held_out):
    first, again, other = (ranking_report(*held_out, random_state=seed).summary for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert first["mean"].tolist() == other["mean"].tolist()
    assert first["low"].tolist() != other["low"].tolist()


# Bad input


def test_an_estimator_without_lists_is_told_of_the_one_that_makes_them():
    with pytest.raises(TypeError, match=r"Wrap it: TopNRecommender\(Ridge\(\.\.\.\)\)"):
        ranking_report(Ridge(), HELD_OUT)


def test_no_relevant_row_raises(popular):
    with pytest.raises(ValueError, match=r"No row of X is relevant: the largest rating is 4\.0 and"):
        ranking_report(popular, HELD_OUT, [1, 2, 3, 4], relevant=8)


def test_an_id_column_with_the_name_of_a_metric_raises():
    X = pd.DataFrame(SEEN, columns=["map", "item"])
    with pytest.raises(ValueError, match=r"An id column of X is called 'map'.*Rename it in X\.$"):
        ranking_report(PopularityRecommender().fit(X), X.head(1).assign(item=4), k=2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("k", 0),
        ("confidence", 1.0),
        ("confidence", 95),
        ("n_resamples", 0),
        ("n_resamples", 10.5),
        ("relevant", "high"),
        ("history", 1),
        ("sample_users", 0),
        ("random_state", "seed"),
    ],
)
def test_bad_parameters_raise(popular, name, value):
    with pytest.raises(
        (ValueError, TypeError), match=rf"^The '{name}' parameter of ranking_report must be"
    ):
        ranking_report(popular, HELD_OUT, **{name: value})
