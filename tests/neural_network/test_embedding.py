"""Claims about EmbeddingRegressor.

Every fit builds a new graph, which takes about two seconds: tests share the fitted models of the
fixtures wherever they can, and those that need several fits are slow. Thresholds are wider than what was
measured, which the comments give.
"""

import os
import pickle
import random
import re
import subprocess
import sys
from copy import deepcopy
from io import BytesIO

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.compose import TransformedTargetRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import mean_absolute_error, mean_squared_error, root_mean_squared_error
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    cross_val_predict,
    train_test_split,
)

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.datasets import load_anime, load_anime_sample, make_ratings
from sklearn_anime.interactions import Interactions
from sklearn_anime.model_selection import NewItemSplit
from sklearn_anime.neural_network import EmbeddingRegressor
from sklearn_anime.neural_network._ensemble import Ensemble
from sklearn_anime.neural_network._inputs import TrainingRows
from sklearn_anime.neural_network._training import even_batches
from sklearn_anime.preprocessing import WeightedOneHotGenres

N_USERS, N_ITEMS, N_ROWS = 60, 40, 900
FLOAT32 = 1e-4  # the network computes in single precision

# Keras saves the tensors of TensorFlow, whose __array__ has no `copy` yet: drop it once it has.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")


def make_small(**params):
    quick = {"n_components": 4, "hidden_units": (4,), "epochs": 3, "batch_size": 256, "random_state": 0}
    return EmbeddingRegressor(**{**quick, **params})


@pytest.fixture(scope="module")
def table():
    """Rows of user, item, a feature of the item and a feature of the user, and whole ratings."""
    ratings = make_ratings(N_USERS, N_ITEMS, N_ROWS, random_state=0)
    rng = np.random.default_rng(0)
    episodes, age = rng.integers(1, 60, N_ITEMS), rng.integers(12, 70, N_USERS)
    X = ratings.data.assign(
        episodes=episodes[ratings.data["item_id"]], age=age[ratings.data["user_id"]]
    ).astype({"episodes": float})
    return X, ratings.target


@pytest.fixture(scope="module")
def small(table):
    return make_small().fit(*table)


@pytest.fixture(scope="module")
def without_history(table):
    return make_small(use_history=False).fit(*table)


@pytest.fixture(scope="module")
def predicted(small, table):
    return small.predict(table[0])


@pytest.fixture(scope="module")
def split():
    """Split the rows of the sample at random."""
    X, y = load_anime_sample(return_X_y=True)
    return train_test_split(X, y, test_size=0.1, random_state=0)


@pytest.fixture(scope="module")
def learned(split):
    X, _, y, _ = split
    return EmbeddingRegressor(epochs=10, batch_size=1024, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def cold():
    """Return rows of the sample with two features of the title, and the mask of sixty titles."""
    sample = load_anime_sample()
    titles = sample.catalog[["site_rating"]].assign(log_members=np.log(sample.catalog["members"]))
    X = sample.data.join(titles, on="anime_id")
    held_out = np.random.default_rng(0).choice(sample.catalog.index, 60, replace=False)
    return X, sample.target, X["anime_id"].isin(held_out).to_numpy()


@pytest.fixture(scope="module")
def with_features(cold):
    X, y, held_out = cold
    return EmbeddingRegressor(16, (16,), epochs=5, batch_size=1024, random_state=0).fit(
        X[~held_out], y[~held_out]
    )


@pytest.fixture(scope="module")
def stopped(table):
    """Return a model that learns its few rows by heart, and so gets worse on the held-out ones."""
    return make_small(
        n_components=32,
        l2=0.0,
        learning_rate=0.05,
        epochs=40,
        patience=3,
        validation_fraction=0.2,
        use_history=False,  # of the held-out pairs, too, once training is over
    ).fit(*table)


# What it learns


@pytest.mark.slow
def test_held_out_rows_of_the_sample_are_predicted_better_than_by_the_biases(learned, split):
    X, X_test, y, y_test = split
    biases = root_mean_squared_error(y_test, BiasRegressor().fit(X, y).predict(X_test))  # 1.16
    assert root_mean_squared_error(y_test, learned.predict(X_test)) < 0.95 * biases  # 1.07


def test_loss_falls(learned):
    assert learned.loss_curve_[-1] < 0.6 * learned.loss_curve_[0]  # 1.04 against 2.1


@pytest.mark.parametrize(
    ("by_ids", "share"),
    [
        (BiasRegressor(), 0.99),  # 1.23 against 1.26
        pytest.param(  # 1.23 against 1.29
            EmbeddingRegressor(16, (16,), epochs=5, batch_size=1024, random_state=0),
            0.97,
            marks=pytest.mark.slow,
        ),
    ],
    ids=["biases", "embeddings"],
)
def test_features_predict_titles_without_ratings_better_than_ids(cold, with_features, by_ids, share):
    X, y, held_out = cold
    ids = X[["user_id", "anime_id"]]
    blind = clone(by_ids).fit(ids[~held_out], y[~held_out]).predict(ids[held_out])
    seeing = with_features.predict(X[held_out])
    errors = [root_mean_squared_error(y[held_out], each) for each in (seeing, blind)]
    assert errors[0] < share * errors[1]


@pytest.mark.slow
def test_genres_predict_new_real_titles_better_than_biases(real_folder):
    anime = load_anime(real_folder, n_users=500, n_anime=1000)
    encoder = WeightedOneHotGenres().set_output(transform="pandas")
    genres = encoder.fit_transform(anime.catalog[["genre"]])
    X, y = anime.data.join(genres, on="anime_id"), anime.target
    train, test = next(NewItemSplit(20, random_state=0).split(X))
    X, X_test, y, y_test = X.iloc[train], X.iloc[test], y.iloc[train], y.iloc[test]
    biases = BiasRegressor().fit(X[["user_id", "anime_id"]], y).predict(X_test[["user_id", "anime_id"]])
    genres = EmbeddingRegressor(32, (16,), epochs=8, random_state=0).fit(X, y).predict(X_test)
    errors = [root_mean_squared_error(y_test, predicted) for predicted in (genres, biases)]
    assert errors[0] < 0.99 * errors[1], errors


def test_better_site_rating_predicts_a_better_rating(cold, with_features):
    rows = cold[0][cold[2]].head(200)
    better = rows.assign(site_rating=rows["site_rating"] + 1)
    assert (with_features.predict(better) > with_features.predict(rows)).mean() > 0.9


@pytest.mark.parametrize("feature", ["episodes", "age"])
def test_features_of_items_and_of_users_change_predictions(small, table, predicted, feature):
    X = table[0].assign(**{feature: table[0][feature] + 30})
    assert (np.abs(small.predict(X) - predicted) > 0.001).mean() > 0.5


def test_similar_items_share_their_franchise(learned):
    anime = load_anime_sample().catalog["name"]
    ball = anime.index[anime == "Dragon Ball Z"]
    found = learned.similar_items(ball, n_items=10)["neighbor"]
    assert anime[found].str.startswith("Dragon Ball").sum() >= 2, anime[found].tolist()


# What fit leaves behind


def test_embeddings_have_a_row_for_each_id(small):
    assert small.user_factors_.shape == (len(small.users_), 4)
    assert small.item_factors_.shape == (len(small.items_), 4)


def test_features_are_told_apart(small, table):
    episodes = table[0].groupby("item_id")["episodes"].first()
    age = table[0].groupby("user_id")["age"].first()
    assert_array_equal(small.item_features_.ravel(), episodes[small.items_])
    assert_array_equal(small.user_features_.ravel(), age[small.users_])


def test_model_is_a_keras_model_of_ids_and_features(small):
    assert isinstance(small.model_, keras.Model)
    assert set(small.model_.input) == {"user", "item", "features"}


@pytest.mark.parametrize(
    ("interaction", "present", "absent"),
    [
        pytest.param(
            "dot+mlp", {"dot", "hidden1", "hidden_rating"}, {"feature_weights"}, marks=pytest.mark.slow
        ),
        ("dot", {"dot", "feature_weights"}, {"hidden1", "hidden_rating"}),
        pytest.param(
            "concat", {"hidden1", "hidden_rating"}, {"dot", "feature_weights"}, marks=pytest.mark.slow
        ),
    ],
)
def test_interaction_chooses_how_the_vectors_meet(table, interaction, present, absent):
    model = make_small(interaction=interaction, epochs=5, learning_rate=0.05).fit(*table)
    layers = {layer.name for layer in model.model_.get_layer("rating").layers}
    assert present <= layers
    assert not absent & layers
    assert model.loss_curve_[-1] < 0.9 * np.var(table[1])


@pytest.mark.slow
def test_hidden_units_are_the_widths_of_the_hidden_layers(table):
    model = make_small(hidden_units=[5, 3], epochs=1).fit(*table)
    rating = model.model_.get_layer("rating")
    assert [rating.get_layer(f"hidden{place}").units for place in (1, 2)] == [5, 3]


@pytest.mark.slow
def test_without_hidden_units_the_vectors_and_features_add_up(table):
    model = make_small(hidden_units=(), interaction="concat", epochs=1).fit(*table)
    kernel, _ = model.model_.get_layer("rating").get_layer("hidden_rating").get_weights()
    assert kernel.shape == (4 + 4 + 2, 1)


@pytest.mark.parametrize("units", [(0,), (8, -1), (2.5,)])
def test_hidden_units_that_are_no_widths_are_named(table, units):
    with pytest.raises(ValueError, match=r"hidden_units=\(.*\) must hold a positive width"):
        make_small(hidden_units=units).fit(*table)


@pytest.mark.parametrize(
    "optimizer",
    ["sgd", *(pytest.param(name, marks=pytest.mark.slow) for name in ("adamw", "nadam", "rmsprop"))],
)
def test_every_optimizer_trains(table, optimizer):
    model = make_small(optimizer=optimizer, epochs=1).fit(*table)
    assert type(model.model_.optimizer).__name__.lower() == optimizer
    assert np.isfinite(model.predict(table[0])).all()


@pytest.mark.slow
def test_verbose_shows_a_line_for_each_epoch(table, capsys):
    make_small(verbose=2, epochs=2).fit(*table)
    assert "Epoch 2/2" in capsys.readouterr().out


# Loss curves


@pytest.mark.parametrize(
    ("loss", "error", "weighted"),
    [
        ("mae", mean_absolute_error, True),
        pytest.param("mae", mean_absolute_error, False, marks=pytest.mark.slow),
        pytest.param("mse", mean_squared_error, True, marks=pytest.mark.slow),
        pytest.param("mse", mean_squared_error, False, marks=pytest.mark.slow),
    ],
)
def test_loss_curve_is_the_error_of_the_predictions(table, loss, error, weighted):
    X, y = table
    weights = np.where(y > 7, 10.0, 0.5) if weighted else None
    params = {"loss": loss, "l2": 0.0, "unknown_rate": 0.0, "epochs": 20, "learning_rate": 0.05}
    model = make_small(**params).fit(X, y, weights)
    # The learning rate has fallen to 0 in the last epoch: its running mean is close to the end.
    expected = error(y, model.predict(X), sample_weight=weights)
    assert_allclose(model.loss_curve_[-1], expected, rtol=0.02)
    assert len(model.loss_curve_) == model.n_iter_ == model.best_epoch_ == 20
    assert model.validation_curve_ is None


# Weights and missing ratings


@pytest.mark.slow
def test_heavier_low_ratings_lower_the_predictions(table, predicted):
    X, y = table
    model = make_small().fit(X, y, sample_weight=np.where(y < 7, 20.0, 1.0))
    assert model.predict(X).mean() < predicted.mean() - 0.5


@pytest.mark.slow
def test_weight_two_equals_the_row_twice(table):
    X, y = table
    twice = np.arange(len(X)) % 3 == 0
    weighted = make_small().fit(X, y, sample_weight=1.0 + twice)
    repeated = make_small().fit(pd.concat([X, X[twice]]), pd.concat([y, y[twice]]))
    assert_allclose(weighted.predict(X), repeated.predict(X), rtol=FLOAT32)


@pytest.fixture(scope="module")
def with_unrated(table):
    """Return the rows of the table, then rows of other pairs without a rating."""
    X, y = table
    rated = set(zip(X["user_id"], X["item_id"], strict=True))
    new = X.assign(item_id=X["item_id"].to_numpy()[::-1], episodes=X["episodes"].to_numpy()[::-1])
    new = new[[pair not in rated for pair in zip(new["user_id"], new["item_id"], strict=True)]]
    return pd.concat([X, new], ignore_index=True), np.append(y, np.full(len(new), np.nan))


@pytest.fixture(scope="module")
def fitted_to_unrated(with_unrated):
    return make_small().fit(*with_unrated)


@pytest.mark.slow
def test_unrated_rows_teach_as_history(fitted_to_unrated, table, predicted):
    assert np.abs(fitted_to_unrated.predict(table[0]) - predicted).max() > 0.01


@pytest.mark.slow
def test_unrated_rows_teach_nothing_without_history(without_history, with_unrated, table):
    blind = make_small(use_history=False).fit(*with_unrated).predict(table[0])
    assert_allclose(blind, without_history.predict(table[0]), rtol=FLOAT32)


def test_unrated_rows_count_as_seen(fitted_to_unrated, with_unrated):
    X, user = with_unrated[0], with_unrated[0]["user_id"].iloc[-1]
    seen = X.loc[X["user_id"] == user, "item_id"]
    assert not fitted_to_unrated.recommend(user, n_items=N_ITEMS)["item_id"].isin(seen).any()


# Histories


@pytest.mark.slow
def test_history_predicts_better_than_ids_alone(learned, split):
    X, X_test, y, y_test = split
    ids = EmbeddingRegressor(use_history=False, epochs=10, batch_size=1024, random_state=0).fit(X, y)
    blind, seeing = (root_mean_squared_error(y_test, each.predict(X_test)) for each in (ids, learned))
    assert seeing < 0.97 * blind  # .88 against .93


def test_vectors_are_what_is_learned_of_the_id_plus_a_map_of_its_history(small, table):
    seen = small.interactions_.seen_matrix().toarray()
    rows = seen / np.linalg.norm(seen, axis=1, keepdims=True)
    network = small._ensemble.networks[0]
    learned = small.model_.get_layer("user_embedding").vectors.numpy()[:-1]
    kernel = small.model_.get_layer("user_embedding").vector_map.numpy()
    expected = learned + rows @ network.user.history.components.T @ kernel
    assert_allclose(small.user_factors_, expected, atol=1e-5)


def test_network_and_what_is_read_of_it_predict_the_same(small, table, predicted):
    X, ensemble = table[0], small._ensemble
    features = ensemble.standardization.standardize_features(X[["episodes", "age"]].to_numpy())
    inputs = {
        "user": np.searchsorted(small.users_, X["user_id"]),
        "item": np.searchsorted(small.items_, X["item_id"]),
        "features": features.astype(np.float32),
    }
    ratings = ensemble.standardization.restore(small.model_.predict(inputs, verbose=0).ravel())
    assert_allclose(ratings, predicted, rtol=FLOAT32)


def test_histories_stay_within_what_is_not_held_out():
    interactions = Interactions.from_rows([[1, 5], [1, 6], [2, 5]], [8, 7, 6], features="numbers")
    rows = TrainingRows.read(interactions).take([0, 2, 1])
    seen = rows.seen(interactions, 1)  # user 1 and item 6
    assert seen["user"].toarray().tolist() == [[1, 0], [1, 0]]
    assert seen["item"].toarray().tolist() == [[1, 1], [0, 0]]


def test_new_users_get_recommendations_from_what_they_have_seen(learned, split):
    X = split[0]
    heavy = X["user_id"].value_counts().index[:20]
    own = X[X["user_id"].isin(heavy)]
    found = learned.recommend(history=own.assign(user_id=-own["user_id"]), n_items=30)
    expected = learned.recommend(heavy, n_items=30)
    lists = [each.groupby("user_id")["anime_id"].agg(set) for each in (expected, found)]
    overlap = [len(lists[0][user] & lists[1][-user]) for user in heavy]
    assert np.mean(overlap) > 12, overlap


@pytest.mark.parametrize("use_history", [True, False])
def test_without_histories_all_new_users_are_the_unknown_user(
    table, small, without_history, use_history
):
    X, model = table[0], small if use_history else without_history
    history = X.loc[X["user_id"] < 2, ["user_id", "item_id"]]
    history = history.assign(user_id=-1 - history["user_id"])
    lists = model.recommend(history=history, n_items=3, exclude_seen=False)
    scores = lists.groupby("user_id")["score"].first()
    assert np.isclose(*scores, rtol=FLOAT32) == (not use_history)


# Several networks


@pytest.fixture(scope="module")
def two(table):
    return make_small(n_estimators=2).fit(*table)


def test_an_ensemble_is_the_mean_of_its_networks(two, table, predicted):
    mean, std = two.predict(table[0], return_std=True)
    assert_array_equal(mean, two.predict(table[0]))
    assert std.shape == mean.shape
    assert 0 < std.mean() < 3
    assert len(two.models_) == 2
    assert two.model_ is two.models_[0]
    assert two.user_factors_.shape == (len(two.users_), 8)
    first = Ensemble([two._ensemble.networks[0]], {}, two._ensemble.standardization, {})
    alone = deepcopy(two)
    alone._ensemble = first
    assert_allclose(alone.predict(table[0]), predicted, rtol=FLOAT32)  # the first has the seed of one


def test_deviation_is_the_spread_and_the_error_on_rows_held_out(two, table):
    """As in the Bayesian model: the noise of a rating is included."""
    ensemble, X = two._ensemble, table[0]
    sides = [(network.user.rows, network.item.rows) for network in ensemble.networks]
    user_codes, item_codes, rows = two._encode(X)
    spread = ensemble.rate(sides, user_codes, item_codes, rows.features()).std(axis=0)
    std = two.predict(X, return_std=True)[1]
    assert_allclose(std, np.sqrt(spread**2 + ensemble.noise**2))
    assert ensemble.noise > root_mean_squared_error(table[1], two.predict(X))  # seen in training


@pytest.mark.slow
def test_deviations_cover_as_many_new_ratings_as_they_say(split):
    X, X_test, y, y_test = split
    model = make_small(n_estimators=2, epochs=10).fit(X, y)
    predicted, std = model.predict(X_test, return_std=True)
    assert 0.9 < np.std((y_test - predicted) / std) < 1.1


@pytest.mark.slow
def test_noise_with_patience_is_that_of_the_pairs_held_out(table):
    model = make_small(n_estimators=2, patience=3, epochs=4, use_history=False).fit(*table)
    held_out = np.random.RandomState(0).permutation(N_ROWS)[-N_ROWS // 10 :]
    X, y = table[0].iloc[held_out], table[1].iloc[held_out]
    assert_allclose(model._ensemble.noise, root_mean_squared_error(y, model.predict(X)), rtol=FLOAT32)


@pytest.mark.slow
def test_deviation_of_a_single_rating_is_refused():
    model = make_small(n_estimators=2, epochs=1).fit([["ann", "Akira"]], [7.0])
    with pytest.raises(ValueError, match="one rated pair does not tell"):
        model.predict([["ann", "Akira"]], return_std=True)


def test_spread_of_one_network_is_refused(small, table):
    with pytest.raises(ValueError, match="return_std=True takes the spread of several networks"):
        small.predict(table[0], return_std=True)


# Training on


@pytest.mark.slow
def test_partial_fit_leaves_embeddings_of_absent_ids_and_lets_new_ones_join(small, table):
    X, y = table
    new = X.drop_duplicates("item_id").sort_values("item_id").head(35).assign(user_id=1000, age=30)
    model = deepcopy(small).partial_fit(new, y.head(35))
    assert model.users_[-1] == 1000
    learned = [each.model_.get_layer("user_embedding").vectors.numpy() for each in (small, model)]
    assert_array_equal(learned[1][:-2], learned[0][:-1])
    assert np.abs(learned[1][-2] - learned[0][-1]).max() > 0.001
    items = [each.model_.get_layer("item_embedding").vectors.numpy() for each in (small, model)]
    assert_array_equal(items[1][35:-1], items[0][35:-1])
    assert np.abs(items[1][:35] - items[0][:35]).min(axis=1).max() > 0
    assert not model.recommend(1000, n_items=N_ITEMS)["item_id"].isin(new["item_id"]).any()


@pytest.mark.slow
def test_partial_fit_moves_predictions_towards_new_ratings(small, table):
    rows = table[0][table[0]["user_id"] == 3]
    model = deepcopy(small).set_params(epochs=20).partial_fit(rows, np.full(len(rows), 1.0))
    assert model.predict(rows).mean() < small.predict(rows).mean() - 0.3  # half of their ratings are new


@pytest.mark.slow
def test_new_users_are_learned_by_partial_fit_and_cost_the_others_nothing(learned, split):
    X, X_test, y, y_test = split
    of_new_users = X["user_id"].isin(X["user_id"].value_counts().index[:3])
    new_users = X[of_new_users].assign(user_id=X["user_id"] + 10_000)
    model = deepcopy(learned).partial_fit(new_users[::2], y[of_new_users][::2])
    before, after = (root_mean_squared_error(y_test, each.predict(X_test)) for each in (learned, model))
    assert after < 1.01 * before  # 1.003
    unknown, known = (
        root_mean_squared_error(y[of_new_users][1::2], each.predict(new_users[1::2]))
        for each in (learned, model)
    )
    assert known < 0.9 * unknown


def test_partial_fit_moves_by_the_share_of_ratings_that_are_new(small, table):
    X, y = table
    ten = X.drop_duplicates("item_id").head(10).assign(user_id=1000)
    interactions = small.interactions_.extended(ten, y[:10])
    new = Interactions.from_rows(ten, y[:10], features="numbers")
    rows, others = (TrainingRows.read(each, like=interactions) for each in (new, small.interactions_))
    shares = rows.shares_beside(others, interactions.shape)
    known, added = (rows["item_id"].value_counts() for rows in (X, ten))
    expected = (added / known.add(added, fill_value=0)).reindex(small.items_).fillna(0)
    assert_allclose(shares["item"].ravel(), [*expected, 10 / (N_ROWS + 10)])
    assert_allclose(shares["user"].ravel(), [0] * N_USERS + [1, 10 / (N_ROWS + 10)])


@pytest.mark.slow
def test_partial_fit_of_a_model_with_patience_holds_nothing_out(stopped, table):
    before = stopped.n_iter_
    model = deepcopy(stopped).set_params(epochs=2).partial_fit(*table)
    assert np.isnan(model.validation_curve_).tolist() == [False] * before + [True, True]
    assert model.n_iter_ == len(model.loss_curve_) == model.best_epoch_ == before + 2


def test_partial_fit_with_swapped_id_columns_raises(small, table):
    model = deepcopy(small).set_params(user="item_id", item="user_id")
    with pytest.raises(ValueError, match="user was 0 in fit and is 'item_id' now"):
        model.partial_fit(*table)


def test_first_partial_fit_is_a_fit(table, predicted):
    assert_array_equal(make_small().partial_fit(*table).predict(table[0]), predicted)


def test_partial_fit_with_other_columns_raises_and_loses_nothing(small, table, predicted):
    model = deepcopy(small)
    with pytest.raises(ValueError, match="feature names should match"):
        model.partial_fit(table[0][["user_id", "item_id"]], table[1])
    assert_array_equal(model.predict(table[0]), predicted)


@pytest.mark.slow
def test_warm_start_goes_on_where_fit_ended(small, table):
    warm = deepcopy(small).set_params(warm_start=True).fit(*table)
    before = small.n_iter_
    assert warm.loss_curve_[:before] == small.loss_curve_
    assert warm.loss_curve_[before] < small.loss_curve_[-1] * 1.1
    assert warm.loss_curve_[before] < small.loss_curve_[0] * 0.9


@pytest.mark.slow
def test_epochs_are_counted_over_all_fits_that_go_on(table):
    model = make_small(warm_start=True, epochs=2).fit(*table).fit(*table)
    assert model.n_iter_ == len(model.loss_curve_) == 4
    assert model.validation_curve_ is None
    assert model.set_params(warm_start=False).fit(*table).n_iter_ == 2


@pytest.mark.slow
def test_warm_start_keeps_what_was_learned_of_ids_at_other_places(small, table):
    X, y = table
    later = X["user_id"] >= 30
    model = deepcopy(small).set_params(warm_start=True, epochs=1, learning_rate=1e-9)
    model.fit(X[later], y[later])
    assert_array_equal(model.users_, small.users_[small.users_ >= 30])
    old, new = (each.model_.get_layer("user_embedding").vectors.numpy() for each in (small, model))
    assert_allclose(new[:-1], old[:-1][small.users_ >= 30], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "value"), [("n_components", 5), ("hidden_units", (7,)), ("use_history", False)]
)
def test_training_on_with_another_shape_names_the_parameter(small, table, name, value):
    model = deepcopy(small).set_params(warm_start=True, **{name: value})
    with pytest.raises(ValueError, match=f"{name}=.* does not fit the trained network"):
        model.fit(*table)


# Watching


class Counting(keras.callbacks.Callback):
    """Write a line for each epoch."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch, logs=None):
        with self.path.open("a") as lines:
            lines.write(f"{epoch}\n")


@pytest.mark.slow
def test_keras_callbacks_watch_and_stay_as_they_were(table, tmp_path):
    callback = Counting(tmp_path / "epochs")
    model = make_small(callbacks=[callback]).fit(*table)
    assert (tmp_path / "epochs").read_text().split() == ["0", "1", "2"]
    assert callback.model is None
    assert clone(model).callbacks[0].path == callback.path
    pickle.dumps(model)


def test_callback_of_another_kind_is_named(table):
    with pytest.raises(TypeError, match=r"holds a Tasks, which is no keras\.callbacks\.Callback"):
        make_small(callbacks=[Tasks()]).fit(*table)


class Tasks:
    """A callback of scikit-learn that notes the tasks that have ended."""

    def __init__(self):
        self.ended = []

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.ended.append(context.task_name)

    def teardown(self, estimator, context):
        self.ended.append("teardown")


@pytest.mark.slow
def test_callbacks_of_scikit_learn_are_told_of_each_epoch(table):
    tasks = Tasks()
    make_small(n_estimators=2).set_callbacks(tasks).fit(*table)
    assert tasks.ended == ["epoch"] * 6 + ["fit", "teardown"]


@pytest.mark.parametrize(
    ("n_rows", "most", "expected"),
    [
        (10_000, 8192, (313, 32)),
        (320_000, 8192, (8000, 40)),
        (320_001, 8192, (8001, 40)),  # and not 39 of 8192 rows and one of 513
        (320_000, "auto", (8000, 40)),
        (5_120_000, "auto", (20_000, 256)),
        (100, 8192, (34, 3)),
        (100, 7, (7, 15)),
        (5, 8192, (5, 1)),
    ],
)
def test_batches_of_an_epoch_are_about_equal(n_rows, most, expected):
    assert even_batches(n_rows, most) == expected


@pytest.mark.slow
def test_progress_bar_of_scikit_learn_shows_the_fit(table, capsys):
    pytest.importorskip("rich")
    make_small(epochs=2).set_callbacks(ProgressBar()).fit(*table)
    shown = capsys.readouterr().out
    assert "EmbeddingRegressor - fit" in shown
    assert "100%" in shown


@pytest.mark.slow
def test_verbose_shows_one_bar(table, capsys):
    make_small(verbose=1).fit(*table)
    shown = capsys.readouterr().out
    assert "3/3" in shown
    assert shown.count("\n") == 1


@pytest.mark.slow
def test_networks_that_stop_early_share_the_bar(table, capsys):
    make_small(verbose=1, n_estimators=2, patience=0, learning_rate=0.2, epochs=10).fit(*table)
    shown = capsys.readouterr().out
    assert "20/20" in shown
    assert shown.count("\n") == 1


# Early stopping


@pytest.mark.slow
def test_patience_stops_after_the_best_epoch(stopped):
    best = int(np.argmin(stopped.validation_curve_)) + 1
    assert stopped.best_epoch_ == best
    assert stopped.n_iter_ == best + 3 < 40


def test_best_weights_come_back(stopped, table):
    X, y = table
    # The pairs are the rows, which are sorted: the held-out ones end the permutation of fit.
    held_out = np.random.RandomState(0).permutation(N_ROWS)[-N_ROWS // 5 :]
    error = mean_squared_error(y.iloc[held_out], stopped.predict(X.iloc[held_out]))
    assert_allclose(error, min(stopped.validation_curve_), rtol=FLOAT32)
    assert X["user_id"].iloc[held_out].nunique() > N_USERS / 2  # at random, not the last rows


@pytest.mark.slow
def test_large_validation_fraction_still_trains_on_the_rest(table):
    X, y = table
    model = make_small(validation_fraction=0.9, patience=1, epochs=1).fit(X[:10], y[:10])
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize(
    ("fraction", "left"), [(0.04, "0 to validate and 10"), (0.96, "10 to validate and 0")]
)
def test_validation_fraction_that_leaves_nothing_is_named(table, fraction, left):
    X, y = table
    with pytest.raises(
        ValueError, match=rf"validation_fraction={fraction} of 10 rated pairs leaves {left}"
    ):
        make_small(validation_fraction=fraction, patience=1).fit(X[:10], y[:10])


# Bad input, and nothing lost


@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [
        ("adam", 1e6),
        pytest.param("adam", 2.0, marks=pytest.mark.slow),
        pytest.param("sgd", 1e3, marks=pytest.mark.slow),
    ],
)
def test_training_that_diverges_names_the_learning_rate(
    table, small, predicted, optimizer, rate, tmp_path
):
    callback = Counting(tmp_path / "epochs")
    model = deepcopy(small).set_params(optimizer=optimizer, learning_rate=rate, callbacks=[callback])
    with pytest.raises(ValueError, match=rf"Training diverged.*Lower learning_rate={rate}"):
        model.fit(*table)
    assert_array_equal(model.predict(table[0]), predicted)
    if rate == 1e6:  # it stops at once
        assert len(callback.path.read_text().split()) == 1


def test_divergence_of_the_only_step_is_seen(table):
    X, y = table
    with pytest.raises(ValueError, match="Training diverged"):
        make_small(learning_rate=1e30, epochs=1).fit(X[:10], y[:10])


@pytest.mark.slow
def test_ratings_far_from_those_of_the_first_fit_do_not_count_as_divergence(small, table):
    X = table[0]
    model = deepcopy(small).partial_fit(X[:100], np.full(100, 100.0))
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("package", ["scikeras", "keras"])
def test_missing_package_is_named_with_the_remedy(table, small, predicted, monkeypatch, package):
    for name in list(sys.modules):
        if name.split(".")[0] == package or name == "sklearn_anime.neural_network._training":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match="The networks need keras, scikeras and the backend"):
        make_small().fit(*table)


def test_text_feature_is_named(table):
    X, y = table
    with pytest.raises(ValueError, match=r"column 'type' of X holds 'TV' \(row 0\).*OneHotEncoder"):
        make_small().fit(X.assign(type="TV"), y)


def test_missing_feature_is_named(table):
    X, y = table
    with pytest.raises(ValueError, match=r"nan in row 4 of column 'episodes'.*SimpleImputer"):
        make_small().fit(X.assign(episodes=X["episodes"].where(np.arange(len(X)) != 4)), y)


def test_missing_feature_at_predict_is_named(small, table):
    with pytest.raises(ValueError, match="nan in row 0 of column 'age'"):
        small.predict(table[0].assign(age=np.nan))


def test_features_are_needed_at_predict(small, table):
    with pytest.raises(ValueError, match="feature names should match"):
        small.predict(table[0][["user_id", "item_id"]])


def test_unknown_ids_get_a_rating_near_the_range(small, table):
    X, y = table
    rows = X.head(3).assign(user_id=[-1, X["user_id"][1], -1], item_id=[X["item_id"][0], -1, -1])
    assert ((small.predict(rows) > y.min() - 1) & (small.predict(rows) < y.max() + 1)).all()


def test_all_unknown_users_share_one_rating(small, table):
    rows = table[0].head(1)
    assert_allclose(small.predict(rows.assign(user_id=-1)), small.predict(rows.assign(user_id=999)))


@pytest.mark.parametrize(("column", "ids"), [("user_id", "users_"), ("item_id", "items_")])
def test_unknown_id_has_a_row_of_its_own(small, table, column, ids):
    row, ids = table[0].head(1), getattr(small, ids)
    known = small.predict(pd.concat([row] * len(ids)).assign(**{column: ids}))
    assert not np.isclose(known, small.predict(row.assign(**{column: -1})), rtol=1e-6).any()


@pytest.mark.slow
def test_constant_ratings_are_predicted(table):
    model = make_small().fit(table[0], np.full(N_ROWS, 7.0))
    assert_allclose(model.predict(table[0]), 7.0, atol=0.1)


# Randomness


@pytest.mark.slow
def test_fit_and_predict_leave_the_generators_of_python_and_numpy_alone(table):
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    expected = random.getstate(), np.random.get_state()  # noqa: NPY002
    make_small(dropout=0.1).fit(*table).predict(table[0])
    found = random.getstate(), np.random.get_state()  # noqa: NPY002
    assert found[0] == expected[0]
    assert_array_equal(found[1][1], expected[1][1])


def test_fit_does_not_ask_others_for_seeds(small):
    tensorflow.random.set_seed(None)
    assert sorted(tensorflow.random.shuffle([1, 2, 3]).numpy()) == [1, 2, 3]


def test_unpickling_leaves_the_generator_of_python_alone(small):
    copy = pickle.dumps(small)
    state = random.getstate()
    pickle.loads(copy)
    assert random.getstate() == state


@pytest.mark.slow
def test_equal_random_state_gives_equal_predictions_in_threads(table, predicted):
    fits = joblib.Parallel(2, prefer="threads")(
        joblib.delayed(make_small().fit)(*table) for _ in range(2)
    )
    for model in fits:
        assert_array_equal(model.predict(table[0]), predicted)


@pytest.mark.slow
def test_equal_random_state_gives_equal_predictions(table, predicted):
    assert_array_equal(make_small().fit(*table).predict(table[0]), predicted)


@pytest.mark.slow
def test_other_random_state_gives_other_predictions(table, predicted):
    assert np.abs(make_small(random_state=1).fit(*table).predict(table[0]) - predicted).max() > 0.01


IN_A_FRESH_PROCESS = """
import pickle, sys
import numpy as np
folder = sys.argv[1]
old, X, y = pickle.load(open(f"{folder}/model.pickle", "rb"))
np.save(f"{folder}/old.npy", old.predict(X))
np.save(f"{folder}/new.npy", type(old)(**old.get_params()).fit(X, y).predict(X))
"""


TENSORFLOW_LINES = r"WARNING: All log messages before absl|I0000 .*(cudart_stub|computation_placer)"


@pytest.mark.slow
def test_fresh_process_predicts_the_same_from_a_pickle_and_from_a_fit(small, table, predicted, tmp_path):
    (tmp_path / "model.pickle").write_bytes(pickle.dumps((small, *table)))
    run = [sys.executable, "-c", IN_A_FRESH_PROCESS, tmp_path]
    said = subprocess.run(run, check=True, timeout=300, capture_output=True, text=True)
    # TensorFlow reports a missing GPU in C++ when it is imported, whatever its log level.
    lines = [line for line in said.stderr.splitlines() if not re.match(TENSORFLOW_LINES, line)]
    assert (said.stdout, lines) == ("", [])
    assert_array_equal(np.load(tmp_path / "old.npy"), predicted)
    assert_array_equal(np.load(tmp_path / "new.npy"), predicted)


WITH_JAX = """
import keras
from sklearn.model_selection import train_test_split
from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.neural_network import EmbeddingRegressor
X, X_test, y, y_test = train_test_split(*load_anime_sample(return_X_y=True), random_state=0)
model = EmbeddingRegressor(16, epochs=3, random_state=0).fit(X, y)
print(keras.backend.backend(), model.score(X_test, y_test))
model.partial_fit(X_test, y_test).recommend(X["user_id"].head(3))
"""


@pytest.mark.slow
def test_jax_trains_the_network_too():
    pytest.importorskip("jax")
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    run = [sys.executable, "-c", WITH_JAX]
    shown = subprocess.run(run, env=environment, check=True, timeout=300, capture_output=True, text=True)
    backend, r2 = shown.stdout.split()
    assert backend == "jax"
    assert float(r2) > 0.5  # .6


def joblib_round_trip(model):
    buffer = BytesIO()
    joblib.dump(model, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


@pytest.mark.parametrize(
    "copy",
    [lambda model: pickle.loads(pickle.dumps(model)), joblib_round_trip, deepcopy],
    ids=["pickle", "joblib", "deepcopy"],
)
def test_copies_predict_and_recommend_the_same(small, table, predicted, copy):
    twin = copy(small)
    assert_array_equal(twin.predict(table[0]), predicted)
    pd.testing.assert_frame_equal(twin.recommend(3), small.recommend(3))


# Under the tools of scikit-learn


@pytest.mark.slow
def test_searches_choose_the_better_penalty(table):
    grid, folds = {"l2": [0.1, 1e4]}, KFold(2, shuffle=True, random_state=0)
    model = make_small(epochs=5, learning_rate=0.05)
    for search in (
        GridSearchCV(model, grid, cv=folds, n_jobs=2),
        HalvingGridSearchCV(model, grid, cv=folds, factor=2, random_state=0),
    ):
        assert search.fit(*table).best_params_ == {"l2": 0.1}


@pytest.mark.slow
def test_target_transformer_and_cross_validation_predict_ratings(table):
    X, y = table
    model = TransformedTargetRegressor(make_small(), func=np.log, inverse_func=np.exp)
    rated = cross_val_predict(model, X, y, cv=KFold(2, shuffle=True, random_state=0))
    assert rated.shape == y.shape
    assert mean_squared_error(y, rated) < 1.2 * np.var(y)


# Rankings, neighbors and factors


def test_lists_rank_the_predictions_of_unseen_items(small, table):
    X, user = table[0], 3
    own = X[X["user_id"] == user]
    episodes = X.groupby("item_id")["episodes"].first()
    unseen = episodes.drop(own["item_id"]).reset_index()
    rows = unseen.assign(user_id=user, age=own["age"].iloc[0])[list(X.columns)]
    expected = pd.Series(small.predict(rows), rows["item_id"]).sort_values(ascending=False)
    found = small.recommend(user, n_items=N_ITEMS)
    assert found.columns.tolist() == ["user_id", "item_id", "score", "rank"]
    assert_allclose(found["score"], expected, rtol=FLOAT32)
    assert_allclose(found["score"], expected[found["item_id"]], rtol=FLOAT32)


def test_new_titles_are_ranked_by_their_features(cold, with_features):
    X, _, held_out = cold
    columns = ["anime_id", "site_rating", "log_members"]
    new = X.loc[held_out, columns].drop_duplicates()
    user = X["user_id"].iloc[0]
    found = with_features.recommend(user, n_items=60, items=new, include=new["anime_id"])
    rows = new.assign(user_id=user)[["user_id", *columns]]
    expected = pd.Series(with_features.predict(rows), new["anime_id"])
    assert set(found["anime_id"]) == set(new["anime_id"])
    assert_allclose(found["score"], expected[found["anime_id"]], rtol=FLOAT32)


@pytest.mark.parametrize("has_features", [True, False])
def test_new_users_without_histories_are_rated_as_the_unknown_user(table, without_history, has_features):
    small = without_history
    history = table[0].head(2).assign(user_id=-1)
    history = history if has_features else history[["user_id", "item_id"]]
    found = small.recommend(history=history, n_items=3)
    own = history["age"].iloc[0] if has_features else small.user_features_.mean()
    rows = pd.DataFrame({"user_id": -1, "item_id": found["item_id"]})
    rows["episodes"] = small.item_features_.ravel()[np.searchsorted(small.items_, found["item_id"])]
    assert_allclose(found["score"], small.predict(rows.assign(age=own)), rtol=FLOAT32)


@pytest.mark.parametrize(
    ("method", "embedding", "ids"),
    [
        ("similar_items", "item_factors_", "items_"),
        ("similar_users", "user_factors_", "users_"),
    ],
)
def test_neighbors_are_the_cosines_of_the_embeddings(small, method, embedding, ids):
    vectors, ids = getattr(small, embedding), getattr(small, ids)
    cosine = vectors @ vectors[5] / np.linalg.norm(vectors, axis=1) / np.linalg.norm(vectors[5])
    nearest = [place for place in np.argsort(-cosine) if place != 5][:3]
    found = getattr(small, method)(ids[5], 3)
    assert found["neighbor"].tolist() == ids[nearest].tolist()
    assert_allclose(found["similarity"], cosine[nearest], rtol=FLOAT32)


def test_unknown_item_has_no_neighbors(small):
    with pytest.raises(KeyError, match="item -7 was not in the rows of fit"):
        small.similar_items(-7)


def test_transform_puts_the_embeddings_of_user_and_item_side_by_side(small, table):
    rows = table[0].head(2).assign(item_id=[table[0]["item_id"][0], -1])
    item = small.item_factors_[np.searchsorted(small.items_, rows["item_id"][0])]
    user = small.user_factors_[np.searchsorted(small.users_, rows["user_id"])]
    assert_allclose(small.transform(rows), np.hstack([user, [item, np.zeros(4)]]))
    sides = [f"{side}_factor{i}" for side in ("user", "item") for i in range(4)]
    assert small.get_feature_names_out().tolist() == sides


def test_new_titles_without_features_raise(learned):
    with pytest.raises(ValueError, match="EmbeddingRegressor does not use item features"):
        learned.recommend(1, items=[[9999]])
