"""Embeddings of users and items, and the features of the row, to a rating."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import validate_data

from sklearn_anime._features import FeatureTable
from sklearn_anime._interactions import Interactions
from sklearn_anime._ranking import block_length
from sklearn_anime._rows import ID_COLUMN
from sklearn_anime.base import FactorsMixin, RatingRegressorMixin, RecommenderMixin
from sklearn_anime.utils._sklearn import Interval, RealNotInt, StrOptions, fit_context

LOSS_POWERS = {"mse": 2, "mae": 1}  # the power of a rating that each loss is measured in


class EmbeddingRegressor(FactorsMixin, RatingRegressorMixin, RecommenderMixin, BaseEstimator):
    """Predict ratings with a Keras network of user and item embeddings.

    Each user and each item has a bias and a vector, learned from the ratings. The vectors meet in a
    dot product, in hidden layers, or both; the further columns of ``X`` (genres, episodes, ...) join
    the hidden layers.

    Parameters
    ----------
    embedding_dim : int, default=32
        Length of the vector of a user and of an item.

    hidden_units : sequence of int, default=(64, 32)
        Widths of the hidden layers. Not used by ``interaction="dot"``.

    interaction : {"dot+mlp", "dot", "concat"}, default="dot+mlp"
        How the vectors meet: ``"concat"`` puts them side by side into the hidden layers, ``"dot"``
        takes their dot product (features then add a linear term), ``"dot+mlp"`` adds up both.

    l2 : float, default=0.08
        Penalty on the squared vectors and biases of the rows of a batch, so that an embedding is
        held back once for each rating it appears in; an eighth of it is the penalty on the squared
        kernels of the hidden layers.

    dropout : float, default=0.0
        Share of the hidden units that are dropped in training, in [0, 1).

    optimizer : {"adam", "adamw", "nadam", "rmsprop", "sgd"}, default="adam"
        Keras optimizer.

    learning_rate : float, default=5e-3
        Learning rate of the first step; it falls to 0 along a cosine.

    loss : {"mse", "mae"}, default="mse"
        What training minimises: the mean squared or the mean absolute error.

    epochs : int, default=25
        Passes over the ratings.

    batch_size : int, default=4096
        Rows in each step.

    validation_fraction : float, default=0.1
        Share of the rated pairs, drawn at random, that is held out where `patience` is set.

    patience : int or None, default=None
        Stop after so many epochs without a better loss on the held-out pairs, and go back to the
        best weights. None trains on all pairs for all epochs.

    unknown_rate : float, default=0.01
        Share of the ids hidden in each training step, in [0, 1): they train the row that stands for
        users and items not in ``fit``.

    verbose : int, default=0
        0 is silent, 1 shows a progress bar, 2 a line for each epoch.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, of the order of the rows and of the held-out part.

    Attributes
    ----------
    user_embedding_, item_embedding_ : ndarray of shape (n_users, embedding_dim) and \
            (n_items, embedding_dim)
        Learned vectors, in the order of ``users_`` and ``items_``.

    model_ : keras.Model
        The trained network, on codes and standardised values.

    loss_curve_ : list of float
        Training loss of each epoch without the penalty, in the units of the rating (squared for
        "mse").

    validation_curve_ : list of float or None
        The same on the held-out pairs; None without `patience`.

    n_iter_ : int
        Number of epochs trained.

    best_epoch_ : int
        Epoch (from 1) whose weights the model has.

    item_features_, user_features_ : ndarray of shape (n_items, n_item_features) and \
            (n_users, n_user_features)
        Features that are constant within each item (and the mean of those that are constant within
        neither side), and those that are constant within each user.

    users_, items_ : ndarray of shape (n_users,) and (n_items,)
        The ids of ``fit``, sorted.

    interactions_ : Interactions
        What ``fit`` saw.

    n_features_in_ : int
        Number of columns of ``X``.

    feature_names_in_ : ndarray of str
        Names of the columns of ``X``, where they are all text.

    See Also
    --------
    sklearn_anime.baseline.BiasRegressor : The model without vectors.
    sklearn_anime.neighbors.SVDNeighborsRecommender : Neighbours in SVD space.

    Notes
    -----
    With ``"dot+mlp"`` the standardised rating is ``b_u + b_i + p_u . q_i + mlp([p_u, q_i, x])``, the
    sum of a factor model [1]_ and a perceptron over the same vectors [2]_. Features and ratings
    are standardised inside and mapped back. With equal `random_state` the predictions are equal, in
    one process or in two. Python's and NumPy's global generators are left as they were; TensorFlow's
    keeps its seed and starts again from it.

    References
    ----------
    .. [1] Koren, Bell and Volinsky (2009). Matrix factorization techniques for recommender systems.
       Computer 42(8), 30-37.
    .. [2] He, Liao, Zhang, Nie, Hu and Chua (2017). Neural collaborative filtering. WWW 2017.

    Examples
    --------
    >>> from sklearn_anime.datasets import make_ratings
    >>> from sklearn_anime.neural_network import EmbeddingRegressor
    >>> ratings = make_ratings(100, 50, 2000, random_state=0)
    >>> model = EmbeddingRegressor(embedding_dim=4, epochs=5, random_state=0)
    >>> model.fit(ratings.data, ratings.target).predict(ratings.data).shape
    (2000,)
    >>> model.item_embedding_.shape, len(model.loss_curve_)
    ((50, 4), 5)
    """

    _parameter_constraints = {
        "embedding_dim": [Interval(Integral, 1, None, closed="left")],
        "hidden_units": ["array-like"],
        "interaction": [StrOptions({"dot+mlp", "dot", "concat"})],
        "l2": [Interval(Real, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "optimizer": [StrOptions({"adam", "adamw", "nadam", "rmsprop", "sgd"})],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "loss": [StrOptions(set(LOSS_POWERS))],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(RealNotInt, 0, 1, closed="neither")],
        "patience": [Interval(Integral, 0, None, closed="left"), None],
        "unknown_rate": [Interval(Real, 0, 1, closed="left")],
        "verbose": ["verbose"],
        "user": ID_COLUMN,
        "item": ID_COLUMN,
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        embedding_dim: int = 32,
        hidden_units: Sequence[int] = (64, 32),
        *,
        interaction: str = "dot+mlp",
        l2: float = 0.08,
        dropout: float = 0.0,
        optimizer: str = "adam",
        learning_rate: float = 5e-3,
        loss: str = "mse",
        epochs: int = 25,
        batch_size: int = 4096,
        validation_fraction: float = 0.1,
        patience: int | None = None,
        unknown_rate: float = 0.01,
        verbose: int = 0,
        user: int | str = 0,
        item: int | str = 1,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.embedding_dim = embedding_dim
        self.hidden_units = hidden_units
        self.interaction = interaction
        self.l2 = l2
        self.dropout = dropout
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.loss = loss
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.unknown_rate = unknown_rate
        self.verbose = verbose
        self.user = user
        self.item = item
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train the network on the rated rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user, item and numeric features.

        y : array-like of shape (n_rows,)
            Ratings; NaN is "seen, not rated".

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows.

        Returns
        -------
        EmbeddingRegressor
            This estimator.
        """
        hidden_units = self._check_hidden_units()
        interactions = Interactions.from_rows(
            X, y, sample_weight, user=self.user, item=self.item, features=FeatureTable
        )
        random_state = check_random_state(self.random_state)
        pairs = random_state.permutation(np.flatnonzero(interactions.rated))
        scaling = Scaling.fit(interactions, pairs)
        network = self._train(interactions, pairs, scaling, hidden_units, random_state)
        validate_data(self, X, skip_check_array=True)
        self.interactions_, self._scaling, self._network = interactions, scaling, network
        self.item_features_ = interactions.features.item_features
        self.user_features_ = interactions.features.user_features
        self._read_network(network)
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the rating of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``.

        Returns
        -------
        ndarray of shape (n_rows,)
            Ratings. Unknown users and items get the row that stands for all of them, and their
            features.
        """
        user_codes, item_codes, rows = self._encode(X)
        return self._rate(user_codes, item_codes, rows.features())

    def _check_hidden_units(self):
        units = list(self.hidden_units)
        if not all(isinstance(width, Integral) and width > 0 for width in units):
            raise ValueError(
                f"hidden_units={self.hidden_units!r} must hold a positive width for each hidden layer, "
                f"such as (64, 32)."
            )
        return [int(width) for width in units]

    def _train(self, interactions, pairs, scaling, hidden_units, random_state):
        """Return the scikeras regressor trained on some pairs, the last of them held out."""
        from sklearn_anime.neural_network._training import train_network

        users, items = interactions.row_codes, interactions.item_codes
        features = interactions.features.fitted_rows(users, items)[pairs]
        network = {
            "n_users": len(interactions.users),
            "n_items": len(interactions.items),
            "n_features": features.shape[1],
            "embedding_dim": self.embedding_dim,
            "hidden_units": hidden_units,
            **{name: getattr(self, name) for name in ("interaction", "l2", "dropout", "unknown_rate")},
        }
        settings = ("optimizer", "learning_rate", "loss", "epochs", "batch_size", "patience", "verbose")
        return train_network(
            scaling.inputs(users[pairs], items[pairs], features),
            scaling.standardise(interactions.ratings[pairs]),
            interactions.weights[pairs],
            network=network,
            n_validation=0 if self.patience is None else self._n_validation(len(pairs)),
            seed=random_state.randint(2**31 - 1),
            **{name: getattr(self, name) for name in settings},
        )

    def _n_validation(self, n_pairs):
        n_validation = round(self.validation_fraction * n_pairs)
        if not 0 < n_validation < n_pairs:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} of {n_pairs} rated pairs leaves "
                f"{n_validation} to validate and {n_pairs - n_validation} to train. Change it, or set "
                f"patience=None to train on all pairs."
            )
        return n_validation

    def _read_network(self, network):
        """Set the public attributes that the trained network holds."""
        self.model_ = network.model_
        self.user_embedding_ = embedding_of(network, "user")
        self.item_embedding_ = embedding_of(network, "item")
        unit = self._scaling.rating_scale ** LOSS_POWERS[self.loss]
        self.loss_curve_, self.validation_curve_ = (
            [unit * error for error in network.history_[key]] or None for key in ("error", "val_error")
        )
        self.n_iter_ = len(self.loss_curve_)
        curve = self.validation_curve_
        self.best_epoch_ = self.n_iter_ if curve is None else int(np.argmin(curve)) + 1

    def _rate(self, user_codes, item_codes, features):
        inputs = self._scaling.inputs(user_codes, item_codes, features)
        return self._scaling.restore(self._network.rate(inputs))

    def _score_block(self, rows):
        return self._score_items(rows, self.interactions_.features, np.arange(rows.n_items))

    def _score_new_items(self, rows, features):
        if len(self.interactions_.features) == 0:
            return super()._score_new_items(rows, features)
        table = self.interactions_.features.with_items(features)
        return self._score_items(rows, table, np.full(len(features), -1))

    def _score_items(self, rows, table, item_codes):
        """Return the rating of each item, with its row of a feature table, for each user."""
        n_items = len(item_codes)
        scores = np.empty((len(rows.codes), n_items))
        for block in gen_batches(len(rows.codes), block_length(n_items * (2 + len(table)))):
            users = np.repeat(rows.codes[block], n_items)
            places = np.tile(np.arange(n_items), len(rows.codes[block]))
            ratings = self._rate(users, item_codes[places], table.rows(users, places))
            scores[block] = ratings.reshape(-1, n_items)
        return scores

    def _user_vectors(self):
        return self.user_embedding_

    def _item_vectors(self):
        return self.item_embedding_


@dataclass(frozen=True)
class Scaling:
    """The way from codes, features and ratings to the numbers of the network, and back."""

    n_users: int
    n_items: int
    features: StandardScaler | None
    mean_rating: float
    rating_scale: float

    @classmethod
    def fit(cls, interactions, pairs):
        """Find mean and spread of the ratings and features of some pairs."""
        ratings, weights = interactions.ratings[pairs], interactions.weights[pairs]
        mean = np.average(ratings, weights=weights)
        spread = np.sqrt(np.average((ratings - mean) ** 2, weights=weights))
        scaler, table = None, interactions.features
        if len(table):
            rows = table.fitted_rows(interactions.row_codes, interactions.item_codes)
            scaler = StandardScaler().fit(rows[pairs], sample_weight=weights)
        return cls(*interactions.shape, scaler, mean, spread if spread > 0 else 1.0)

    def inputs(self, user_codes, item_codes, features):
        """Return codes (that of the unknown for -1) and standardised features as columns."""
        users = np.where(user_codes < 0, self.n_users, user_codes)
        items = np.where(item_codes < 0, self.n_items, item_codes)
        scaled = features if self.features is None else self.features.transform(features)
        return np.column_stack([users, items, scaled])

    def standardise(self, ratings):
        """Return ratings with mean 0 and standard deviation 1."""
        return (ratings - self.mean_rating) / self.rating_scale

    def restore(self, ratings):
        """Return standardised ratings on their own scale."""
        return ratings * self.rating_scale + self.mean_rating


def embedding_of(network, side):
    """Return the embedding of a side without the row of the unknown."""
    return network.model_.get_layer(f"{side}_embedding").get_weights()[0][:-1]
