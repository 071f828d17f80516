"""Claims about SequenceRecommender.

Every fit builds a new graph, which takes seconds: quick tests share the fitted models of the fixtures,
and those that need fits of their own are slow.
"""

import os
import pickle
import subprocess
import sys
from copy import deepcopy

import keras
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics.pairwise import cosine_similarity

from sklearn_anime.interactions import Interactions
from sklearn_anime.linear_model import NextItemRecommender
from sklearn_anime.neural_network import SequenceRecommender
from sklearn_anime.neural_network._first_vectors import random_vectors, transition_vectors
from sklearn_anime.neural_network._sequence_ensemble import NewRows
from sklearn_anime.neural_network._sequences import ItemFeatures, TrainingSequences, latest

N_ITEMS = 12
CELLS = ("gru", "lstm", "attention")
FLOAT32 = 1e-4  # the network computes in single precision

# Keras saves the tensors of TensorFlow, whose __array__ has no `copy` yet: drop it once it has.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")


def make_small(cell="gru", **params):
    quick = {"n_components": 8, "max_length": 6, "epochs": 30, "learning_rate": 0.03, "dropout": 0.0}
    return SequenceRecommender(cell, **{**quick, "time": "time", "random_state": 0, **params})


def cycles(n_users=40, length=5, seed=0):
    """Return rows of users who each go through five items of a cycle of twelve, in random order."""
    first = np.arange(n_users) % N_ITEMS
    rows = pd.DataFrame({
        "user": np.repeat(np.arange(n_users), length),
        "item": (np.repeat(first, length) + np.tile(np.arange(length), n_users)) % N_ITEMS,
        "time": np.tile(np.arange(length), n_users),
    })  # fmt: skip
    return rows.assign(even=1.0 * (rows["item"] % 2 == 0)).sample(frac=1, random_state=seed)


@pytest.fixture(scope="module")
def table():
    return cycles()


@pytest.fixture(scope="module")
def small(table):
    return make_small().fit(table)


def next_items(model, history):
    """Return the first recommendation after some sequences of items, given in the order of time."""
    rows = [(user, item, when) for user, items in enumerate(history) for when, item in enumerate(items)]
    history = pd.DataFrame(rows, columns=["user", "item", "time"])
    return model.recommend(history=history, n_items=1)["item"].tolist()


def test_the_next_item_of_a_cycle_comes_first(small):
    assert next_items(small, [[3, 4], [10, 11], [0]]) == [5, 0, 1]


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("n_negatives", [None, 4])
def test_every_cell_learns_the_cycle(table, cell, n_negatives):
    rate = {"lstm": 0.1, "gru": 0.03, "attention": 0.03}[cell]
    model = make_small(cell, n_negatives=n_negatives, epochs=60, learning_rate=rate).fit(table)
    assert next_items(model, [[3, 4], [10, 11], [0]]) == [5, 0, 1]


def test_the_order_of_time_counts_and_not_that_of_the_rows(small):
    rows = pd.DataFrame({"user": ["me", "me"], "item": [8, 2], "time": [7.0, 3.0]})
    assert small.recommend(history=rows, n_items=1)["item"].tolist() == [9]
    assert small.recommend(history=rows[::-1], n_items=1)["item"].tolist() == [9]


def test_scores_are_probabilities(small):
    scores = small.recommend(users=[0, 1], n_items=N_ITEMS, exclude_seen=False)
    assert_allclose(scores.groupby("user")["score"].sum(), 1.0, rtol=FLOAT32)


def test_scores_are_the_softmax_of_what_is_documented(small):
    biases = small._ensemble.networks[0].item.rows[:-1, -1]
    logits = small.user_factors_[0] @ small.item_factors_.T + biases
    expected = np.exp(logits) / np.exp(logits).sum()
    X = pd.DataFrame({"user": 0, "item": small.items_, "time": 0, "even": 0.0})
    assert_allclose(small.predict(X), expected, rtol=FLOAT32)


def test_the_loss_is_the_cross_entropy_of_all_positions(small, table):
    pieces = TrainingSequences.read(small.interactions_, max_length=6)
    rows = small._ensemble.networks[0].item.rows
    states = np.asarray(small.model_.get_layer("states")(rows[pieces.items, :-1], training=False))
    logits = states @ rows[:-1, :-1].T + rows[:-1, -1]
    logits -= np.log(np.exp(logits).sum(axis=2, keepdims=True))
    entropies = -np.take_along_axis(logits, pieces.targets[..., None], axis=2)[..., 0]
    found = small.model_({name: values[:4] for name, values in pieces.inputs().items()}, training=False)
    assert_allclose(found, (entropies * pieces.weights).sum(axis=1)[:4], rtol=FLOAT32)


def test_new_items_are_ranked_by_their_features(small):
    new = pd.DataFrame({"item": [100, 101], "even": [1.0, 0.0]})
    history = pd.DataFrame({"user": ["me", "me"], "item": [1, 2], "time": [0, 1]})
    found = small.recommend(history=history, items=new, n_items=20)
    assert set(found["item"]) == {*range(N_ITEMS), 100, 101} - {1, 2}
    scores = found.set_index("item")["score"]
    assert scores[101] > scores[100]  # after an even item comes an odd one


@pytest.mark.slow
def test_new_items_need_features(table):
    model = make_small(epochs=1).fit(table[["user", "item", "time"]])
    with pytest.raises(ValueError, match="does not use item features"):
        model.recommend(items=pd.DataFrame({"item": [100]}))


def test_longer_histories_than_max_length_are_read_from_their_end(small):
    long = [[5, 4, 3, 11, 10, 9, 8, 0, 1, 2], [10, 9, 8, 0, 1, 2]]
    rows = [(user, item, when) for user, items in enumerate(long) for when, item in enumerate(items)]
    history = pd.DataFrame(rows, columns=["user", "item", "time"])
    found = small.recommend(history=history, n_items=N_ITEMS, exclude_seen=False)
    scores = found.pivot(index="user", columns="item", values="score")
    assert_allclose(scores.loc[0], scores.loc[1], rtol=FLOAT32)


def test_a_copy_through_pickle_recommends_the_same(small):
    again = pickle.loads(pickle.dumps(small))
    pd.testing.assert_frame_equal(again.recommend([0, 1]), small.recommend([0, 1]))


@pytest.mark.slow
def test_the_seed_decides(small, table):
    again = clone(small).fit(table)
    assert_array_equal(again.item_factors_, small.item_factors_)
    assert again.loss_curve_ == small.loss_curve_


@pytest.mark.slow
def test_weight_zero_is_absent(table):
    weights = np.where(table["user"] < 5, 0.0, 1.0)
    weighted = make_small(epochs=2).fit(table, sample_weight=weights)
    without = make_small(epochs=2).fit(table[table["user"] >= 5], sample_weight=np.ones(175))
    assert_array_equal(weighted.users_, without.users_)
    assert_allclose(weighted.item_factors_, without.item_factors_, rtol=FLOAT32)


@pytest.mark.slow
def test_weights_are_those_of_targets():
    X = pd.DataFrame({"user": np.repeat(np.arange(20), 2), "item": 0, "time": np.tile([0, 1], 20)})
    X.loc[X["time"] == 1, "item"] = 1 + X["user"] % 2
    weights = np.where(X["item"] == 2, 3.0, 1.0)
    scores = (
        make_small(epochs=40)
        .fit(X, sample_weight=weights)
        .recommend(history=pd.DataFrame({"user": ["me"], "item": [0], "time": [0]}), n_items=2)
    )
    assert scores["item"].tolist() == [2, 1]
    assert_allclose(scores["score"], [0.75, 0.25], atol=0.05)  # the shares of the weights


@pytest.mark.slow
def test_early_stopping_watches_held_out_users(table):
    model = make_small(patience=1, epochs=200, validation_fraction=0.25, learning_rate=0.1).fit(table)
    assert model.n_iter_ < 200
    assert model.best_epoch_ == np.argmin(model.validation_curve_) + 1
    assert len(model.users_) == 40


@pytest.mark.parametrize("fraction", [0.01, 0.99])
def test_a_fraction_that_leaves_no_user_raises(table, fraction):
    left = round(fraction * 40)
    with pytest.raises(ValueError, match=f"validation_fraction={fraction} of 40 users leaves {left}"):
        make_small(patience=1, validation_fraction=fraction).fit(table)


@pytest.mark.slow
def test_partial_fit_takes_new_users_and_items(small, table):
    model = deepcopy(small).set_params(epochs=60)
    new = pd.DataFrame({"user": np.arange(100, 120), "item": 50, "time": 99, "even": 1.0})
    rows = pd.concat([new.assign(item=3, time=98, even=0.0), new])
    model.partial_fit(rows)
    assert next_items(model, [[3]]) == [50]
    assert model.n_iter_ == 30 + 60
    unchanged = [item for item in range(N_ITEMS) if item != 3]
    before, after = (each._ensemble.networks[0].item.learned for each in (small, model))
    assert_array_equal(after[unchanged], before[unchanged])
    assert not np.allclose(after[3], before[3])


def test_partial_fit_needs_the_same_shape(small, table):
    model = deepcopy(small).set_params(n_components=3)
    with pytest.raises(ValueError, match="n_components=3 does not fit the trained network"):
        model.partial_fit(table)


@pytest.mark.slow
def test_networks_of_an_ensemble_are_averaged(table):
    model = make_small(n_estimators=2, epochs=2).fit(table)
    assert model.item_factors_.shape == (N_ITEMS, 16)
    assert len(model.models_) == 2
    rows = model.interactions_.take([0])
    each = [network.probabilities(rows, 6) for network in model._ensemble.networks]
    assert not np.allclose(*each)
    assert_allclose(model._score_block(rows), np.mean(each, axis=0), rtol=FLOAT32)


@pytest.mark.slow
def test_callbacks_watch_the_training(table, capsys):
    class Count(keras.callbacks.Callback):
        epochs = []

        def on_epoch_end(self, epoch, logs=None):
            self.epochs.append(sorted(logs))

    model = make_small(epochs=2, callbacks=[Count()], verbose=2).fit(table)
    assert Count.epochs == [["error", "loss"]] * 2
    assert "Epoch 2/2" in capsys.readouterr().out
    assert isinstance(model.get_params()["callbacks"][0], Count)


@pytest.mark.slow
def test_the_linear_model_joins_the_scores(table):
    base = NextItemRecommender(1.0, user=1, item=0)  # its columns are those of the network
    model = make_small(epochs=2, base=base).fit(table)
    rows = model.interactions_.take([0, 1])
    linear = NextItemRecommender(1.0, time="time").fit(table)._score_block(rows)
    expected = (np.maximum(linear, 0) + 1e-4) ** 0.8 * model._ensemble.probabilities(rows) ** 0.2
    assert_allclose(model._score_block(rows), expected, rtol=FLOAT32)
    new = pd.DataFrame({"item": [100], "even": [1.0]})
    assert model.recommend([0], items=new, n_items=20)["score"].notna().all()
    model.partial_fit(pd.DataFrame({"user": [0], "item": [50], "time": [99], "even": [1.0]}))
    assert_array_equal(model.base_.items_, model.items_)


@pytest.mark.slow
def test_forgetting_is_a_fit_without_the_rows(small, table):
    forgotten = deepcopy(small).forget(users=[0, 1])
    expected = clone(small).fit(table[table["user"] > 1].sort_values("time", kind="stable"))
    assert_array_equal(forgotten.users_, expected.users_)
    assert_allclose(forgotten.loss_curve_, expected.loss_curve_, rtol=FLOAT32)


@pytest.mark.slow
def test_training_that_diverges_names_the_learning_rate(table):
    with pytest.raises(ValueError, match=r"Training diverged.*Lower learning_rate=10000000000.0"):
        make_small(learning_rate=1e10, optimizer="sgd").fit(table)


@pytest.mark.slow
def test_features_of_users_are_not_used(table):
    X = table.assign(age=table["user"] + 20.0)
    with pytest.warns(UserWarning, match=r"Columns \['age'\] of X are constant within each user"):
        assert make_small(epochs=1).fit(X).item_features_.shape == (N_ITEMS, 1)


WITH_JAX = """
import keras
from sklearn_anime.neural_network import SequenceRecommender
X = [[user, item, item] for user in range(30) for item in range(user % 9, user % 9 + 4)]
model = SequenceRecommender(n_components=4, max_length=5, epochs=60, n_negatives=5, learning_rate=0.03,
                            time=2, random_state=0).fit(X)
found = model.recommend(history=[["me", 1, 1], ["me", 2, 2]], n_items=1)
print(keras.backend.backend(), found["item"][0])
"""


@pytest.mark.slow
def test_jax_trains_the_network_too():
    pytest.importorskip("jax")
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    run = [sys.executable, "-c", WITH_JAX]
    shown = subprocess.run(run, env=environment, check=True, timeout=300, capture_output=True, text=True)
    assert shown.stdout.split() == ["jax", "3"]


def test_first_vectors_of_items_that_stand_together_are_near():
    X = [[user, item] for user in range(20) for item in ((0, 1, 2) if user % 2 else (3, 4, 5))]
    vectors = transition_vectors(ordered(X), 2, 5, np.random.RandomState(0))
    similarity = cosine_similarity(vectors)
    assert similarity[0, 1] > 0.9 > 0.5 > abs(similarity[0, 4])
    assert_allclose((vectors**2).sum(axis=1).mean(), 1.0, atol=0.1)  # and random vectors of length 0.1


def test_first_vectors_are_random_where_no_item_follows():
    vectors = transition_vectors(ordered([["a", 0], ["b", 1]]), 4, 5, np.random.RandomState(0))
    assert_array_equal(vectors, random_vectors(2, 4, np.random.RandomState(0)))


def ordered(X):
    return Interactions.from_rows(X, needs_ratings=False, ordered=True)


def test_sequences_are_cut_from_their_end():
    pieces = TrainingSequences.read(ordered([["a", item] for item in (4, 3, 2, 1, 0)]), max_length=2)
    assert pieces.items.tolist() == [[5, 5], [4, 3], [2, 1]]
    assert pieces.targets.tolist() == [[4, 0], [3, 2], [1, 0]]
    assert pieces.weights.tolist() == [[1, 0], [1, 1], [1, 1]]


def test_the_latest_items_end_where_scoring_reads():
    items, last = latest(ordered([["a", 0], ["a", 1], ["a", 2], ["b", 2]]).take([0, 1, -1]), 2)
    assert items.tolist() == [[1, 2], [3, 2], [3, 3]]
    assert last.tolist() == [1, 1, 0]


def test_weights_are_scaled_apart_for_the_held_out_pieces():
    rows = ordered([["a", 0], ["b", 0], ["b", 1], ["c", 1]])
    scaled = TrainingSequences.read(rows, 2).scaled(n_last=1)
    assert_allclose(scaled.weights, [[2 / 3, 0], [2 / 3, 2 / 3], [1, 0]])


def test_features_have_a_mean_square_length_of_one():
    features = np.random.default_rng(0).normal(3.0, 2.0, (50, 4))
    coordinates = ItemFeatures.fit(features).coordinates(features)
    assert_allclose((coordinates**2).sum(axis=1).mean(), 1.0, rtol=1e-5)


def test_new_rows_are_those_of_the_second_table():
    before, X = ordered([["a", "x"], ["a", "y"]]), [["a", "z"], ["b", "x"]]
    new = NewRows.between(before, ordered(X), before.extended(X, optional=True))
    assert new.item_codes.tolist() == [0, 1, -1]
    assert new.weights.tolist() == [0, 0, 1, 1]
    assert new.shares["item"].ravel().tolist() == [0.5, 0.0, 1.0, 0.5]
