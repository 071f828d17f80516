"""Claims about the Keras layers of EmbeddingRegressor."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_anime.neural_network._keras_model import DotProduct, EmbeddingWithHistory, HideIds

CODES = np.array([0, 3, 3, 1])


def make_embedding(seed=0, **params):
    """Return a layer of four codes, of which each variable is drawn at random."""
    layer = EmbeddingWithHistory(**{"n_codes": 4, "width": 3, "n_components": 2, **params})
    layer.build((None,))
    rng = np.random.default_rng(seed)
    for variable in layer.weights:
        variable.assign(rng.normal(size=variable.shape))
    return layer


@pytest.mark.parametrize("whole", [True, False])
def test_rows_are_what_was_learned_plus_a_map_of_the_history(whole):
    layer = make_embedding(whole=whole)
    learned = np.hstack([layer.vectors.numpy(), layer.biases.numpy()])
    kernel = np.hstack([layer.vector_map.numpy(), layer.bias_map.numpy()])
    expected = (learned + layer.history.numpy() @ kernel)[CODES]
    assert_allclose(np.hstack([rows.numpy() for rows in layer(CODES)]), expected, rtol=1e-5)


def test_without_histories_rows_are_what_was_learned():
    layer = make_embedding(n_components=0)
    vectors, biases = layer(CODES)
    assert_array_equal(vectors.numpy(), layer.vectors.numpy()[CODES])
    assert_array_equal(biases.numpy(), layer.biases.numpy()[CODES])


def test_penalty_weighs_codes_by_their_share_of_the_rows():
    layer = make_embedding(l2=0.5, map_l2=0.0)
    layer(CODES)
    squares = (np.hstack([layer.vectors.numpy(), layer.biases.numpy()]) ** 2).sum(axis=1)
    assert_allclose(float(sum(layer.losses)), 0.5 * squares[CODES].mean(), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_whole_tables_and_rows_train_alike(optimizer):
    trained = []
    for whole in (True, False):
        codes = keras.Input((), dtype="int32")
        layer = EmbeddingWithHistory(4, 3, 2, l2=0.1, map_l2=0.1, whole=whole)
        vectors, biases = layer(codes)
        model = keras.Model(codes, keras.layers.Add()([vectors, biases]))
        for new, old in zip(layer.weights, make_embedding().weights, strict=True):
            new.assign(old)
        model.compile(optimizer, "mse")
        model.fit(CODES, np.arange(12.0).reshape(4, 3), batch_size=4, epochs=3, verbose=0)
        trained.append(np.concatenate([variable.numpy().ravel() for variable in layer.weights]))
    assert_allclose(*trained, atol=1e-5)
    start = np.concatenate([variable.numpy().ravel() for variable in make_embedding().weights])
    assert np.abs(trained[0] - start).max() > 1e-3


def test_ids_are_hidden_in_training_alone():
    layer, codes = HideIds(7, 0.25), np.zeros(10_000, dtype=np.int32)
    hidden = np.asarray(layer(codes, training=True))
    assert set(hidden.tolist()) == {0, 7}
    assert np.mean(hidden == 7) == pytest.approx(0.25, abs=0.02)
    assert_array_equal(layer(codes), codes)


def test_ids_are_hidden_in_the_training_of_a_model():
    codes = keras.Input((), dtype="int32")
    model = keras.Model(codes, HideIds(7, 0.999)(codes))
    hidden = model(np.zeros(1000, dtype=np.int32), training=True).numpy()
    assert np.mean(hidden == 7) > 0.9


def test_dot_product_adds_up_products():
    left, right = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    assert_allclose(DotProduct()([left, right]), (left * right).sum(axis=1, keepdims=True), rtol=1e-5)


@pytest.mark.parametrize(
    "layer", [HideIds(7, 0.25), EmbeddingWithHistory(4, 3, 2, 0.1, 0.2, whole=True), DotProduct()]
)
def test_layers_are_built_again_from_their_configuration(layer):
    saved = keras.saving.serialize_keras_object(layer)
    assert keras.saving.deserialize_keras_object(saved).get_config() == layer.get_config()
