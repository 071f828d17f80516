"""Models of other packages behind `fit` and `recommend` or `predict`, imported when they are made."""

import importlib
from importlib.metadata import version

import numpy as np
import pandas as pd
from scipy import sparse


def lists(users, items, scores):
    """Return a frame of user, item and rank; without items below 0 and scores that are not finite."""
    n_items = items.shape[1]
    frame = pd.DataFrame(
        {
            "user": np.repeat(users, n_items),
            "item": items.ravel(),
            "rank": np.tile(np.arange(1, n_items + 1), len(users)),
        }
    )
    return frame[np.isfinite(scores.ravel()) & (items.ravel() >= 0)]


class SkrecsysRecommender:
    """A recommender of skrecsys, on rows of user and item."""

    package = "skrecsys"

    def __init__(self, name, **params):
        module = importlib.import_module("skrecsys.recommendation")
        self.version, self.model = version("skrecsys"), getattr(module, name)(**params)

    def fit(self, X, y=None):
        """Fit on the ids."""
        self.model.fit(X.iloc[:, :2].to_numpy())
        return self

    def recommend(self, users, n_items):
        """Return the lists of users of `fit`."""
        return lists(users, *self.model.recommend(users, n_recommendations=n_items))


class ImplicitRecommender:
    """Alternating least squares of implicit, on codes of users and items."""

    package = "implicit"

    def __init__(self, **params):
        als = importlib.import_module("implicit.als")
        self.version = version("implicit")
        self.model = als.AlternatingLeastSquares(**params, num_threads=1)

    def fit(self, X, y=None):
        """Fit on the matrix of ones."""
        users, self.users = pd.factorize(X.iloc[:, 0], sort=True)
        items, self.items = pd.factorize(X.iloc[:, 1], sort=True)
        self.matrix = sparse.csr_matrix((np.ones(len(X), dtype=np.float32), (users, items)))
        self.model.fit(self.matrix, show_progress=False)
        return self

    def recommend(self, users, n_items):
        """Return the lists of users of `fit`."""
        codes = self.users.get_indexer(users)
        items, scores = self.model.recommend(codes, self.matrix[codes], N=n_items)
        return lists(users, self.items.to_numpy()[items], scores)


class SurpriseRegressor:
    """A rating model of surprise."""

    package = "scikit-surprise"

    def __init__(self, name, **params):
        self.surprise, self.version = importlib.import_module("surprise"), version("scikit-surprise")
        self.model = getattr(self.surprise, name)(**params)

    def fit(self, X, y):
        """Fit on the ratings."""
        reader = self.surprise.Reader(rating_scale=(y.min(), y.max()))
        frame = X.iloc[:, :2].assign(rating=y)
        self.model.fit(self.surprise.Dataset.load_from_df(frame, reader).build_full_trainset())
        return self

    def predict(self, X):
        """Return a rating per row."""
        return np.array([self.model.predict(user, item).est for user, item in X.iloc[:, :2].to_numpy()])


class MyFMRegressor:
    """The Bayesian factorization machine of myFM on one column per user and item."""

    package = "myfm"

    def __init__(self, rank, n_iter=200):
        self.myfm, self.version = importlib.import_module("myfm"), version("myfm")
        self.encoder = importlib.import_module("sklearn.preprocessing").OneHotEncoder(
            handle_unknown="ignore"
        )
        self.model, self.n_iter = self.myfm.MyFMRegressor(rank=rank), n_iter

    def fit(self, X, y):
        """Fit on the ratings."""
        self.model.fit(self.encoder.fit_transform(X.iloc[:, :2]), y.to_numpy(), n_iter=self.n_iter)
        return self

    def predict(self, X):
        """Return a rating per row."""
        return self.model.predict(self.encoder.transform(X.iloc[:, :2]))


PEERS = {
    peer.__name__: peer
    for peer in (SkrecsysRecommender, ImplicitRecommender, SurpriseRegressor, MyFMRegressor)
}
