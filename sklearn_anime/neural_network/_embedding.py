"""Embeddings of users and items, what they have seen, and the features of the row, to a rating."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import validate_data

from sklearn_anime.base import FactorsMixin, RatingRegressorMixin, RecommenderMixin
from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._recency import TIME_COLUMN
from sklearn_anime.interactions._rows import ID_COLUMN
from sklearn_anime.neural_network._ensemble import train_ensemble
from sklearn_anime.neural_network._import import import_training
from sklearn_anime.neural_network._inputs import SIDES, TrainingRows
from sklearn_anime.neural_network._network_mixin import NetworkMixin
from sklearn_anime.utils._blocks import block_length
from sklearn_anime.utils._sklearn import (
    Interval,
    RealNotInt,
    StrOptions,
    fit_context,
    with_callbacks,
)
from sklearn_anime.utils._validation import check_unchanged

LOSS_POWERS = {"mse": 2, "mae": 1}  # the power of a rating that each loss is measured in


class EmbeddingRegressor(
    NetworkMixin, FactorsMixin, RatingRegressorMixin, RecommenderMixin, BaseEstimator
):
    """Predict ratings with a Keras network of user and item embeddings.

    Each user and each item has a bias and a vector, learned from the ratings and from what the user
    has seen, or who has seen the item. The vectors meet in a dot product, in hidden layers, or both;
    the further columns of ``X`` (genres, episodes, ...) join the hidden layers.

    Parameters
    ----------
    n_components : int, default=64
        Length of the vector of a user and of an item.

    hidden_units : sequence of int, default=(32, 16)
        Widths of the hidden layers. Not used by ``interaction="dot"``.

    interaction : {"dot+mlp", "dot", "concat"}, default="dot+mlp"
        How the vectors meet: ``"concat"`` puts them side by side into the hidden layers, ``"dot"``
        takes their dot product (features then add a linear term), ``"dot+mlp"`` adds up both.

    l2 : float, default=0.08
        Penalty on the squared vectors and biases of the rows of a batch, so that an embedding is
        held back once for each rating it appears in. Small shares of it are the penalties on the
        squared kernels of the hidden layers (3 %) and on the maps from histories (0.6 %).

    dropout : float, default=0.0
        Share of the hidden units that are dropped in training, in [0, 1).

    optimizer : {"adam", "adamw", "nadam", "rmsprop", "sgd"}, default="adam"
        Keras optimizer.

    learning_rate : float, default=0.02
        Learning rate of the first step; it falls to 0 along a cosine.

    loss : {"mse", "mae"}, default="mse"
        What training minimizes: the mean squared or the mean absolute error.

    epochs : int, default=10
        Passes over the ratings.

    batch_size : int or "auto", default="auto"
        Most rows in each step. The steps of an epoch are about equal, and 32 or more: small tables are
        trained in smaller steps. ``"auto"`` is 8192, and from two million ratings on as many as make
        256 steps of an epoch.

    validation_fraction : float, default=0.1
        Share of the rated pairs, drawn at random, that is held out where `patience` is set, or where
        the noise of ratings is measured.

    patience : int or None, default=None
        Stop after so many epochs without a better loss on the held-out pairs, and go back to the
        best weights. None trains on all pairs for all epochs.

    use_history : bool, default=True
        Whether vectors and biases also depend on what each user has seen, rated or not, and on who
        has seen each item. With it, ``recommend`` takes the `history` of new users into account.

    n_estimators : int, default=1
        How many networks with different seeds are trained and averaged. Where there are several, and
        no `patience`, one more is trained without a share of the pairs, to measure the noise that
        ``predict(X, return_std=True)`` includes.

    unknown_rate : float, default=0.1
        Share of the ids hidden in each training step, in [0, 1): they train the row that stands for
        users and items not in ``fit``, and what features say without an id. Smaller shares predict a
        little better where every user and item is known.

    callbacks : list of keras.callbacks.Callback, default=None
        Watch the training, as in Keras; copies of them do. They can monitor ``"loss"``, ``"error"``
        (without the penalty) and, where `patience` is set, ``"val_error"``; the learning rate is not
        theirs to set. scikit-learn's own callbacks, which ``set_callbacks`` takes, are told of each
        epoch.

    warm_start : bool, default=False
        Whether ``fit`` goes on from the weights that an earlier one has left, where ids are the same.
        Ratings and features are then scaled as they were.

    n_jobs : int, default=None
        Number of threads that score blocks of users in ``recommend``.

    verbose : int, default=0
        0 is silent, 1 shows a progress bar, 2 a line for each epoch.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    time : int or str, default=None
        Position or name of a time column of ``X``, which is no feature; None if there is none.

    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, of the order of the rows and of the held-out part.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of shape (n_users, n_components) and \
            (n_items, n_components)
        Vectors, in the order of ``users_`` and ``items_``, with what histories add to them. Those of
        `n_estimators` networks stand side by side.

    model_ : keras.Model
        The trained network, on codes and standardized values; the first of several.

    models_ : list of keras.Model
        All networks.

    loss_curve_ : list of float
        Training loss of each epoch without the penalty, in the units of the rating (squared for
        "mse"), over all fits that continued the training. This and what follows is that of the first
        network.

    validation_curve_ : list of float or None
        The same on the held-out pairs, NaN where a fit had none; None where no fit had any.

    n_iter_ : int
        Number of epochs, over all fits that continued the training.

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
    sklearn_anime.neighbors.SVDNeighborsRecommender : Neighbors in SVD space.

    Notes
    -----
    With ``"dot+mlp"`` the standardized rating is ``b_u + b_i + p_u . q_i + mlp([p_u, q_i, x])``, the
    sum of a factor model [1]_ and a perceptron over the same vectors [2]_. With `use_history` the
    vector of a user is ``p_u = e_u + A h_u``: ``h_u`` is the user's row of the matrix of what was seen,
    scaled to unit length and projected on the first 128 right singular vectors of all such rows, and
    ``A`` is learned. This is the implicit feedback of SVD++ [3]_ at low rank. Biases depend on
    ``h_u`` in the same way; those and the vectors of items on their columns.

    Features and ratings are standardized inside and mapped back. With equal `random_state` the
    predictions are equal, in one process or in two. Python's and NumPy's global generators are left
    as they were; TensorFlow's keeps its seed and starts again from it. ``KERAS_BACKEND=jax`` in the
    environment trains the same network by JAX, with numbers of its own.

    References
    ----------
    .. [1] Koren, Bell and Volinsky (2009). Matrix factorization techniques for recommender systems.
       Computer 42(8), 30-37.
    .. [2] He, Liao, Zhang, Nie, Hu and Chua (2017). Neural collaborative filtering. WWW 2017.
    .. [3] Koren (2008). Factorization meets the neighborhood: a multifaceted collaborative filtering
       model. KDD 2008.

    Examples
    --------
    >>> from sklearn_anime.datasets import make_ratings
    >>> from sklearn_anime.neural_network import EmbeddingRegressor
    >>> ratings = make_ratings(100, 50, 2000, random_state=0)
    >>> model = EmbeddingRegressor(n_components=4, epochs=5, random_state=0)
    >>> model.fit(ratings.data, ratings.target).predict(ratings.data).shape
    (2000,)
    >>> model.item_factors_.shape, len(model.loss_curve_)
    ((50, 4), 5)
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "hidden_units": ["array-like"],
        "interaction": [StrOptions({"dot+mlp", "dot", "concat"})],
        "l2": [Interval(Real, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "optimizer": [StrOptions({"adam", "adamw", "nadam", "rmsprop", "sgd"})],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "loss": [StrOptions(set(LOSS_POWERS))],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "validation_fraction": [Interval(RealNotInt, 0, 1, closed="neither")],
        "patience": [Interval(Integral, 0, None, closed="left"), None],
        "use_history": ["boolean"],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "unknown_rate": [Interval(Real, 0, 1, closed="left")],
        "callbacks": ["array-like", None],
        "warm_start": ["boolean"],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
        "user": ID_COLUMN,
        "item": ID_COLUMN,
        "time": TIME_COLUMN,
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components: int = 64,
        hidden_units: Sequence[int] = (32, 16),
        *,
        interaction: str = "dot+mlp",
        l2: float = 0.08,
        dropout: float = 0.0,
        optimizer: str = "adam",
        learning_rate: float = 0.02,
        loss: str = "mse",
        epochs: int = 10,
        batch_size: int | str = "auto",
        validation_fraction: float = 0.1,
        patience: int | None = None,
        use_history: bool = True,
        n_estimators: int = 1,
        unknown_rate: float = 0.1,
        callbacks: Sequence | None = None,
        warm_start: bool = False,
        n_jobs: int | None = None,
        verbose: int = 0,
        user: int | str = 0,
        item: int | str = 1,
        time: int | str | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.n_components = n_components
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
        self.use_history = use_history
        self.n_estimators = n_estimators
        self.unknown_rate = unknown_rate
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.user = user
        self.item = item
        self.time = time
        self.random_state = random_state

    @with_callbacks
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
        interactions = Interactions.from_rows(
            X, y, sample_weight, user=self.user, item=self.item, time=self.time, features="numbers"
        )
        old = getattr(self, "_ensemble", None) if self.warm_start else None
        context = self._start_callbacks(X, y)
        learned = self._learn(interactions, TrainingRows.read(interactions), context, old)
        self._store(X, interactions, *learned, goes_on=old is not None)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train for `epochs` more on new rows alone; new users and items join.

        The first call is a ``fit``. In later ones what was learned of an id moves in each epoch by the
        share of its ratings that are new: of an id that is not in `X` not at all, of a new one, which
        starts as the unknown one of its side, all the way. What ids have in common moves by the share
        of all ratings. Nothing is held out, and ratings and features are scaled as in the first call.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``. A pair that was seen before counts as repeated.

        y : array-like of shape (n_rows,)
            Ratings, one at least; NaN is "seen, not rated".

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows.

        Returns
        -------
        EmbeddingRegressor
            This estimator.
        """
        if not hasattr(self, "_ensemble"):
            return self.fit(X, y, sample_weight)
        check_unchanged(self, self._columns)
        validate_data(self, X, reset=False, skip_check_array=True)
        columns = {"user": self.user, "item": self.item, "time": self.time}
        new = Interactions.from_rows(X, y, sample_weight, features="numbers", **columns)
        interactions = self.interactions_.extended(X, y, sample_weight)
        context = self._start_callbacks(X, y)
        training_rows = TrainingRows.read(new, like=interactions)
        known = TrainingRows.read(self.interactions_, like=interactions)
        shares = training_rows.shares_beside(known, interactions.shape)
        learned = self._learn(interactions, training_rows, context, self._ensemble, shares)
        self._store(None, interactions, *learned, goes_on=True)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def predict(
        self, X: ArrayLike, return_std: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Predict the rating of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``.

        return_std : bool, default=False
            Whether to return the standard deviations too; it takes an `n_estimators` of 2 or more.

        Returns
        -------
        ratings : ndarray of shape (n_rows,)
            Mean over the networks. Unknown users and items get the row that stands for all of
            them, and their features.

        deviations : ndarray of shape (n_rows,)
            Standard deviations of the predictive distribution: the spread of the networks, and the
            noise of a rating; only with `return_std`.
        """
        user_codes, item_codes, rows = self._encode(X)
        ensemble = self._ensemble
        if return_std and len(ensemble.networks) < 2:
            raise ValueError(
                "return_std=True takes the spread of several networks, and there is one: fit with "
                "n_estimators=5, for example."
            )
        if return_std and np.isnan(ensemble.noise):
            raise ValueError(
                "return_std=True takes the noise of ratings, which one rated pair does not tell. Fit to "
                "more ratings."
            )
        ratings, deviations = ensemble.predict(user_codes, item_codes, rows.features())
        return (ratings, deviations) if return_std else ratings

    def _learn(self, interactions, rows, context, old=None, shares=None):
        """Train networks, from the start or on from old ones; return them and the first one's curves."""
        codes = None
        if old is not None:
            codes = dict(zip(SIDES, interactions.codes_in(self.interactions_), strict=True))
        return train_ensemble(
            self,
            interactions,
            rows,
            check_random_state(self.random_state),
            self._watch(import_training(), context),
            old=old,
            codes=codes,
            shares=shares,
        )

    def _store(self, X, interactions, ensemble, curves, goes_on):
        unit = ensemble.standardization.rating_scale ** LOSS_POWERS[self.loss]
        return self._set_fitted(
            X,
            interactions_=interactions,
            item_features_=interactions.features.item_features,
            user_features_=interactions.features.user_features,
            **{f"{name}_factors_": ensemble.vectors(name) for name in SIDES},
            **self._curves(curves, goes_on, unit),
            _ensemble=ensemble,
            _columns={"user": self.user, "item": self.item, "time": self.time},
        )

    def _score_block(self, rows):
        table = self.interactions_.features
        return self._score_items(rows, table.item_features, np.arange(rows.n_items))

    def _score_new_items(self, rows, features):
        if len(self.interactions_.features) == 0:
            return super()._score_new_items(rows, features)
        return self._score_items(rows, features, np.full(len(features), -1))

    def _score_items(self, rows, item_features, item_codes):
        """Return the rating of each item, with its features, for each user."""
        table = self.interactions_.features
        seen, n_items, ensemble = rows.seen_matrix(), len(item_codes), self._ensemble
        sides = [
            (network.user.of(rows.codes, seen), network.item.rows[item_codes])
            for network in ensemble.networks
        ]
        scores = np.empty((len(rows.codes), n_items))
        for block in gen_batches(len(scores), block_length(n_items * (8 + len(table)))):
            users = np.repeat(np.arange(block.start, block.stop), n_items)
            items = np.tile(np.arange(n_items), block.stop - block.start)
            features = table.combined(rows.user_features[users], item_features[items])
            scores[block] = (
                ensemble.rate(sides, users, items, features).mean(axis=0).reshape(-1, n_items)
            )
        return scores
