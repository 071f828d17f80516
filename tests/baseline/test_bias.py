"""Mean, user bias and item bias against a direct solution of the regularized least squares."""

import narwhals as nw
import numpy as np
import pandas as pd
import pytest
from sklearn.base import is_regressor
from sklearn.model_selection import KFold, cross_val_score, train_test_split

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.datasets import load_anime

ROWS = {
    "user_id": ["ann", "ann", "bob", "bob", "cat"],
    "anime_id": [1, 2, 1, 3, 2],
}
RATINGS = [9, 7, 6, 8, 3]


def solution(X, y, weights, shrinkage):
    """Return mean and biases of a table of codes by the normal equations (numpy.linalg)."""
    n_users, n_items = X.max(axis=0) + 1
    design = np.hstack([np.eye(n_users)[X[:, 0]], np.eye(n_items)[X[:, 1]]])
    mean = np.average(y, weights=weights)
    normal = design.T @ (weights[:, None] * design) + shrinkage * np.eye(n_users + n_items)
    biases = np.linalg.solve(normal, design.T @ (weights * (y - mean)))
    return mean, biases[:n_users], biases[n_users:]


def random_table(seed):
    """Return rows, some of them repeated, in which every user and item appears."""
    rng = np.random.RandomState(seed)
    X = rng.randint([12, 8], size=(80, 2))
    X[:12, 0], X[:8, 1] = np.arange(12), np.arange(8)
    return X, rng.randint(1, 11, size=80), rng.randint(1, 4, size=80)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("shrinkage", [0.1, 3.0, 50])
def test_fit_equals_the_direct_solution(seed, shrinkage):
    X, y, weights = random_table(seed)
    model = BiasRegressor(shrinkage, max_iter=2000, tol=1e-12).fit(X, y, sample_weight=weights)
    mean, user_bias, item_bias = solution(X, y, weights, shrinkage)
    assert model.mean_rating_ == pytest.approx(mean)
    np.testing.assert_allclose(model.user_bias_, user_bias, atol=1e-8)
    np.testing.assert_allclose(model.item_bias_, item_bias, atol=1e-8)


def test_the_default_sweeps_are_enough():
    X, y, weights = random_table(0)
    model = BiasRegressor().fit(X, y, sample_weight=weights)
    _, user_bias, item_bias = solution(X, y, weights, 3.0)
    np.testing.assert_allclose(model.user_bias_, user_bias, atol=1e-3)
    np.testing.assert_allclose(model.item_bias_, item_bias, atol=1e-3)
    assert model.n_iter_ < model.max_iter


def test_without_shrinkage_an_additive_table_is_recovered():
    users, items = np.indices((4, 5)).reshape(2, -1)
    ratings = 6.0 + users - 0.5 * items
    X = np.column_stack([users, items])
    np.testing.assert_allclose(BiasRegressor(0).fit(X, ratings).predict(X), ratings, atol=1e-3)


def test_one_sweep_shrinks_a_single_rating_to_its_half():
    # Mean 6, residuals 2 and -2: those of the item cancel out, a user's shrinks to 2 / (1 + 1).
    X, y = [["ann", 1], ["bob", 1]], [8, 4]
    model = BiasRegressor(1, max_iter=1).fit(X, y)
    assert model.mean_rating_ == 6
    assert model.item_bias_.tolist() == [0]
    assert model.user_bias_.tolist() == [1, -1]


def test_the_level_is_shared_by_both_sides_from_the_first_sweep():
    # Moving a constant from one side to the other changes no prediction; the squares are least
    # where the sums are equal.
    X, y, _ = random_table(2)
    model = BiasRegressor(max_iter=1).fit(X, y)
    assert model.user_bias_.sum() == pytest.approx(model.item_bias_.sum())


def test_integer_weights_equal_repetition():
    X, y, weights = random_table(3)
    weights[::5] = 0
    weighted = BiasRegressor().fit(X, y, sample_weight=weights)
    repeated = BiasRegressor().fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X))


def test_rows_seen_and_not_rated_do_not_move_the_ratings(container):
    more = {name: [*values, new] for (name, values), new in zip(ROWS.items(), ["cat", 3], strict=True)}
    model = BiasRegressor().fit(container(more), [*RATINGS, np.nan])
    expected = BiasRegressor().fit(container(ROWS), RATINGS).predict(container(ROWS))
    np.testing.assert_allclose(model.predict(container(ROWS)), expected)


def test_a_user_without_ratings_has_no_bias():
    model = BiasRegressor().fit([["ann", 1], ["bob", 1], ["cat", 1]], [8, 4, np.nan])
    assert model.user_bias_[2] == 0


def test_prediction_is_mean_plus_biases(container):
    model = BiasRegressor().fit(container(ROWS), RATINGS)
    expected = model.mean_rating_ + model.user_bias_[1] + model.item_bias_[1]
    pair = {"user_id": ["bob"], "anime_id": [2]}
    assert model.predict(container(pair)).tolist() == pytest.approx([expected])


def test_unknown_ids_fall_back_to_what_is_known(container):
    model = BiasRegressor().fit(container(ROWS), RATINGS)
    pairs = {"user_id": ["ann", "zoe", "zoe"], "anime_id": [99, 3, 99]}
    mean, user_bias, item_bias = model.mean_rating_, model.user_bias_[0], model.item_bias_[2]
    expected = [mean + user_bias, mean + item_bias, mean]
    assert model.predict(container(pairs)).tolist() == pytest.approx(expected)


def test_ids_of_another_type_are_unknown():
    model = BiasRegressor().fit([[1, 1], [2, 2]], [8, 4])
    with (
        pytest.warns(UserWarning, match="user ids of X was"),
        pytest.warns(UserWarning, match="item ids"),
    ):
        assert model.predict([["1", "2"]]).tolist() == [6]


def test_further_columns_are_not_used(frame_library):
    X = frame_library({**ROWS, "genre": ["Action"] * 5})
    model = BiasRegressor().fit(X, RATINGS)
    expected = BiasRegressor().fit(frame_library(ROWS), RATINGS).predict(frame_library(ROWS))
    assert model.predict(X).tolist() == expected.tolist()
    assert model.n_features_in_ == 3


def test_explanation_of_a_rating_adds_up_to_the_prediction():
    model = BiasRegressor().fit(pd.DataFrame(ROWS), RATINGS)
    predicted = model.predict(pd.DataFrame({"user_id": ["bob"], "anime_id": [3]}))[0]
    terms = model.explain("bob", 3, of="rating")
    assert terms.columns.tolist() == ["term", "anime_id", "weight", "rating", "contribution"]
    assert terms["term"].tolist() == ["mean rating", "user bias", "item bias", "rest"]
    assert terms["contribution"].sum() == pytest.approx(predicted, abs=1e-12)


@pytest.mark.parametrize("history", [None, ([["bob", 1], ["bob", 2]], [10, 9])])
def test_explanation_of_a_score_adds_up_to_that_of_the_recommendation(history):
    model = BiasRegressor().fit(pd.DataFrame(ROWS), RATINGS)
    frame = model.recommend("bob", history=history, exclude_seen=False)
    for item, score in zip(frame["anime_id"], frame["score"], strict=True):
        terms = model.explain("bob", item, history=history)
        assert terms["contribution"].sum() == pytest.approx(score, abs=1e-12)


def test_explanation_for_a_new_user_needs_a_history():
    model = BiasRegressor().fit(pd.DataFrame(ROWS), RATINGS)
    history = ([["zoe", 1]], [10])
    score = model.recommend(history=history, include=[3])["score"][0]
    for of in ("score", "rating"):
        terms = model.explain("zoe", 3, history=history, of=of)
        assert terms["contribution"].sum() == pytest.approx(score, abs=1e-12)
    with pytest.raises(KeyError, match=r"user 'zoe' was not in the rows of fit"):
        model.explain("zoe", 3)


def test_explanation_of_an_unknown_item_raises():
    model = BiasRegressor().fit(pd.DataFrame(ROWS), RATINGS)
    with pytest.raises(KeyError, match=r"item 99 was not in the rows of fit"):
        model.explain("bob", 99)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"of": "taste"}, ValueError, r"of='taste' .*\['score', 'rating'\]"),
        ({"n": 0}, ValueError, r"n == 0, must be >= 1"),
        ({"history": [["yan", 1]]}, ValueError, r"User 'zoe' has no history that the model can score"),
    ],
)
def test_explanation_of_something_else_raises(given, error, message):
    model = BiasRegressor().fit(pd.DataFrame(ROWS), RATINGS)
    with pytest.raises(error, match=message):
        model.explain("zoe", 3, **{"history": [["zoe", 1]], **given})


def test_models_without_sums_have_no_explanation():
    assert not hasattr(PopularityRecommender(), "explain")


def test_explanation_is_in_the_frame_library_of_fit(frame_library):
    X = frame_library(ROWS)
    terms = BiasRegressor().fit(X, RATINGS).explain("bob", 3)
    assert type(terms) is type(X)
    assert nw.from_native(terms)["term"].to_list()[0] == "mean rating"


def test_scores_of_a_list_are_predicted_ratings():
    # The biases of users are read from their history again: equal up to the tolerance of fit.
    X, y, _ = random_table(4)
    model = BiasRegressor(tol=1e-10, max_iter=500).fit(X, y)
    frame = model.recommend()
    np.testing.assert_allclose(
        frame["score"], model.predict(frame[["user", "item"]].to_numpy()), atol=1e-6
    )


def test_a_history_of_ratings_gives_a_bias_to_a_new_user():
    model = BiasRegressor(shrinkage=1).fit(pd.DataFrame(ROWS), RATINGS)
    frame = model.recommend(history=([["zoe", 1]], [10]), include=[2])
    residual = 10 - model.mean_rating_ - model.item_bias_[0]
    expected = model.mean_rating_ + residual / 2 + model.item_bias_[1]
    assert frame["score"].tolist() == pytest.approx([expected])


def test_it_is_a_regressor_for_scikit_learn():
    assert is_regressor(BiasRegressor())


def test_cross_validation_scores_it():
    X, y, _ = random_table(0)
    scores = cross_val_score(BiasRegressor(), X, y, cv=KFold(4, shuffle=True, random_state=0))
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    "parameters",
    [{"shrinkage": -1}, {"max_iter": 0}, {"tol": -1e-3}, {"user": 1.5}, {"item": -1}],
    ids=str,
)
def test_bad_parameter_raises_with_the_message_of_scikit_learn(parameters):
    name = next(iter(parameters))
    with pytest.raises(ValueError, match=rf"The '{name}' parameter of BiasRegressor must be"):
        BiasRegressor(**parameters).fit(pd.DataFrame(ROWS), RATINGS)


def test_real_ratings_are_predicted_better_than_by_the_mean(real_folder):
    anime = load_anime(real_folder)
    X_train, X_test, y_train, y_test = train_test_split(
        anime.data, anime.target, test_size=0.2, random_state=0
    )
    assert BiasRegressor().fit(X_train, y_train).score(X_test, y_test) > 0.4
