"""Claims about EASERecommender; those about features are in test_ease_features.py."""

import pickle
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from plain_ridge import N_ITEMS, N_USERS, make_table, ridge_weights, wide
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.datasets import load_anime, load_anime_sample, make_ratings
from sklearn_anime.linear_model import EASERecommender, _ease, _tail
from sklearn_anime.metrics import make_ranking_scorer
from sklearn_anime.model_selection import LeaveKOutPerUser

ALPHA = 2.0
SOLVERS = pytest.mark.parametrize("params", [{}, {"n_components": N_ITEMS}], ids=["exact", "low-rank"])
DROPOUT = pytest.mark.parametrize("dropout", [0.0, 0.3])
TOLERANCE = {"rtol": 1e-3, "atol": 1e-5}  # weights are kept in single precision


def make_model(alpha=ALPHA, **params):
    """Return the model of the first paper: all rows weigh the same, and nothing is dropped."""
    plain = {"dropout": 0.0, "user_power": 0.0, "tail": 0.0, "random_state": 0}
    return EASERecommender(alpha, **plain | params)


def ridge_of(rows, dropout=0.0):
    return ALPHA + dropout / (1 - dropout) * np.asarray(rows).sum(axis=0)


def scores_of(model, users=None):
    """Return the table of all scores that a model recommends by."""
    found = model.recommend(users, n_items=N_ITEMS, exclude_seen=False)
    return found.pivot(index="user_id", columns="anime_id", values="score")


@pytest.fixture(scope="module")
def table():
    return make_table()


@pytest.fixture(scope="module")
def rows(table):
    return wide(table[0])


@pytest.fixture(scope="module")
def all_pairs(rows):
    pairs = pd.MultiIndex.from_product([rows.index, rows.columns], names=["user_id", "anime_id"])
    return pairs.to_frame(index=False)


# The model


@SOLVERS
@DROPOUT
def test_scores_are_those_of_a_ridge_regression_for_each_item(table, rows, params, dropout):
    model = make_model(dropout=dropout, **params).fit(table[0])
    expected = rows @ ridge_weights(rows, ridge_of(rows, dropout))
    assert_allclose(scores_of(model), expected, **TOLERANCE)


@DROPOUT
@pytest.mark.parametrize("shape", [(40, 25), (25, 40)], ids=["more users", "more items"])
def test_full_rank_is_the_exact_model(dropout, shape):
    X = make_ratings(*shape, 300, random_state=0).data
    models = [
        make_model(dropout=dropout, solver=solver, n_components=min(shape)).fit(X)
        for solver in ("cholesky", "svd")
    ]
    exact, low_rank = (model.predict(X) for model in models)
    assert_allclose(low_rank, exact, **TOLERANCE)


@DROPOUT
def test_low_rank_scores_follow_the_formula(table, rows, dropout):
    model = make_model(n_components=4, dropout=dropout).fit(table[0])
    seen, ridge = rows.to_numpy(), ridge_of(rows, dropout)
    _, s, vt = np.linalg.svd(seen * ridge**-0.5, full_matrices=False)
    c = s[:4] ** 2 / (s[:4] ** 2 + 1)
    inner = vt[:4].T * c @ vt[:4]
    h = np.diag(inner)
    weights = ridge[:, None] ** -0.5 * inner * ridge**0.5 / (1 - h)
    np.fill_diagonal(weights, 0.0)
    assert_allclose(scores_of(model), seen @ weights, **TOLERANCE)


def test_what_was_seen_counts_whether_rated_or_not(table, rows):
    X, y = table
    expected = scores_of(make_model().fit(X))
    for ratings in (y, np.full(len(X), np.nan), y.fillna(1.0)):
        pd.testing.assert_frame_equal(scores_of(make_model().fit(X, ratings)), expected)


def test_repeated_rows_count_once(table):
    X, _ = table
    found = make_model().fit(pd.concat([X, X[::3]]))
    pd.testing.assert_frame_equal(scores_of(found), scores_of(make_model().fit(X)))


@SOLVERS
def test_a_pair_that_was_seen_does_not_speak_for_itself(params):
    X = [["ann", "Akira"], ["bob", "Bleach"], ["cat", "Bleach"]]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A table of")
        model = make_model(**params).fit(X)
    assert_allclose(model.predict([["ann", "Akira"], ["bob", "Bleach"]]), 0, atol=1e-6)


def test_weights_by_hand():
    # B'B + I has the rows 2 1 0, 1 3 1 and 0 1 2; the middle column of its inverse is -1/4, 1/2, -1/4.
    model = make_model(1.0).fit([["ann", 0], ["ann", 1], ["bob", 1], ["bob", 2]])
    assert_allclose(model.predict([["ann", 1], ["bob", 1]]), [0.5, 0.5], rtol=1e-6)
    assert_allclose(model.predict([["ann", 2]]), [-0.2 + 0.4], rtol=1e-6)


@pytest.mark.parametrize("alpha", [0.5, 20.0])
def test_single_precision_holds_the_scores(alpha, monkeypatch):
    X = make_ratings(2000, 300, 60_000, random_state=0).data
    single = make_model(alpha).fit(X)
    monkeypatch.setattr(_ease, "gram_dtype", lambda *args: np.dtype(np.float64))
    monkeypatch.setattr(
        "sklearn_anime.linear_model._gram.gram_dtype", lambda *args: np.dtype(np.float64)
    )
    double = make_model(alpha).fit(X)
    assert (single._weights.weights.dtype, double._weights.weights.dtype) == (np.float32, np.float64)
    assert_allclose(single.predict(X), double.predict(X), atol=2e-4)


# Solvers


def test_auto_is_exact_unless_told_otherwise_or_too_large(table, monkeypatch):
    X, _ = table
    assert make_model().fit(X).solver_ == "cholesky"
    assert make_model(n_components=3).fit(X).solver_ == "svd"
    assert make_model(n_components=3, solver="cholesky").fit(X).solver_ == "cholesky"
    monkeypatch.setattr(_ease, "LARGEST_GRAM", 4 * N_ITEMS**2 - 1)
    assert make_model().fit(X).solver_ == "svd"


def test_catalog_too_large_for_the_exact_solver_is_named_with_its_size():
    X = pd.DataFrame({"user": 0, "item": np.arange(1_000_000)})
    with pytest.raises(ValueError, match=r"needs 3,725.3 GiB for 1000000 items. Give n_components"):
        EASERecommender(solver="cholesky").fit(X)


@pytest.mark.filterwarnings("error")
def test_svd_without_n_components_takes_what_the_table_allows(table):
    model = make_model(solver="svd").fit(table[0])
    assert_allclose(scores_of(model), scores_of(make_model().fit(table[0])), **TOLERANCE)


def test_more_components_than_the_table_allows_warn_once(table):
    message = (
        rf"A table of {N_USERS} users and {N_ITEMS} items does not allow n_components=10 \(used: 9\)"
    )
    with pytest.warns(UserWarning, match=message) as warned:
        model = make_model(n_components=10).fit(table[0])
    assert len(warned) == 1
    assert warned[0].filename == __file__
    assert model.n_components == 10


@pytest.mark.usefixtures("krylov")
@pytest.mark.parametrize("tail", [0.0, 0.6])
def test_low_rank_makes_no_array_of_items_by_items_that_has_no_room(tail, monkeypatch):
    monkeypatch.setattr(_tail, "LARGEST_GRAM", 0)
    X = make_ratings(200, 4000, 8000, random_state=0).data
    tracemalloc.start()
    model = EASERecommender(n_components=8, tail=tail, random_state=0).fit(X)
    model.recommend([0, 1])
    model.similar_items(model.items_[:2])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * len(model.items_) ** 2 / 5


@pytest.mark.usefixtures("krylov")
def test_the_seed_decides_the_low_rank_model():
    X = make_ratings(300, 200, 4000, random_state=0).data
    one, same, other = (
        EASERecommender(n_components=5, random_state=seed).fit(X).predict(X) for seed in (0, 0, 1)
    )
    assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0


# What it answers


@SOLVERS
def test_predict_is_the_score_of_the_list(table, all_pairs, params):
    model = make_model(**params).fit(table[0])
    assert_allclose(model.predict(all_pairs), scores_of(model).to_numpy().ravel(), atol=1e-6)


@SOLVERS
def test_predict_does_not_depend_on_blocks_and_order(table, all_pairs, params):
    model = make_model(**params).fit(table[0])
    expected = model.predict(all_pairs)
    with config_context(working_memory=1e-4):  # room for one user at a time
        found = model.predict(all_pairs.iloc[::-1])[::-1]
    assert_allclose(found, expected, atol=1e-6)


def test_unknown_ids_score_zero(table):
    model = make_model().fit(table[0])
    rows = pd.DataFrame([("?", "i1"), ("u01", "?"), ("?", "?")], columns=["user_id", "anime_id"])
    assert_array_equal(model.predict(rows), 0.0)


@SOLVERS
def test_new_users_are_served_as_if_they_had_been_there(table, rows, params):
    X, _ = table
    model = make_model(**params).fit(X)
    history = pd.DataFrame({"user_id": "new", "anime_id": ["i0", "i3", "i7"]})
    found = model.recommend(history=history, n_items=N_ITEMS).set_index("anime_id")["score"]
    weights = ridge_weights(rows, ridge_of(rows))
    expected = pd.Series(weights[[0, 3, 7]].sum(axis=0), rows.columns).drop(["i0", "i3", "i7"])
    assert_allclose(found[expected.index], expected, **TOLERANCE)
    assert found.is_monotonic_decreasing


def test_history_equal_to_the_rows_of_fit_changes_nothing(table):
    X, _ = table
    model = make_model().fit(X)
    history = X[X["user_id"] == "u02"]
    pd.testing.assert_frame_equal(model.recommend(history=history), model.recommend("u02"))


def test_unknown_items_of_a_history_are_counted_in_one_warning(table):
    history = [("new", "i0"), ("new", "?"), ("new", "??")]
    with pytest.warns(UserWarning, match=r"^2 item\(s\) of history=") as warned:
        make_model().fit(table[0].to_numpy()).recommend(history=history)
    assert len(warned) == 1


def test_users_without_history_get_the_most_popular(table):
    X, _ = table
    model = make_model().fit(X)
    with pytest.warns(UserWarning, match="1 of 1 users have no history"):
        found = model.recommend("?", n_items=3)
    with pytest.warns(UserWarning, match="1 of 1 users have no history"):
        expected = PopularityRecommender().fit(X).recommend("?", n_items=3)
    pd.testing.assert_frame_equal(found, expected)


@SOLVERS
def test_contributions_are_the_weights_of_what_was_seen_and_add_up(table, rows, all_pairs, params):
    model = make_model(**params).fit(*table)
    weights = pd.DataFrame(ridge_weights(rows, ridge_of(rows)), rows.columns, rows.columns)
    for (user, item), score in list(zip(all_pairs.to_numpy(), model.predict(all_pairs), strict=True))[
        ::7
    ]:
        terms = model.explain(user, item, n=N_ITEMS)
        assert_allclose(terms["contribution"].sum(), score, atol=1e-5)
        seen = terms[terms["term"] == "neighbor"]
        assert_allclose(seen["contribution"], weights.loc[seen["anime_id"], item], **TOLERANCE)
        assert set(seen["anime_id"]) == set(rows.columns[rows.loc[user] > 0]) - {item}
        assert seen["contribution"].abs().is_monotonic_decreasing


def test_explanations_show_ratings_and_sum_up_the_others(table):
    X, y = table
    terms = make_model().fit(X, y).explain("u03", "i0", n=1)
    assert terms["term"].tolist() == ["neighbor", "rest"]
    item = terms["anime_id"][0]
    rating = y[(X["user_id"] == "u03") & (X["anime_id"] == item)].item()
    assert_array_equal(terms["rating"], [rating, np.nan])


@pytest.mark.parametrize("pair", [("?", "i1"), ("u01", "?"), ("?", "?")])
def test_explanation_of_unknown_ids_raises(table, pair):
    with pytest.raises(KeyError, match=r"'\?' was not in the rows of fit"):
        make_model().fit(*table).explain(*pair)


@SOLVERS
def test_explanation_for_a_new_user_adds_up_to_the_score(table, params):
    model = make_model(**params).fit(*table)
    history = [["new", "i0"], ["new", "i3"]]
    for item, score in model.recommend(history=history)[["anime_id", "score"]].itertuples(index=False):
        terms = model.explain("new", item, history=history)
        assert_allclose(terms["contribution"].sum(), score, atol=1e-5)


@pytest.mark.parametrize(
    "changed",
    [{"feature_weight": 2.0}, {"min_rating": 5}, {"user": 1, "item": 0}],
    ids=["feature_weight", "min_rating", "user"],
)
def test_partial_fit_with_another_reading_of_the_rows_raises(table, changed):
    X, y = table
    model = make_model().fit(X, y).set_params(**changed)
    before = model.recommend("u03")
    with pytest.raises(ValueError, match=rf"{next(iter(changed))} was .* in fit and is .* now"):
        model.partial_fit(X, y)
    pd.testing.assert_frame_equal(model.recommend("u03"), before)


@SOLVERS
@DROPOUT
def test_similar_items_have_the_highest_partial_correlation(table, rows, params, dropout):
    model = make_model(dropout=dropout, **params).fit(table[0])
    seen = rows.to_numpy()
    p = np.linalg.inv(seen.T @ seen + np.diag(ridge_of(rows, dropout)))
    expected = pd.DataFrame(-p / np.sqrt(np.outer(np.diag(p), np.diag(p))), rows.columns, rows.columns)
    found = model.similar_items(["i3", "i5"], n_items=N_ITEMS)
    for item, near in found.groupby("anime_id"):
        assert len(near) == N_ITEMS - 1
        assert_allclose(near["similarity"], expected.loc[item, near["neighbor"]], **TOLERANCE)
        assert near["similarity"].is_monotonic_decreasing


def test_similarity_is_the_geometric_mean_of_the_weights_in_both_directions(table, rows):
    weights = pd.DataFrame(ridge_weights(rows, ridge_of(rows)), rows.columns, rows.columns)
    near = make_model().fit(table[0]).similar_items("i3", n_items=N_ITEMS)
    there, back = weights.loc["i3", near["neighbor"]], weights.loc[near["neighbor"], "i3"]
    expected = np.sign(there.to_numpy()) * np.sqrt(there.to_numpy() * back.to_numpy())
    assert_allclose(near["similarity"], expected, **TOLERANCE)


@pytest.mark.filterwarnings("ignore:k=10 is more than the 9 items")
def test_score_is_the_ndcg_of_the_lists(table):
    X, _ = table
    train, test = next(LeaveKOutPerUser(1, min_items=3, random_state=0).split(X))
    model = make_model().fit(X.iloc[train])
    expected = make_ranking_scorer("ndcg", k=10)(model, X.iloc[test])
    assert 0 < expected == model.score(X.iloc[test])


@SOLVERS
def test_lists_do_not_depend_on_jobs_and_blocks(table, params):
    expected = make_model(**params).fit(table[0]).recommend()
    with config_context(working_memory=1e-4):
        found = make_model(n_jobs=2, **params).fit(table[0]).recommend()
    pd.testing.assert_frame_equal(found, expected, rtol=1e-4)


@pytest.mark.parametrize(
    "call",
    [
        lambda model: model.recommend(),
        lambda model: model.predict([["ann", "Akira"]]),
        lambda model: model.explain("ann", "Akira"),
        lambda model: model.similar_items("Akira"),
    ],
)
def test_before_fit_every_answer_says_so(call):
    with pytest.raises(NotFittedError, match="This EASERecommender instance is not fitted yet"):
        call(make_model())


# min_rating


def test_min_rating_learns_from_good_ratings_alone_and_hides_all_that_was_seen(table, rows):
    X, y = table
    model = make_model(min_rating=6).fit(X, y)
    good = wide(X[y >= 6]).reindex(index=rows.index, columns=rows.columns, fill_value=0.0)
    expected = good @ ridge_weights(good, ridge_of(good))
    found = scores_of(model, rows.index[good.sum(axis=1) > 0])
    assert_allclose(found, expected.loc[found.index], **TOLERANCE)
    seen = X[X["user_id"] == "u03"]["anime_id"]
    assert not set(seen) & set(model.recommend("u03", n_items=N_ITEMS)["anime_id"])


def test_users_without_a_good_rating_get_the_most_popular():
    X = [["ann", 1], ["ann", 2], ["bob", 1], ["bob", 3], ["cat", 3], ["dan", 3], ["dan", 2]]
    model = EASERecommender(1.0, min_rating=7).fit(X, [8, 9, 8, 7, 2, np.nan, np.nan])
    for user in ("cat", "dan"):
        with pytest.warns(UserWarning, match="1 of 1 users have no history"):
            found = model.recommend(user, n_items=1)
        assert found["item"].tolist() == [1]
        with pytest.raises(ValueError, match="has no history that the model can score from"):
            model.explain(user, 1)


def test_min_rating_reads_the_ratings_of_a_history(table):
    X, y = table
    model = make_model(min_rating=6).fit(X, y)
    history = pd.DataFrame({"user_id": "new", "anime_id": ["i0", "i3"]})
    found = model.recommend(history=(history, [9, 2]), n_items=N_ITEMS)
    alone = model.recommend(history=(history[:1], [9]), exclude=["i3"], n_items=N_ITEMS)
    pd.testing.assert_frame_equal(found, alone)


def test_min_rating_explains_by_good_ratings_alone(table):
    X, y = table
    model = make_model(min_rating=6).fit(X, y)
    terms = model.explain("u03", "i0", n=N_ITEMS)
    assert (terms["rating"].dropna() >= 6).all()
    pair = pd.DataFrame({"user_id": ["u03"], "anime_id": ["i0"]})
    assert_allclose(terms["contribution"].sum(), model.predict(pair), atol=1e-6)


def test_min_rating_that_nothing_reaches_raises_and_leaves_the_model_as_it_was(table):
    X, y = table
    model = make_model().fit(X, y)
    expected = model.recommend()
    with pytest.raises(ValueError, match=r"No rating in y reaches min_rating=11: the largest is 10.0"):
        model.set_params(min_rating=11).fit(X, y)
    pd.testing.assert_frame_equal(model.set_params(min_rating=None).recommend(), expected)


def test_min_rating_needs_ratings(table):
    with pytest.raises(ValueError, match="requires y to be passed"):
        make_model(min_rating=6).fit(table[0])


# partial_fit


@SOLVERS
def test_shards_give_the_model_of_one_fit(table, all_pairs, params):
    X, _ = table
    model = make_model(**params)
    for shard in (X[:60], X[60:61], X[61:]):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "A table of")  # the first shards are small
            model.partial_fit(shard)
    assert_allclose(
        model.predict(all_pairs), make_model(**params).fit(X).predict(all_pairs), **TOLERANCE
    )


def test_shards_with_min_rating_give_the_model_of_one_fit(table, all_pairs):
    X, y = table
    model = make_model(min_rating=6).partial_fit(X[:60], y[:60]).partial_fit(X[60:], y[60:])
    expected = make_model(min_rating=6).fit(X, y).predict(all_pairs)
    assert_allclose(model.predict(all_pairs), expected, **TOLERANCE)


def test_new_users_and_items_join_at_the_end():
    model = make_model().fit([["bob", 2], ["bob", 3]]).partial_fit([["ann", 1], ["bob", 1]])
    assert model.users_.tolist() == ["bob", "ann"]
    assert model.items_.tolist() == [2, 3, 1]
    assert model.recommend("ann", n_items=1)["item"].tolist() == [2]


def test_bad_rows_leave_the_model_as_it_was(table):
    X, y = table
    model = make_model().fit(X, y)
    expected = model.recommend()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.partial_fit(X[:3], y[:2])
    pd.testing.assert_frame_equal(model.recommend(), expected)


# Tables of any kind, and the rest of scikit-learn


def test_any_container_gives_the_same_scores(table, all_pairs, container):
    X = container({name: X.tolist() for name, X in table[0].items()})
    pairs = container({name: values.tolist() for name, values in all_pairs.items()})
    found = make_model().fit(X).predict(pairs)
    assert_allclose(found, make_model().fit(table[0]).predict(all_pairs), rtol=1e-5)


def test_frames_come_out_in_the_library_of_fit(table):
    model = make_model().fit(pl.DataFrame(table[0].to_dict("list")), table[1].to_numpy())
    answers = (model.recommend("u03"), model.similar_items("i1"), model.explain("u03", "i0"))
    assert all(isinstance(answer, pl.DataFrame) for answer in answers)


def test_columns_are_found_by_name_and_position(table, all_pairs):
    X, _ = table
    swapped = make_model(user="user_id", item="anime_id").fit(X[["anime_id", "user_id"]])
    expected = make_model().fit(X).predict(all_pairs)
    assert_array_equal(swapped.predict(all_pairs[["anime_id", "user_id"]]), expected)


@SOLVERS
def test_pickle_and_clone_give_the_same_model(table, all_pairs, params):
    model = make_model(**params).fit(table[0])
    expected = model.predict(all_pairs)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(all_pairs), expected)
    assert_array_equal(clone(model).fit(table[0]).predict(all_pairs), expected)


def test_grid_search_over_alpha_finds_the_better_one():
    X = load_anime_sample().data
    search = GridSearchCV(
        EASERecommender(),
        {"alpha": [100.0, 1e5], "dropout": [0.0, 0.2]},
        scoring=make_ranking_scorer("ndcg", k=10, sample_users=200, random_state=0),
        cv=LeaveKOutPerUser(5, random_state=0),
    ).fit(X)
    assert search.best_params_["alpha"] == 100.0


def test_defaults_beat_popularity_by_far_on_the_sample():
    X = load_anime_sample().data
    train, test = next(LeaveKOutPerUser(5, random_state=0).split(X))
    popular, ease = (
        model.fit(X.iloc[train]).score(X.iloc[test])
        for model in (PopularityRecommender(), EASERecommender())
    )
    assert ease > 2.5 * popular


@pytest.mark.slow
@pytest.mark.parametrize(
    ("params", "at_least"),
    [
        ({}, 0.33),
        ({"n_components": 512, "random_state": 0}, 0.33),
        ({"n_components": 1024, "random_state": 0}, 0.333),
    ],
    ids=["exact", "512 components", "1,024 components"],
)
def test_lists_on_real_ratings(real_folder, params, at_least):
    seen = load_anime(real_folder, unrated="nan")
    train, test = next(LeaveKOutPerUser(5, random_state=0).split(seen.data))
    model = EASERecommender(**params).fit(seen.data.iloc[train])
    assert model.score(seen.data.iloc[test]) > at_least
