"""From the data sets to the tasks; `n_users` takes the first users only, to try out."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from _tasks import NextItem, Ratings, Strong, TopN, leave_last_out
from sklearn.model_selection import KFold

from sklearn_anime.datasets import fetch_lightgcn, fetch_movielens
from sklearn_anime.model_selection import LeaveKOutPerUser, StrongGeneralization

ANIME = os.environ.get("SKLEARN_ANIME_DATA")
BESIDE = Path(ANIME).parent if ANIME else Path(__file__).resolve().parents[3] / "shared" / "data"


def local(name):
    """Return the folder of a data set beside the checkout; None where it is not there."""
    return BESIDE / name if (BESIDE / name).is_dir() else None


def first_users(rows, n_users):
    """Return the mask of the rows of the first users."""
    if n_users is None:
        return np.ones(len(rows), dtype=bool)
    return rows.iloc[:, 0].isin(np.unique(rows.iloc[:, 0])[:n_users]).to_numpy()


def lightgcn(name):
    """Return what loads a table of LightGCN with its split."""

    def load(path, n_users=None):
        table = fetch_lightgcn(name, path=path, verbose=1)
        train, test = (table.data.iloc[rows] for rows in table.folds["split"])
        keep = test[first_users(test, n_users)]
        return TopN(train if n_users is None else train[train.user_id.isin(keep.user_id)], keep)

    return load


def movielens_ratings(variant, folds):
    """Return what loads ratings; `folds` takes the Bunch to a list of (train, test)."""

    def load(path, n_users=None):
        movies = fetch_movielens(variant, path=path, verbose=1)
        kept = first_users(movies.data, n_users)
        places = np.cumsum(kept) - 1
        sides = [[places[side[kept[side]]] for side in fold] for fold in folds(movies)]
        X, y = movies.data[kept], movies.target[kept]
        return Ratings(X.reset_index(drop=True), y.reset_index(drop=True), sides)

    return load


def official_folds(movies):
    """Return u1 to u5."""
    return [movies.folds[f"u{number}"] for number in range(1, 6)]


def random_folds(movies):
    """Return five random splits of 90 to 10."""
    splits = KFold(10, shuffle=True, random_state=0).split(movies.data)
    return [fold for fold, _ in zip(splits, range(5), strict=False)]


def movielens_ua(path, n_users=None):
    """Load MovieLens 100K, ten ratings of each user to test on."""
    movies = fetch_movielens("100k", path=path, verbose=1)
    train, test = (movies.data.iloc[rows] for rows in movies.folds["ua"])
    return TopN(train[first_users(train, n_users)], test[first_users(test, n_users)], k=10)


def movielens_left_out(path, n_users=None):
    """Load MovieLens latest-small, five random items of each user to test on."""
    X = fetch_movielens(path=path, verbose=1).data
    X = X[first_users(X, n_users)]
    train, test = next(LeaveKOutPerUser(5, random_state=0).split(X))
    return TopN(X.iloc[train], X.iloc[test], k=10)


def movielens_next(variant):
    """Return what loads MovieLens with the last item of each user to test on."""

    def load(path, n_users=None):
        X = fetch_movielens(variant, path=path, times=True, verbose=1).data
        X = X.rename(columns={"timestamp": "time"})
        return NextItem(*leave_last_out(X[first_users(X, n_users)]))

    return load


def games_next(path, n_users=None):
    """Load the video games of SASRec, in a folder with `interactions.csv.gz`."""
    if path is None:
        raise FileNotFoundError("Name the folder of interactions.csv.gz with --path.")
    X = pd.read_csv(path / "interactions.csv.gz").rename(columns={"position": "time"})
    return NextItem(*leave_last_out(X[first_users(X, n_users)]))


def movielens_strong(variant, n_held_out):
    """Return what loads MovieLens as in Liang et al. (2018)."""

    def load(path, n_users=None):
        movies = fetch_movielens(variant, path=path, verbose=1)
        X = movies.data[(movies.target >= 4).to_numpy() & first_users(movies.data, n_users)]
        X = X[X.groupby("user_id").user_id.transform("size") >= 5]
        size = n_held_out if n_users is None else 0.1
        parts = StrongGeneralization(size, validation_size=size, random_state=0).parts(X)
        train = X.iloc[parts.train]
        known = [X.iloc[rows] for rows in (parts.test_history, parts.test)]
        return Strong(train, *(rows[rows.movie_id.isin(train.movie_id)] for rows in known))

    return load
