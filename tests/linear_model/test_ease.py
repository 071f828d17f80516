"""Claims about EASERecommender, against dense linear algebra in double precision."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from sklearn.compose import make_column_transformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_anime.datasets import load_anime, load_anime_sample
from sklearn_anime.linear_model import EASERecommender, _ease
from sklearn_anime.metrics import make_ranking_scorer
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.preprocessing import WeightedOneHotGenres

N_USERS, N_ITEMS, ALPHA = 40, 15, 2.0
SOLVERS = pytest.mark.parametrize(
    "solver", [{"solver": "cholesky"}, {"n_components": N_ITEMS}], ids=["exact", "full rank"]
)
TOLERANCE = {"rtol": 1e-3, "atol": 1e-4}  # both work in single precision


def dense_weights(seen, ridge, features=None, feature_weight=0.0):
    """Return weights and inverse by the formula of the docstring."""
    gram = seen.T @ seen + np.diag(ridge)
    if features is not None:
        gram += feature_weight**2 * features @ features.T
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights, inverse


@pytest.fixture(scope="module")
def seen():
    """Return the matrix of what was seen; item 14 is seen once."""
    rng = np.random.default_rng(0)
    seen = (rng.random((N_USERS, N_ITEMS)) < np.linspace(0.5, 0.1, N_ITEMS)).astype(float)
    seen[:, -1] = np.arange(N_USERS) == 3
    return seen


@pytest.fixture(scope="module")
def table(seen):
    """Return the rows, with two features of the item, and ratings with gaps."""
    users, items = seen.nonzero()
    features = np.random.default_rng(1).standard_normal((N_ITEMS, 2))
    X = pd.DataFrame({"user": users, "item": items, "a": features[items, 0], "b": features[items, 1]})
    ratings = np.random.default_rng(2).integers(1, 11, len(X)).astype(float)
    return X, np.where(np.arange(len(X)) % 5 == 0, np.nan, ratings), features


def scores_of(model, **options):
    """Return a matrix of scores out of whole lists, what was seen included."""
    lists = model.recommend(n_items=N_ITEMS, exclude_seen=False, **options)
    return lists.pivot(index="user", columns="item", values="score").to_numpy()


# The formula


@SOLVERS
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_scores_are_the_formula_of_the_docstring(seen, table, solver, dropout):
    ridge = ALPHA + dropout / (1 - dropout) * seen.sum(axis=0)
    model = EASERecommender(ALPHA, dropout=dropout, random_state=0, **solver).fit(table[0].iloc[:, :2])
    expected = seen @ dense_weights(seen, ridge)[0]
    assert_allclose(scores_of(model), expected, **TOLERANCE)
    pairs = pd.DataFrame(np.argwhere(np.ones_like(seen)), columns=["user", "item"])
    assert_allclose(model.predict(pairs).reshape(seen.shape), expected, **TOLERANCE)


def test_low_rank_is_the_exact_model_of_the_part_that_is_kept(seen, table):
    n = 10  # from half of all on, the vectors are those of the full SVD
    model = EASERecommender(ALPHA, n_components=n, random_state=0).fit(table[0].iloc[:, :2])
    _, values, vectors = np.linalg.svd(seen, full_matrices=False)
    kept = vectors[:n].T * (values[:n] ** 2 / (values[:n] ** 2 + ALPHA)) @ vectors[:n]
    weights = kept / (1 - np.diag(kept))
    np.fill_diagonal(weights, 0.0)
    assert_allclose(scores_of(model), seen @ weights, **TOLERANCE)


@SOLVERS
def test_features_enter_as_users_who_have_seen_in_proportion(seen, table, solver):
    X, y, features = table
    model = EASERecommender(ALPHA, feature_weight=0.7, random_state=0, **solver).fit(X, y)
    weights, _ = dense_weights(seen, np.full(N_ITEMS, ALPHA), features, 0.7)
    assert_allclose(scores_of(model), seen @ weights, **TOLERANCE)
    assert_allclose(model.item_features_, features)


@SOLVERS
def test_new_titles_have_the_weights_of_the_docstring(seen, table, solver):
    X, y, features = table
    model = EASERecommender(ALPHA, feature_weight=0.7, random_state=0, **solver).fit(X, y)
    new = pd.DataFrame({"item": [100, 101], "a": [0.5, -1.0], "b": [1.0, 0.0]})
    found = scores_of(model, items=new, include=[100, 101])
    _, inverse = dense_weights(seen, np.full(N_ITEMS, ALPHA), features, 0.7)
    column = 0.7**2 * inverse @ features @ new[["a", "b"]].to_numpy().T
    assert_allclose(found, seen @ column, **TOLERANCE)


@SOLVERS
def test_min_rating_keeps_what_is_liked(table, solver):
    X, y, _ = table
    liked = np.zeros((N_USERS, N_ITEMS))
    kept = X[y >= 6]
    liked[kept["user"], kept["item"]] = 1.0
    model = EASERecommender(ALPHA, min_rating=6, random_state=0, **solver).fit(X.iloc[:, :2], y)
    expected = liked @ dense_weights(liked, np.full(N_ITEMS, ALPHA))[0]
    some = liked.any(axis=1)
    with pytest.warns(
        UserWarning, match=f"{N_USERS - some.sum()} of 40 users .* the most popular items"
    ):
        scores = scores_of(model)
    assert_allclose(scores[some], expected[some], **TOLERANCE)
    found = model.recommend(3)
    assert not set(found["item"]) & set(X.loc[X["user"] == 3, "item"])  # seen, liked or not


# History, and more rows


@SOLVERS
def test_history_serves_newcomers_exactly(table, solver):
    X = table[0].iloc[:, :2]
    model = EASERecommender(ALPHA, random_state=0, **solver).fit(X)
    own = X[X["user"] == 5]
    found = model.recommend(history=own.assign(user="new"), n_items=9)
    pd.testing.assert_frame_equal(
        found.iloc[:, 1:], model.recommend(5, n_items=9).iloc[:, 1:], rtol=1e-5
    )


def test_unknown_items_of_a_history_are_counted_and_ignored(table):
    model = EASERecommender(ALPHA).fit(table[0].iloc[:, :2])
    with pytest.warns(UserWarning, match=r"1 item\(s\) of history= were not in the rows of fit"):
        found = model.recommend(history=[["new", 2], ["new", 77]])
    expected = model.recommend(history=[["new", 2]])
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("feature_weight", [0.0, 0.7])
def test_partial_fit_equals_a_fit_on_all_rows(table, feature_weight):
    X, y, _ = table
    X = X if feature_weight else X.iloc[:, :2]
    order = np.random.default_rng(0).permutation(len(X))
    parts = np.split(order, [len(X) // 2, len(X) * 3 // 4])
    model = EASERecommender(ALPHA, feature_weight=feature_weight)
    for part in parts:
        model.partial_fit(X.iloc[part], y[part])
    whole = EASERecommender(ALPHA, feature_weight=feature_weight).fit(X, y)
    assert_allclose(model.predict(X), whole.predict(X), **TOLERANCE)


def test_partial_fit_goes_without_ratings_where_fit_does(table):
    X = table[0].iloc[:, :2]
    model = EASERecommender(ALPHA).fit(X[:100]).partial_fit(X[100:])
    assert_allclose(model.predict(X), EASERecommender(ALPHA).fit(X).predict(X), **TOLERANCE)
    with pytest.raises(ValueError, match="None"):
        EASERecommender(ALPHA, min_rating=1).fit(X[:100], np.full(100, 5)).partial_fit(X[100:])


def test_partial_fit_with_other_columns_raises_and_loses_nothing(table):
    X = table[0].iloc[:, :2]
    model = EASERecommender(ALPHA).fit(X[:100])
    before = model.predict(X)
    with pytest.raises(ValueError, match="feature names"):
        model.partial_fit(table[0])
    assert_allclose(model.predict(X), before)


# Reasons, and near titles


@SOLVERS
def test_explanations_add_up_to_the_score(seen, table, solver):
    X, user = table[0].iloc[:, :2], int(seen.sum(axis=1).argmax())
    model = EASERecommender(ALPHA, random_state=0, **solver).fit(X)
    terms, pair = model.explain(user, 14, n=3), pd.DataFrame({"user": [user], "item": [14]})
    assert terms["term"].tolist() == ["neighbour"] * 3 + ["rest"]
    assert_allclose(terms["contribution"].sum(), model.predict(pair)[0], **TOLERANCE)
    assert set(terms["neighbour"][:3]) <= set(X.loc[X["user"] == user, "item"])
    assert model.explain(user, "?")["contribution"].tolist() == [0.0]


@SOLVERS
def test_similar_items_are_partial_correlations(seen, table, solver):
    model = EASERecommender(ALPHA, random_state=0, **solver).fit(table[0].iloc[:, :2])
    _, inverse = dense_weights(seen, np.full(N_ITEMS, ALPHA))
    root = np.sqrt(np.diag(inverse))
    expected = pd.Series(-inverse[2] / root / root[2]).drop(2).sort_values(ascending=False)
    found = model.similar_items(2, n_items=5)
    assert_allclose(found["similarity"], expected.iloc[:5], **TOLERANCE)
    assert found["neighbour"].tolist() == expected.index[:5].tolist()


def test_similar_items_of_the_sample_share_their_franchise():
    sample = load_anime_sample()
    names = sample.anime["name"]
    model = EASERecommender().fit(sample.data)
    found = model.similar_items(names.index[names == "Dragon Ball Z"], n_items=5)["neighbour"]
    assert names[found].str.startswith("Dragon Ball").any(), names[found].tolist()


# At home in scikit-learn


def test_search_and_pipeline_with_genres():
    sample = load_anime_sample()
    rows = sample.frame[["user_id", "anime_id", "genre"]]
    genres = make_column_transformer(
        ("passthrough", ["user_id", "anime_id"]),
        (WeightedOneHotGenres(), ["genre"]),
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    pipeline = make_pipeline(genres, EASERecommender(feature_weight=1.0))
    search = GridSearchCV(
        pipeline,
        {"easerecommender__alpha": [1e-2, 30.0]},
        scoring=make_ranking_scorer("ndcg", k=10),
        cv=LeaveKOutPerUser(5, random_state=0),
    ).fit(rows, sample.target)
    assert search.best_params_ == {"easerecommender__alpha": 30.0}
    model = search.best_estimator_[-1]
    wide = pd.DataFrame([[0.0] * model.item_features_.shape[1]], columns=model.feature_names_in_[2:])
    new = wide.assign(anime_id=-1, Action=1.0)
    found = model.recommend(sample.data["user_id"].iloc[0], items=new, include=[-1])
    assert found["anime_id"].tolist() == [-1]


def test_frames_come_back_in_the_library_of_fit(table):
    X = pl.DataFrame(table[0].iloc[:, :2].to_dict("list"))
    model = EASERecommender(ALPHA).fit(X)
    assert isinstance(model.recommend(1), pl.DataFrame)
    assert isinstance(model.explain(1, 2), pl.DataFrame)


def test_pickles_recommend_the_same(table):
    model = EASERecommender(ALPHA).fit(table[0].iloc[:, :2])
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(model)).recommend(), model.recommend())


# Solvers and bad input


def test_auto_is_exact_where_the_array_fits(table, monkeypatch):
    X = table[0].iloc[:, :2]
    assert EASERecommender().fit(X).solver_ == "cholesky"
    assert EASERecommender(n_components=3).fit(X).solver_ == "svd"
    monkeypatch.setattr(_ease, "LARGEST_GRAM", N_ITEMS**2 * 4 - 1)
    assert EASERecommender().fit(X).solver_ == "svd"


def test_a_catalogue_too_large_names_the_size_and_the_remedy(table, monkeypatch):
    monkeypatch.setattr(_ease, "total_memory", lambda: 100)
    with pytest.raises(ValueError, match=r"needs 0.0 GiB for 15 items. Give n_components, such as 512"):
        EASERecommender(solver="cholesky").fit(table[0].iloc[:, :2])


def test_too_many_components_are_cut_with_one_warning(table):
    X = table[0].iloc[:, :2]
    with pytest.warns(UserWarning, match=r"does not allow n_components=99 \(used: 15\)") as caught:
        model = EASERecommender(ALPHA, n_components=99, random_state=0).fit(X)
    assert len(caught) == 1
    assert_allclose(model.predict(X), EASERecommender(ALPHA).fit(X).predict(X), **TOLERANCE)


@pytest.mark.parametrize(("name", "value"), [("alpha", 0), ("alpha", -1.0), ("dropout", 1.0)])
def test_values_out_of_range_are_named(table, name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter"):
        EASERecommender(**{name: value}).fit(table[0])


def test_no_positives_left_names_the_largest_rating(table):
    with pytest.raises(ValueError, match=r"No rating in y reaches min_rating=11: the largest is 10"):
        EASERecommender(min_rating=11).fit(table[0].iloc[:, :2], table[1])


def test_features_that_differ_within_a_title_are_averaged_with_one_warning(table):
    X, y, _ = table
    noisy = X.assign(a=np.arange(len(X), dtype=float))
    with pytest.warns(
        UserWarning, match=r"Columns \['a'\] of X differ between rows of the same"
    ) as caught:
        model = EASERecommender(ALPHA, feature_weight=1.0).fit(noisy, y)
    assert len(caught) == 1
    assert_allclose(model.item_features_[:, 0], noisy.groupby("item")["a"].mean())
    model.recommend(1)  # without a further warning


def test_features_of_users_are_named_and_left_out(table):
    X, y, _ = table
    with pytest.warns(UserWarning, match=r"Columns \['age'\] of X say something of the user"):
        model = EASERecommender(ALPHA, feature_weight=1.0).fit(X.assign(age=X["user"] * 2.0), y)
    assert model.item_features_.shape == (N_ITEMS, 2)


def test_text_features_and_no_features_are_named(table):
    X, y, _ = table
    with pytest.raises(ValueError, match="column 'a' of X holds 'x'"):
        EASERecommender(feature_weight=1.0).fit(X.assign(a="x"), y)
    with pytest.raises(ValueError, match="feature_weight needs features of items"):
        EASERecommender(feature_weight=1.0).fit(X.iloc[:, :2], y)


def test_new_titles_without_features_are_refused(table):
    model = EASERecommender().fit(table[0].iloc[:, :2])
    with pytest.raises(ValueError, match="which fit did not use with feature_weight=0"):
        model.recommend(1, items=[[99]])


def test_failing_fit_leaves_the_old_model(table):
    X = table[0].iloc[:, :2]
    model = EASERecommender(ALPHA).fit(X)
    before = model.predict(X)
    with pytest.raises(ValueError, match="min_rating=11"):
        model.set_params(min_rating=11).fit(X, table[1])
    assert_allclose(model.predict(X), before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("params", "least"),
    [({}, 0.330), ({"alpha": 200.0, "n_components": 512}, 0.323)],
    ids=["exact", "512 components"],
)
def test_lists_of_real_data_reach_what_was_measured(real_folder, params, least):
    anime = load_anime(real_folder, unrated="nan")
    X, y = anime.data, anime.target
    train, test = next(LeaveKOutPerUser(5, random_state=0).split(X))
    model = EASERecommender(random_state=0, **params).fit(X.iloc[train], y.iloc[train])
    assert make_ranking_scorer("ndcg", k=10)(model, X.iloc[test], y.iloc[test]) >= least
