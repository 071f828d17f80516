"""Claims about the comparison: it is cross-validation by hand, on the same splits for all."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import TopNRecommender
from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.metrics import make_ranking_scorer, make_rating_scorer
from sklearn_anime.model_selection import LeaveKOutPerUser, PerUserKFold, compare
from sklearn_anime.neighbors import SVDNeighborsRecommender

SPLITTER = LeaveKOutPerUser(5, n_splits=2, random_state=0)
SCORING = {
    "ndcg": make_ranking_scorer("ndcg", k=10),
    "recall": make_ranking_scorer("recall", k=20),
    "rmse": make_rating_scorer("rmse"),
}


class Spy(PopularityRecommender):
    """Most popular items; all objects of the class write down what they are asked."""

    calls = []

    def fit(self, X, y=None):
        self.calls.append(("fit", np.asarray(X)))
        return super().fit(X, y)

    def recommend(self, users=None, n_items=10, **options):
        self.calls.append(("recommend", n_items))
        return super().recommend(users, n_items, **options)

    @classmethod
    def args(cls, method):
        return [arg for name, arg in cls.calls if name == method]


class Broken(PopularityRecommender):
    """Fails in fit."""

    def fit(self, X, y=None):
        raise RuntimeError("out of luck")


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    monkeypatch.setattr(Spy, "calls", [])


@pytest.fixture(scope="module")
def rows():
    """Return the rows of 120 viewers, a fifth of them without a rating."""
    sample = load_anime_sample(unrated="nan")
    kept = sample.data["user_id"] <= 120
    return sample.data[kept].reset_index(drop=True), sample.target[kept].reset_index(drop=True)


@pytest.fixture(scope="module")
def models():
    return {
        "popularity": PopularityRecommender(),
        "bias": BiasRegressor(),
        "near users": SVDNeighborsRecommender(8, 20, random_state=0),
    }


def rated(X, y):
    kept = y.notna()
    return X[kept].reset_index(drop=True), y[kept].reset_index(drop=True)


# The table


def test_table_is_cross_validation_by_hand(rows, models):
    table = compare(models, *rows, cv=SPLITTER, scoring=SCORING)
    assert table.index.tolist() == list(models)
    assert table.index.name == "estimator"
    for name, model in models.items():
        scoring = SCORING if name != "popularity" else {key: SCORING[key] for key in ("ndcg", "recall")}
        results = cross_validate(model, *rows, cv=SPLITTER, scoring=scoring)
        for key in scoring:
            assert table.loc[name, f"mean_{key}"] == pytest.approx(
                results[f"test_{key}"].mean(), rel=1e-12
            )
            assert table.loc[name, f"std_{key}"] == pytest.approx(results[f"test_{key}"].std(), rel=1e-9)


def test_columns_follow_the_scorers(rows, models):
    table = compare(models, *rows, cv=SPLITTER, scoring=SCORING)
    scores = [f"{number}_{key}" for key in SCORING for number in ("mean", "std")]
    assert table.columns.tolist() == [*scores, "fit_seconds", "score_seconds"]
    assert (table.dtypes == np.float64).all()
    assert (table[["fit_seconds", "score_seconds"]] > 0).all(axis=None)


def test_cells_are_empty_where_a_scorer_does_not_apply(rows, models):
    everyone = {**models, "no lists": make_pipeline(models["near users"], Ridge())}
    table = compare(everyone, *rated(*rows), cv=SPLITTER, scoring=SCORING)
    empty = table.isna()
    expected = pd.DataFrame(False, index=table.index, columns=table.columns)
    expected.loc["popularity", ["mean_rmse", "std_rmse"]] = True
    expected.loc["no lists", ["mean_ndcg", "std_ndcg", "mean_recall", "std_recall"]] = True
    pd.testing.assert_frame_equal(empty, expected)


def test_one_split_has_no_deviation(rows, models):
    splitter = LeaveKOutPerUser(5, random_state=0)
    table = compare(models, *rows, cv=splitter, scoring=make_ranking_scorer())
    assert table["std_score"].isna().all()


@pytest.mark.parametrize("form", ["polars", "ndarray", "list"])
def test_table_is_the_same_for_every_kind_of_rows(rows, models, form):
    X, y = rows
    forms = {
        "polars": (pl.from_pandas(X), pl.from_pandas(y)),
        "ndarray": (X.to_numpy(), y.to_numpy()),
        "list": (X.to_numpy().tolist(), y.tolist()),
    }
    expected = compare(models, X, y, cv=SPLITTER, scoring=SCORING)
    found = compare(models, *forms[form], cv=SPLITTER, scoring=SCORING)
    scores = [column for column in expected if not column.endswith("seconds")]
    pd.testing.assert_frame_equal(found[scores], expected[scores], rtol=1e-9)


def test_rows_need_no_ratings_where_nothing_uses_them(rows):
    X, _ = rows
    table = compare({"popularity": PopularityRecommender()}, X, cv=SPLITTER, scoring=SCORING["ndcg"])
    assert table.loc["popularity", "mean_score"] > 0.05


# Estimators


def test_a_list_of_pairs_names_estimators_as_a_dict_does(rows, models):
    scoring = make_ranking_scorer()
    by_dict, by_list = (
        compare(named, *rows, cv=SPLITTER, scoring=scoring) for named in (models, list(models.items()))
    )
    pd.testing.assert_series_equal(by_list["mean_score"], by_dict["mean_score"])


def test_estimators_are_cloned(rows, models):
    compare(models, *rows, cv=SPLITTER, scoring=SCORING)
    for model in models.values():
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            check_is_fitted(model)


def test_pipelines_searches_and_regressors_take_part(rows, models):
    near = models["near users"]
    search = GridSearchCV(
        near,
        {"n_neighbors": [20]},
        scoring=make_ranking_scorer(),
        cv=LeaveKOutPerUser(5, min_items=10, random_state=1),
    )
    everyone = {
        "alone": near,
        "pipeline": make_pipeline("passthrough", near),
        "search": search,
        "search of pipelines": clone(search).set_params(
            estimator=make_pipeline("passthrough", near), param_grid={}
        ),
        "regressor": TopNRecommender(make_pipeline(near, Ridge())),
    }
    table = compare(everyone, *rows, cv=SPLITTER, scoring=SCORING)
    assert not table.isna().any(axis=None)
    scores = table[["mean_ndcg", "mean_recall", "mean_rmse"]]
    for name in ("pipeline", "search", "search of pipelines"):
        assert scores.loc[name].tolist() == pytest.approx(scores.loc["alone"].tolist(), rel=1e-12)


def test_errors_of_fit_are_raised(rows):
    with pytest.raises(RuntimeError, match="out of luck"):
        compare({"broken": Broken()}, *rows, cv=SPLITTER, scoring=make_ranking_scorer())


def test_two_processes_make_the_table_of_one(rows, models):
    alone, together = (
        compare(models, *rows, cv=SPLITTER, scoring=SCORING, n_jobs=n).filter(regex="^mean")
        for n in (1, 2)
    )
    pd.testing.assert_frame_equal(together, alone, rtol=1e-9)


def test_metadata_routing_needs_no_request(rows, models):
    expected = compare(models, *rows, cv=SPLITTER, scoring=SCORING).filter(regex="^mean")
    with config_context(enable_metadata_routing=True):
        found = compare(models, *rows, cv=SPLITTER, scoring=SCORING).filter(regex="^mean")
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


# Splits


@pytest.mark.parametrize(
    "cv", [LeaveKOutPerUser(5, n_splits=2), PerUserKFold(2), ShuffleSplit(2), KFold(2, shuffle=True)]
)
@pytest.mark.filterwarnings("ignore:.*users have no history")  # few rows are left in a random split
def test_all_estimators_see_the_same_splits_without_a_seed(rows, cv):
    compare({"one": Spy(), "two": Spy()}, *rows, cv=cv, scoring=make_ranking_scorer())
    trained = [X.tolist() for X in Spy.args("fit")]
    assert trained[:2] == trained[2:]
    assert trained[0] != trained[1]


def test_splits_may_be_pairs_of_positions(rows, models):
    X, y = rows
    expected = compare(models, X, y, cv=SPLITTER, scoring=make_ranking_scorer())
    for cv in (list(SPLITTER.split(X)), SPLITTER.split(X)):
        found = compare(models, X, y, cv=cv, scoring=make_ranking_scorer())
        pd.testing.assert_series_equal(found["mean_score"], expected["mean_score"])


@pytest.mark.parametrize("cv", [5, None])
def test_a_number_of_folds_raises(rows, models, cv):
    message = rf"^cv={cv} would split the rows in their order.*PerUserKFold\(5, random_state=0\)\.$"
    with pytest.raises(ValueError, match=message):
        compare(models, *rows, cv=cv, scoring=make_ranking_scorer())


# Scorers


def test_ranking_scorers_share_one_call_of_recommend(rows):
    scoring = {
        "ndcg": make_ranking_scorer("ndcg", k=10),
        "recall": make_ranking_scorer("recall", k=20),
        "coverage": make_ranking_scorer("coverage", k=5),
    }
    together = compare({"spy": Spy()}, *rows, cv=SPLITTER, scoring=scoring)
    assert Spy.args("recommend") == [20, 20]
    for name, scorer in scoring.items():
        alone = compare({"spy": Spy()}, *rows, cv=SPLITTER, scoring=scorer)
        assert together[f"mean_{name}"].item() == pytest.approx(alone["mean_score"].item(), rel=1e-12)


def test_a_single_scorer_is_called_score(rows, models):
    table = compare(models, *rows, cv=SPLITTER, scoring=make_ranking_scorer())
    assert table.columns.tolist() == ["mean_score", "std_score", "fit_seconds", "score_seconds"]


def test_scorers_of_scikit_learn_go_by_name(rows):
    X, y = rated(*rows)
    bias = {"bias": BiasRegressor()}
    one = compare(bias, X, y, cv=SPLITTER, scoring="neg_mean_absolute_error")
    several = compare(bias, X, y, cv=SPLITTER, scoring=["r2", "neg_mean_absolute_error"])
    renamed = compare(bias, X, y, cv=SPLITTER, scoring={"mae": "neg_mean_absolute_error"})
    errors = []
    for train, test in SPLITTER.split(X):
        model = BiasRegressor().fit(X.iloc[train], y.iloc[train])
        errors.append(-mean_absolute_error(y.iloc[test], model.predict(X.iloc[test])))
    for table, key in ((one, "neg_mean_absolute_error"), (renamed, "mae")):
        assert table.loc["bias", f"mean_{key}"] == pytest.approx(np.mean(errors))
    assert several.columns[:4].tolist() == [
        "mean_r2",
        "std_r2",
        "mean_neg_mean_absolute_error",
        "std_neg_mean_absolute_error",
    ]


def test_a_function_of_the_user_is_a_scorer(rows, models):
    table = compare(models, *rows, cv=SPLITTER, scoring=lambda estimator, X, y: float(len(X)))
    assert table["mean_score"].tolist() == [5 * rows[0]["user_id"].nunique()] * 3


def test_an_estimator_that_no_scorer_applies_to_raises(rows):
    message = r"^None of the scorers \['score'\] applies to 'ridge', a Ridge\. .*TopNRecommender"
    with pytest.raises(ValueError, match=message):
        compare({"ridge": Ridge()}, *rows, cv=SPLITTER, scoring=make_ranking_scorer())


def test_scorers_are_checked_before_anything_is_fitted(rows):
    everyone = {"spy": Spy(), "ridge": Ridge()}
    with pytest.raises(ValueError, match="applies to 'ridge'"):
        compare(everyone, *rows, cv=SPLITTER, scoring=make_ranking_scorer())
    assert Spy.calls == []


# Printing


def test_verbose_prints_each_estimator(rows, models, capsys):
    compare(models, *rows, cv=SPLITTER, scoring=SCORING, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [f"[compare] {name}" for name in models]
    assert "mean_ndcg 0." in lines[0]
    assert "fit_seconds" in lines[0]


def test_nothing_is_printed_by_default(rows, models, capsys):
    compare(models, *rows, cv=SPLITTER, scoring=make_ranking_scorer())
    assert capsys.readouterr() == ("", "")


# Bad input


def test_a_name_given_twice_raises(rows):
    pairs = [("a", BiasRegressor()), ("b", BiasRegressor()), ("a", BiasRegressor())]
    with pytest.raises(
        ValueError, match=r"^Two estimators have the same name \(names: \['a', 'b', 'a'\]\)"
    ):
        compare(pairs, *rows, cv=SPLITTER, scoring=make_ranking_scorer())


@pytest.mark.parametrize("estimators", [[BiasRegressor()], [("a", BiasRegressor(), 1)]])
def test_estimators_without_names_raise(rows, estimators):
    with pytest.raises(
        TypeError, match=r"^estimators must be a dict of names to estimators, or a list of"
    ):
        compare(estimators, *rows, cv=SPLITTER, scoring=make_ranking_scorer())


@pytest.mark.parametrize("estimators", [{}, []])
def test_no_estimator_raises(rows, estimators):
    with pytest.raises(ValueError, match=r"^There is nothing to compare: estimators is empty"):
        compare(estimators, *rows, cv=SPLITTER, scoring=make_ranking_scorer())


def test_scorers_without_names_raise(rows, models):
    message = r"^scoring has a RankingScorer, which has no name.*scoring=\{'ndcg': make_ranking_scorer"
    with pytest.raises(TypeError, match=message):
        compare(models, *rows, cv=SPLITTER, scoring=["r2", make_ranking_scorer()])


def test_an_unknown_name_of_a_scorer_raises(rows, models):
    with pytest.raises(ValueError, match=r"'ndcg_at_ten' is not a valid scoring value"):
        compare(models, *rows, cv=SPLITTER, scoring="ndcg_at_ten")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("estimators", BiasRegressor()),
        ("cv", "per user"),
        ("cv", 2.5),
        ("scoring", None),
        ("scoring", 1),
        ("published", 3),
        ("n_jobs", 1.5),
        ("verbose", -1),
    ],
)
def test_bad_parameters_raise(rows, models, name, value):
    params = {"estimators": models, "cv": SPLITTER, "scoring": make_ranking_scorer(), name: value}
    with pytest.raises((ValueError, TypeError), match=rf"^The '{name}' parameter of compare must be"):
        compare(X=rows[0], y=rows[1], **params)


def test_two_stages_score_the_same_whatever_other_scorers_there_are():
    anime = load_anime_sample()
    model = TopNRecommender(BiasRegressor(), candidates=PopularityRecommender(), n_candidates=5)
    cv = LeaveKOutPerUser(5, random_state=0)
    ndcg, recall = make_ranking_scorer("ndcg", k=3), make_ranking_scorer("recall", k=20)
    alone = compare({"model": model}, anime.data, anime.target, cv=cv, scoring={"ndcg": ndcg})
    both = {"ndcg": ndcg, "recall": recall}
    together = compare({"model": model}, anime.data, anime.target, cv=cv, scoring=both)
    assert together.mean_ndcg.tolist() == alone.mean_ndcg.tolist()


PAPER = {"paper": {"ndcg": 0.25, "source": "A. Author (2020)"}}


def test_published_rows_follow_with_their_source(rows, models):
    scoring = {"ndcg": make_ranking_scorer("ndcg"), "rmse": make_rating_scorer("rmse")}
    own = compare(models, *rows, cv=SPLITTER, scoring=scoring)
    table = compare(models, *rows, cv=SPLITTER, scoring=scoring, published=PAPER)
    assert table.index.tolist() == [*models, "paper"]
    assert table.index.name == "estimator"
    assert table.columns.tolist() == [*own.columns, "source"]
    assert table.source.tolist() == ["measured"] * len(models) + ["A. Author (2020)"]
    assert table.mean_ndcg.tolist() == [*own.mean_ndcg, 0.25]
    assert table.loc["paper"].drop(["mean_ndcg", "source"]).isna().all()


@pytest.mark.parametrize(
    ("published", "message"),
    [
        ({"popular": {"ndcg": 0.1}}, r"published has a row 'popular', as estimators has. Rename one"),
        (
            {"paper": {"recall": 0.1}},
            r"a value for 'recall', which is no scorer",
        ),
        ({"paper": {"ndcg": "high"}}, r"published\['paper'\]\['ndcg'\] is 'high', where a number"),
    ],
)
def test_bad_published_rows_raise(rows, published, message):
    models, scoring = {"popular": PopularityRecommender()}, {"ndcg": make_ranking_scorer("ndcg")}
    with pytest.raises(ValueError, match=message):
        compare(models, *rows, cv=SPLITTER, scoring=scoring, published=published)
