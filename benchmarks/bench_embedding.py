"""Measure EmbeddingRegressor: accuracy on real ratings beside the networks of the blog, time and memory.

Usage: python benchmarks/bench_embedding.py [scaling] [accuracy] [new_items] [new_users] [blog] [epochs]

Without names all parts run. The real ratings (all parts but the first) are those in the folder that
the environment variable SKLEARN_ANIME_DATA names, or else in `../shared/data/anime-4000` beside the
checkout. The first part draws tables with `make_ratings`. Times are ratios within one run.

The networks of the blog put two embeddings side by side into two hidden layers, without biases, dot
product or penalty, and learn from batches of 32 rows.
"""

import os
import sys
from copy import deepcopy
from time import perf_counter

import keras
import numpy as np
import pandas as pd
from _data import FOLDER
from bench_svd_neighbors import measured_apart
from keras import layers
from sklearn.decomposition import PCA
from sklearn.metrics import mean_absolute_error, mean_squared_error
from sklearn.model_selection import train_test_split

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.datasets import load_anime, make_ratings
from sklearn_anime.model_selection import NewItemSplit
from sklearn_anime.neural_network import EmbeddingRegressor
from sklearn_anime.neural_network._training import even_batches, quiet
from sklearn_anime.preprocessing import WeightedOneHotGenres

IDS = ["user_id", "anime_id"]
ONE = EmbeddingRegressor(random_state=0)
FIVE = EmbeddingRegressor(n_estimators=5, random_state=0)
SIZES = ((18_000, 11_200, 1_584_310), (73_516, 11_200, 6_337_241))


def main(parts):
    print(f"{os.cpu_count()} cores")
    for name, part in PARTS.items():
        if not parts or name in parts:
            print(f"\n{name}: {part.__doc__}", flush=True)
            part()


def accuracy():
    """RMSE and MAE on a random fifth of the ratings, on the scale 1..10."""
    X, X_test, y, y_test = train_test_split(*wide_rows(), test_size=0.2, random_state=0)
    runs = {
        "biases": (BiasRegressor(), IDS),
        "one network, ids": (ONE, IDS),
        "one network, ids, another seed": (EmbeddingRegressor(random_state=1), IDS),
        "one network, ids, without histories": (
            EmbeddingRegressor(use_history=False, random_state=0),
            IDS,
        ),
        "one network, ids, dot product alone": (
            EmbeddingRegressor(interaction="dot", random_state=0),
            IDS,
        ),
        "one network, ids and genres": (ONE, list(X.columns)),
        "five networks, ids": (FIVE, IDS),
        "five networks, ids and genres": (FIVE, list(X.columns)),
    }
    for name, (model, columns) in runs.items():
        measure(name, model, X[columns], X_test[columns], y, y_test)


def new_items():
    """RMSE on 5 % of the titles, of which training has no row."""
    X, y = wide_rows()
    train, test = next(NewItemSplit(20, random_state=0).split(X))
    for name, model, columns in (
        ("biases", BiasRegressor(), IDS),
        ("one network, ids", ONE, IDS),
        ("one network, ids and genres", ONE, list(X.columns)),
    ):
        rows = X[columns]
        measure(name, model, rows.iloc[train], rows.iloc[test], y.iloc[train], y.iloc[test])


def new_users():
    """RMSE on known users and on a twentieth of new ones, who join with all their other ratings."""
    X, X_test, y, y_test = train_test_split(*wide_rows(), test_size=0.2, random_state=0)
    users = np.random.default_rng(0).permutation(np.unique(X.user_id))
    new, new_test = (rows.user_id.isin(users[: len(users) // 20]) for rows in (X, X_test))
    X, X_test = X[IDS], X_test[IDS]
    model = EmbeddingRegressor(random_state=0).fit(X[~new], y[~new])
    alone = deepcopy(model).partial_fit(X[new], y[new])
    one_by_one = deepcopy(model)
    for user in users[:20]:
        own = X.user_id == user
        one_by_one.partial_fit(X[own], y[own])
    runs = {
        "before": model,
        "one partial_fit with all of them": alone,
        "twenty of them, each by itself": one_by_one,
        "one fit with all of them": EmbeddingRegressor(random_state=0).fit(X, y),
    }
    for name, fitted in runs.items():
        errors = [
            mean_squared_error(y_test[rows], fitted.predict(X_test[rows])) ** 0.5
            for rows in (~new_test, new_test)
        ]
        print(f"{name:<36} known users {errors[0]:.4f}   new users {errors[1]:.4f}", flush=True)


def blog():
    """MSE on a tenth of the 1000 x 500 table, ratings scaled to 0..1, without and with the -1 rows."""
    for unrated in ("drop", "keep"):
        X, y = wide_rows(n_users=1000, n_anime=500, unrated=unrated)
        y = (y - y.min()) / (y.max() - y.min())
        split = train_test_split(X, y, test_size=0.1, random_state=0)
        for kind, columns in (("ids", IDS), ("metadata", list(X.columns))):
            rows = split[0][columns], split[1][columns]
            theirs = measure(f"{unrated}, {kind}: the blog's", BlogNetwork(), *rows, *split[2:], power=1)
            ours = measure(f"{unrated}, {kind}: ours", ONE, *rows, *split[2:], power=1)
            print(f"    time: {ours / theirs:.3f} of the blog's")


def epochs(n_epochs=20):
    """Seconds of an epoch, beside a bare Keras fit of the same graph on arrays in memory."""
    X, y = wide_rows()
    X = X[IDS]
    short, long = (EmbeddingRegressor(epochs=n, random_state=0) for n in (1, 1 + n_epochs))
    ours = (seconds(lambda: long.fit(X, y)) - seconds(lambda: short.fit(X, y))) / n_epochs
    model = short.model_
    codes = {
        name: np.searchsorted(ids, X[column]).astype(np.int32)
        for name, ids, column in (("user", short.users_, IDS[0]), ("item", short.items_, IDS[1]))
    }
    target = ((y - y.mean()) / y.std()).to_numpy(np.float32)
    batch_size, _ = even_batches(len(y), short.batch_size)

    def bare(n):
        keras.utils.set_random_seed(0)
        with quiet():
            model.fit(codes, target, batch_size=batch_size, epochs=n, verbose=0)

    bare(1)  # traces the graph
    theirs = (seconds(lambda: bare(1 + n_epochs)) - seconds(lambda: bare(1))) / n_epochs
    print(f"ours {ours:.2f} s, bare Keras {theirs:.2f} s: {ours / theirs:.2f}")


def scaling():
    """Seconds of an epoch and peak memory at a quarter of the full size, and at all of it."""
    for size in SIZES:
        _, extra = measured_apart(fit_and_tell, size)
        print(f"    peak memory of the fit {extra:.0f} MB")


def fit_and_tell(size):
    table = make_ratings(*size, random_state=0)
    X, y = table.data[table.target.notna()], table.target.dropna()
    took = {
        n: seconds(lambda n=n: EmbeddingRegressor(epochs=n, random_state=0).fit(X, y)) for n in (1, 2)
    }
    print(
        f"{len(X):>9} ratings: one epoch {took[1]:.0f} s with all that stands around it, a further one "
        f"{took[2] - took[1]:.0f} s",
        flush=True,
    )


class BlogNetwork:
    """Two embeddings side by side into hidden layers."""

    def fit(self, X, y):
        """Train on rows of user, item and features."""
        keras.utils.set_random_seed(0)
        self.ids = [np.unique(X[column]) for column in IDS]
        vectors, inputs = [], []
        for ids in self.ids:
            inputs.append(keras.Input((), dtype="int32"))
            vectors.append(layers.Embedding(len(ids) + 1, 16)(inputs[-1]))
        if X.shape[1] > 2:
            inputs.append(keras.Input((X.shape[1] - 2,)))
        joined = layers.Concatenate()([*vectors, *inputs[2:]])
        hidden = layers.Dense(8, "relu")(layers.Dense(32, "relu")(joined))
        self.model = keras.Model(inputs, layers.Dense(1)(hidden))
        self.model.compile("adam", "mse")
        self.model.fit(self.inputs(X), y.to_numpy(), batch_size=32, epochs=10, verbose=0)
        return self

    def predict(self, X):
        """Return a rating for each row."""
        return self.model.predict(self.inputs(X), batch_size=2**16, verbose=0).ravel()

    def inputs(self, X):
        """Return codes and features."""
        codes = [pd.Index(ids).get_indexer(X[column]) for ids, column in zip(self.ids, IDS, strict=True)]
        codes = [np.where(code < 0, len(ids), code) for code, ids in zip(codes, self.ids, strict=True)]
        return [*codes, *([X.iloc[:, 2:].to_numpy(np.float32)] if X.shape[1] > 2 else [])]


def wide_rows(**options):
    """Return rows of user, title and its genres in ten components, and the ratings."""
    anime = load_anime(FOLDER, **options)
    genres = WeightedOneHotGenres().fit_transform(anime.catalog[["genre"]])
    components = PCA(10, random_state=0).fit_transform(np.asarray(genres))
    columns = [f"genre{place}" for place in range(10)]
    genres = pd.DataFrame(components, index=anime.catalog.index, columns=columns)
    return anime.data.join(genres, on="anime_id"), anime.target


def measure(name, model, X, X_test, y, y_test, power=0.5):
    """Print the errors of a model, and return the seconds of its fit."""
    took = seconds(lambda: model.fit(X, y))
    predicted = model.predict(X_test)
    error = mean_squared_error(y_test, predicted) ** power
    label = {0.5: "RMSE", 1: "MSE"}[power]
    print(
        f"{name:<36} {label} {error:.4f}   MAE {mean_absolute_error(y_test, predicted):.4f}   "
        f"fit {took:3.0f} s",
        flush=True,
    )
    return took


def seconds(run):
    """Return the seconds of a call."""
    start = perf_counter()
    run()
    return perf_counter() - start


# The first forks, which TensorFlow does not survive once it has trained.
PARTS = {part.__name__: part for part in (scaling, accuracy, new_items, new_users, blog, epochs)}

if __name__ == "__main__":
    main(sys.argv[1:])
