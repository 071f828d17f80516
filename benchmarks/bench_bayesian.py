"""Measure BayesianFactorizationRegressor: accuracy and error bars on real ratings, time and memory.

Usage: python benchmarks/bench_bayesian.py [accuracy] [cold_start] [stack] [myfm] [scaling] [memory]

Without names all parts run. The real ratings (all parts but the last two) are those in the folder that
the environment variable SKLEARN_ANIME_DATA names, or else in `../shared/data/anime-4000` beside the
checkout. The last two parts draw tables with `make_ratings`. Times are CPU seconds with one thread; they
are ratios within one run. The part myfm needs the package of this name, and is left out without it.
"""

import importlib.util
import os
import sys
from time import process_time

import numpy as np
import pandas as pd
from _data import FOLDER
from bench_svd_neighbors import measured_apart, peak
from scipy import sparse
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OrdinalEncoder, normalize
from threadpoolctl import threadpool_limits

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.compose import StackedRatingRegressor
from sklearn_anime.datasets import load_anime, make_ratings
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.model_selection import NewItemSplit, NewUserSplit
from sklearn_anime.preprocessing import WeightedOneHotGenres

IDS = ["user_id", "anime_id"]
QUANTILE = 1.6449  # of the normal distribution: 90 % lie within so many deviations
REAL_SIZE = (3_777, 6_973, 275_586)
FULL_SIZE = (73_516, 11_200, 6_337_241)
SHORT = BayesianFactorizationRegressor(10, n_iter=160, use_history=False, random_state=0)


def main(parts):
    print(f"{os.cpu_count()} cores, one thread")
    with threadpool_limits(1):
        for name, part in PARTS.items():
            if not parts or name in parts:
                print(f"\n{name}: {part.__doc__}", flush=True)
                part()


def accuracy():
    """RMSE on a random fifth of the ratings, and the share of them inside the central 90 %."""
    X, X_test, y, y_test = rated_split()
    unrated = table("nan")
    unrated = unrated[unrated["rating"].isna()]
    with_unrated = pd.concat([X, unrated[X.columns]]), pd.concat([y, unrated["rating"]])
    ours = BayesianFactorizationRegressor
    runs = {
        "biases": (BiasRegressor(), X, y),
        "ids alone, 10 components, 160 sweeps": (SHORT, X[IDS], y),
        "ids alone": (ours(use_history=False, random_state=0), X[IDS], y),
        "ids and history": (ours(random_state=0), X[IDS], y),
        "genres": (ours(use_history=False, random_state=0), X, y),
        "genres and history": (ours(random_state=0), X, y),
        "genres and history, another seed": (ours(random_state=1), X, y),
        "genres and history, with unrated rows": (ours(random_state=0), *with_unrated),
        "genres and history, 32 components": (ours(32, random_state=0), X, y),
        "genres and history, 4 chains": (ours(n_chains=4, random_state=0), X, y),
    }
    for name, (model, rows, ratings) in runs.items():
        start = process_time()
        model.fit(rows, ratings)
        took = process_time() - start
        print(
            f"{name:<38} {errors(model, X_test[rows.columns], y_test)}   fit {took:4.0f} s", flush=True
        )


def cold_start():
    """RMSE and coverage on users, and on titles, of whom training has no row."""
    wide = table()
    X, y = wide.drop(columns="rating"), wide["rating"]
    for splitter in (NewUserSplit(5, random_state=0), NewItemSplit(5, random_state=0)):
        train, test = next(splitter.split(X))
        for model in (BiasRegressor(), BayesianFactorizationRegressor(random_state=0)):
            model.fit(X.iloc[train], y.iloc[train])
            name = f"{type(splitter).__name__}, {type(model).__name__}"
            print(f"{name:<46} {errors(model, X.iloc[test], y.iloc[test])}", flush=True)


def stack():
    """RMSE of a StackedRatingRegressor with its defaults, unrated rows included."""
    X, X_test, y, y_test = rated_split()
    unrated = table("nan")
    unrated = unrated[unrated["rating"].isna()]
    start = process_time()
    model = StackedRatingRegressor(random_state=0)
    model.fit(pd.concat([X, unrated[X.columns]]), pd.concat([y, unrated["rating"]]))
    took = process_time() - start
    for member in model.members_[:2]:
        print(f"{member.name:<10} {errors(member.estimator, X_test, y_test)}")
    print(f"{'stack':<10} {errors(model, X_test, y_test)}   fit {took:.0f} s")


def myfm():
    """CPU time and RMSE beside myFM, 16 factors and 200 sweeps: ids alone, and with histories."""
    if importlib.util.find_spec("myfm") is None:
        print("myfm is not installed")
        return
    import myfm

    X, X_test, y, y_test = rated_split()
    encoders = [OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1) for _ in IDS]
    users, items = (
        [encoder.fit_transform(X[[name]]).astype(int), _codes(encoder, X_test[[name]])]
        for encoder, name in zip(encoders, IDS, strict=True)
    )
    seen = sparse.csr_array((np.ones(len(X)), (users[0].ravel(), items[0].ravel())))
    for history in (False, True):
        sides = [_one_hot(matrix, history) for matrix in (seen, seen.T.tocsr())]
        sizes = [
            size for side, n in zip(sides, seen.shape, strict=True) for size in (n, side.shape[1] - n)
        ]
        train, test = (
            [
                myfm.RelationBlock(codes[i].ravel(), side)
                for codes, side in zip((users, items), sides, strict=True)
            ]
            for i in (0, 1)
        )
        start = process_time()
        theirs = myfm.MyFMRegressor(rank=16, random_seed=0)
        theirs.fit(None, y.to_numpy(), train, n_iter=200, group_shapes=[size for size in sizes if size])
        took = process_time() - start
        predicted = np.clip(theirs.predict(None, test), y.min(), y.max())
        rmse = root_mean_squared_error(y_test, predicted)
        print(f"history: {history}, myFM       RMSE {rmse:.4f}   fit {took:.0f} s", flush=True)
        model = BayesianFactorizationRegressor(use_history=history, random_state=0)
        start = process_time()
        model.fit(X[IDS], y)
        took = process_time() - start
        result = errors(model, X_test[IDS], y_test)
        print(f"history: {history}, this model {result}   fit {took:.0f} s", flush=True)


def _codes(encoder, ids):
    """Return codes, one more than there are for unknown ids."""
    codes = encoder.transform(ids).astype(int)
    return np.where(codes < 0, len(encoder.categories_[0]), codes)


def _one_hot(seen, history):
    """Return a row for each id, its own column first, and the last row for unknown ids."""
    parts = [sparse.eye_array(seen.shape[0])]
    if history:
        parts.append(normalize(seen))
    rows = sparse.hstack(parts).tocsr()
    return sparse.csr_matrix(sparse.vstack([rows, sparse.csr_array((1, rows.shape[1]))]))


def scaling():
    """CPU seconds of 160 sweeps at 10 components, ids alone, as users and ratings grow."""
    for factor in (1, 4, 16):
        size = (REAL_SIZE[0] * factor, REAL_SIZE[1], REAL_SIZE[2] * factor)
        ratings = make_ratings(*size, random_state=0)
        start = process_time()
        SHORT.fit(ratings.data, ratings.target)
        took = process_time() - start
        print(
            f"{size[2]:>9,} ratings: {took:4.0f} s, {1e6 * took / size[2]:.0f} s a million", flush=True
        )


def memory():
    """Peak memory at the size of the Kaggle table, and seconds a sweep; 50 samples are kept."""
    for use_history in (False, True):
        took, _ = measured_apart(fit_at_full_size, use_history)
        print(f"history: {use_history}, {took:.1f} s a sweep", flush=True)


def fit_at_full_size(use_history, n_iter=60):
    """Return the CPU seconds of a sweep, set-up included."""
    ratings = make_ratings(*FULL_SIZE, random_state=0)
    before, start = peak(), process_time()
    model = BayesianFactorizationRegressor(n_iter=n_iter, burn_in=10, use_history=use_history)
    model.fit(ratings.data, ratings.target)
    took = process_time() - start
    print(f"peak memory of the process {peak():.0f} MB, {before:.0f} MB before fit", flush=True)
    return took / n_iter


def table(unrated="drop"):
    """Return the real ratings with the weighted genres of each title."""
    anime = load_anime(FOLDER, unrated=unrated)
    encoder = WeightedOneHotGenres().set_output(transform="pandas")
    genres = encoder.fit_transform(anime.catalog[["genre"]])
    return anime.data.assign(rating=anime.target).join(genres, on="anime_id")


def rated_split():
    """Return rows and ratings for training, and those of a random fifth."""
    wide = table()
    X, y = wide.drop(columns="rating"), wide["rating"]
    return train_test_split(X, y, test_size=0.2, random_state=0)


def errors(model, X, y):
    """Return the RMSE and, for models with a standard deviation, the coverage of their intervals."""
    if not isinstance(model, (BayesianFactorizationRegressor, StackedRatingRegressor)):
        return f"RMSE {root_mean_squared_error(y, model.predict(X)):.4f}             "
    predicted, deviation = model.predict(X, return_std=True)
    inside = np.abs(y - predicted) < QUANTILE * deviation
    return f"RMSE {root_mean_squared_error(y, predicted):.4f} cover {100 * inside.mean():.1f} %"


PARTS = {part.__name__: part for part in (accuracy, cold_start, stack, myfm, scaling, memory)}

if __name__ == "__main__":
    main(sys.argv[1:])
