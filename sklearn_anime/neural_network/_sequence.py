"""A network that reads what a user has seen, in order, and tells what comes next."""

from collections.abc import Sequence
from copy import deepcopy
from numbers import Integral, Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from sklearn_anime.base import FactorsMixin, RecommenderMixin
from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._recency import TIME_COLUMN
from sklearn_anime.interactions._rows import ID_COLUMN
from sklearn_anime.linear_model import NextItemRecommender
from sklearn_anime.neural_network._import import import_training
from sklearn_anime.neural_network._network_mixin import NetworkMixin
from sklearn_anime.neural_network._sequence_ensemble import NewRows, train_sequences
from sklearn_anime.utils._sklearn import Interval, RealNotInt, StrOptions, fit_context, with_callbacks
from sklearn_anime.utils._validation import check_unchanged
from sklearn_anime.utils._warnings import warn

NEVER_SEEN = 1e-4  # added to scores of the linear model, which are 0 for what nobody has gone on to
OF_NETWORK = 0.2  # power of the probabilities beside those scores


class SequenceRecommender(NetworkMixin, FactorsMixin, RecommenderMixin, BaseEstimator):
    """Recommend what comes next, by a network that reads the sequence of a user.

    Each item has a vector, learned with the network. An LSTM, a GRU or attention turns the vectors of
    what a user has seen, in order, into a vector for the next item; the items nearest to it come first.
    `NextItemRecommender` is quicker, and was more accurate where both were measured; with it as `base`
    the scores of both join, which is more accurate than either where there are many users.

    Parameters
    ----------
    cell : {"gru", "lstm", "attention"}, default="gru"
        What reads the sequence.

    n_components : int, default=64
        Length of the vectors.

    init : {"transitions", "random"}, default="transitions"
        First vectors of the items: ``"transitions"`` takes the leading eigenvectors of what stands near
        each other in the sequences, which saves most of the epochs; ``"random"`` small random vectors.

    max_length : int, default=20
        How many of the latest items of a user are read. In training longer sequences are cut into pieces
        of this length.

    l2 : float, default=0.0
        Penalty on the squared vectors of the items of a batch.

    dropout : float, default=0.25
        Share of the entries of vectors that are dropped in training, in [0, 1).

    n_negatives : int, None or "auto", default="auto"
        How many items, drawn at random in each step, stand for all others in the softmax of training.
        None takes all items. ``"auto"`` takes all up to 5,000 items, and 1,000 beyond.

    base : NextItemRecommender, default=None
        The linear model, whose scores join those of the network. A copy of it is fitted to the same
        rows; its columns are those of this estimator.

    optimizer : {"adam", "adamw", "nadam", "rmsprop", "sgd"}, default="adam"
        Keras optimizer.

    learning_rate : float, default=0.015
        Learning rate of the first step; it falls to 0 along a cosine.

    epochs : int, default=12
        Passes over the sequences.

    batch_size : int or "auto", default="auto"
        Most sequences, or pieces of them, in each step. The steps of an epoch are about equal, and 32 or
        more: small tables are trained in smaller steps. ``"auto"`` is as many as have 1,400 items.

    validation_fraction : float, default=0.1
        Share of the users, drawn at random, that is held out where `patience` is set.

    patience : int or None, default=None
        Stop after so many epochs without a better loss on the held-out users, and go back to the best
        weights. None trains on all users for all epochs.

    n_estimators : int, default=1
        How many networks with different seeds are trained; their probabilities are averaged.

    callbacks : list of keras.callbacks.Callback, default=None
        Watch the training, as in Keras; copies of them do. They can monitor ``"loss"``, ``"error"``
        (without the penalty) and, where `patience` is set, ``"val_error"``; the learning rate is not
        theirs to set. scikit-learn's own callbacks, which ``set_callbacks`` takes, are told of each
        epoch.

    n_jobs : int, default=None
        Number of threads that score blocks of users in ``recommend``.

    verbose : int, default=0
        0 is silent, 1 shows a progress bar, 2 a line for each epoch.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    time : int or str, default=None
        Position or name of the time column of ``X``: numbers, dates or datetimes. Rows of equal time
        keep their order. None: the rows of each user are in the order of time, and so are those of a
        history.

    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, of the order of the sequences and of the held-out users.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of shape (n_users, n_components) and \
            (n_items, n_components)
        Vectors of what comes next, and of items, in the order of ``users_`` and ``items_``. Those of
        `n_estimators` networks stand side by side.

    base_ : NextItemRecommender or None
        The fitted copy of `base`.

    model_ : keras.Model
        The trained network; the first of several.

    models_ : list of keras.Model
        All networks.

    loss_curve_ : list of float
        Cross-entropy of the next item in each epoch of training, over all fits that continued the
        training. This and what follows is that of the first network.

    validation_curve_ : list of float or None
        The same for the held-out users, NaN where a fit had none; None where no fit had any.

    n_iter_ : int
        Number of epochs, over all fits that continued the training.

    best_epoch_ : int
        Epoch (from 1) whose weights the model has.

    item_features_ : ndarray of shape (n_items, n_item_features)
        Features that are constant within each item, and the mean of those that are constant within
        neither side.

    users_, items_ : ndarray of shape (n_users,) and (n_items,)
        The ids of ``fit``, sorted; those that ``partial_fit`` brought come after them.

    interactions_ : Interactions
        What ``fit`` saw.

    n_features_in_ : int
        Number of columns of ``X``.

    feature_names_in_ : ndarray of str
        Names of the columns of ``X``, where they are all text.

    See Also
    --------
    sklearn_anime.linear_model.NextItemRecommender : The linear model of the same task, in closed form.
    EmbeddingRegressor : The network that predicts ratings.

    Notes
    -----
    Let ``i_1, ..., i_n`` be the items of a user in the order of time; an item counts once, at its latest
    time. The network reads ``e_0, e_(i_1), ..., e_(i_n)``, where ``e_0`` is learned for the start, and
    makes a state ``h_p`` of the first ``p`` of them. The probability that item ``j`` comes next is
    ``softmax_j(h_p . e_j + b_j)``: the vectors are those that were read, and ``b_j`` starts as the
    logarithm of the popularity. Training minimizes the cross-entropy of ``i_(p+1)`` at all positions
    ``p``. The cells are those of [1]_ and [2]_, and one block like those of [3]_: attention and a hidden
    layer, each added to what it reads. Attention has no vectors of positions. Each head has a bias for
    each distance instead, which starts as a decay.

    With ``init="transitions"`` the vectors start as the leading eigenvectors, each times the root of its
    eigenvalue, of the Gram matrix ``S'S`` of the pasts of `NextItemRecommender`, with rows and columns
    divided by the root of the diagonal plus 10.

    With `base` the score is ``(s_j + 0.0001)^0.8 p_j^0.2``, where ``s_j`` is the score of the linear
    model, or 0 where that is negative, and ``p_j`` the probability by the network. New items have the
    ``s_j`` of items that nobody has gone on to, 0.

    Features of items (further columns of ``X``) add a linear map of them to ``e_j`` and ``b_j``. New
    items have the mean of what was learned of the others, plus this map.

    With equal `random_state` the scores are equal, in one process or in two.

    References
    ----------
    .. [1] Hidasi, Karatzoglou, Baltrunas and Tikk (2016). Session-based recommendations with recurrent
       neural networks. ICLR 2016.
    .. [2] Hochreiter and Schmidhuber (1997). Long short-term memory. Neural Computation 9(8), 1735-1780.
    .. [3] Kang and McAuley (2018). Self-attentive sequential recommendation. ICDM 2018.

    Examples
    --------
    >>> from sklearn_anime.neural_network import SequenceRecommender
    >>> X = [[user, item, item] for user in range(9) for item in range(user % 3, user % 3 + 4)]
    >>> model = SequenceRecommender(n_components=4, max_length=5, epochs=20, time=2, random_state=0)
    >>> model.fit(X).recommend(history=[["me", 1, 1], ["me", 2, 2]], n_items=1)["item"].tolist()
    [3]
    """

    _parameter_constraints = {
        "cell": [StrOptions({"gru", "lstm", "attention"})],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "init": [StrOptions({"transitions", "random"})],
        "max_length": [Interval(Integral, 1, None, closed="left")],
        "l2": [Interval(Real, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "n_negatives": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"}), None],
        "base": [NextItemRecommender, None],
        "optimizer": [StrOptions({"adam", "adamw", "nadam", "rmsprop", "sgd"})],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "validation_fraction": [Interval(RealNotInt, 0, 1, closed="neither")],
        "patience": [Interval(Integral, 0, None, closed="left"), None],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "callbacks": ["array-like", None],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
        "user": ID_COLUMN,
        "item": ID_COLUMN,
        "time": TIME_COLUMN,
        "random_state": ["random_state"],
    }
    _block_width = 3

    def __init__(
        self,
        cell: str = "gru",
        *,
        n_components: int = 64,
        init: str = "transitions",
        max_length: int = 20,
        l2: float = 0.0,
        dropout: float = 0.25,
        n_negatives: int | str | None = "auto",
        base: NextItemRecommender | None = None,
        optimizer: str = "adam",
        learning_rate: float = 0.015,
        epochs: int = 12,
        batch_size: int | str = "auto",
        validation_fraction: float = 0.1,
        patience: int | None = None,
        n_estimators: int = 1,
        callbacks: Sequence | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        user: int | str = 0,
        item: int | str = 1,
        time: int | str | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.cell = cell
        self.n_components = n_components
        self.init = init
        self.max_length = max_length
        self.l2 = l2
        self.dropout = dropout
        self.n_negatives = n_negatives
        self.base = base
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.n_estimators = n_estimators
        self.callbacks = callbacks
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.user = user
        self.item = item
        self.time = time
        self.random_state = random_state

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train the network on the sequences of all users.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user, item, with `time` when it was, and numeric features of the items.

        y : array-like of shape (n_rows,), default=None
            Ratings, which do not enter the model.

        sample_weight : array-like of shape (n_rows,), default=None
            Weight of each row where it is the item that comes next. None in every call: a pair counts 1,
            however often it stands there. As soon as one call has weights, a pair counts the sum of
            those of its rows, where a row without one has 1. Rows of weight 0 are absent.

        Returns
        -------
        SequenceRecommender
            This estimator.
        """
        interactions = Interactions.from_rows(X, y, sample_weight, **self._reads())
        context = self._start_callbacks(X, y)
        base = self._fit_base(X, y, sample_weight)
        learned = self._learn(interactions, context)
        self._store(X, interactions, base, *learned, goes_on=False)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train for `epochs` more on new rows alone; new users and items join.

        The first call is a ``fit``. In later ones the rows of `X` are what comes next, after all that
        their users have seen before. What was learned of an item moves in each epoch by the share of its
        interactions that are new: of an item that is not in `X` not at all, of a new one, which starts
        as the start of a sequence does, all the way. The rest of the network moves by the share of all
        interactions. No user is held out.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``. Without `time`, and where times are equal, they come after those
            that were there before.

        y : array-like of shape (n_rows,), default=None
            Ratings, which do not enter the model.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, as in ``fit``.

        Returns
        -------
        SequenceRecommender
            This estimator.
        """
        if not hasattr(self, "_ensemble"):
            return self.fit(X, y, sample_weight)
        check_unchanged(self, self._columns)
        validate_data(self, X, reset=False, skip_check_array=True)
        interactions = self.interactions_.extended(X, y, sample_weight, optional=True)
        added = Interactions.from_rows(X, y, sample_weight, **self._reads())
        new = NewRows.between(self.interactions_, added, interactions)
        context = self._start_callbacks(X, y)
        base = None if self.base_ is None else deepcopy(self.base_).partial_fit(X, y, sample_weight)
        learned = self._learn(interactions, context, self._ensemble, new)
        self._store(None, interactions, base, *learned, goes_on=True)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _reads(self):
        """Return what to read of ``X``."""
        options = {"ordered": True, "needs_ratings": False, "features": "numbers"}
        return self._named_columns() | options

    def _named_columns(self):
        return {"user": self.user, "item": self.item, "time": self.time}

    def _learn(self, interactions, context, old=None, new=None):
        """Train networks, from the start or on from old ones; return them and the first one's curves."""
        table = interactions.features
        if table.of_user.any():
            warn(
                f"Columns {table.user_names} of X are constant within each user, not within each item: "
                f"they are not used."
            )
        watch = self._watch(import_training(), context)
        random_state = check_random_state(self.random_state)
        return train_sequences(self, interactions, random_state, watch, old, new)

    def _fit_base(self, X, y, sample_weight):
        """Return the linear model of the same rows, if there is one."""
        if self.base is None:
            return None
        return clone(self.base).set_params(**self._named_columns()).fit(X, y, sample_weight)

    def _store(self, X, interactions, base, ensemble, curves, goes_on):
        return self._set_fitted(
            X,
            interactions_=interactions,
            item_features_=interactions.features.item_features,
            user_factors_=ensemble.user_vectors(interactions),
            item_factors_=ensemble.item_vectors(),
            base_=base,
            **self._curves(curves, goes_on),
            _ensemble=ensemble,
            _columns=self._named_columns(),
        )

    def _score_block(self, rows):
        probabilities = self._ensemble.probabilities(rows)
        return (
            probabilities
            if self.base_ is None
            else _joined(self.base_._score_block(rows), probabilities)
        )

    def _score_new_items(self, rows, features):
        if self._ensemble.features is None:
            return super()._score_new_items(rows, features)
        probabilities = self._ensemble.probabilities(rows, features)
        return probabilities if self.base_ is None else _joined(0.0, probabilities)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags


def _joined(linear, probabilities):
    """Return the weighted geometric mean of scores of the linear model and probabilities."""
    return (np.maximum(linear, 0.0) + NEVER_SEEN) ** (1 - OF_NETWORK) * probabilities**OF_NETWORK
