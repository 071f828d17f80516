"""Bayesian matrix factorization with side information, by Gibbs sampling."""

from functools import partial
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_anime.base import FactorsMixin, RatingRegressorMixin, RecommenderMixin, Terms
from sklearn_anime.decomposition._posterior import Posterior
from sklearn_anime.decomposition._sampler import Sampler, kept_sweeps, run_chain, side_features
from sklearn_anime.decomposition._side_features import History
from sklearn_anime.decomposition._traces import Traces
from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._recency import TIME_COLUMN
from sklearn_anime.interactions._rows import ID_COLUMN
from sklearn_anime.interactions._user_rows import same_rows
from sklearn_anime.utils._scaling import FeatureScaling
from sklearn_anime.utils._sklearn import CallbackSupportMixin, Interval, fit_context, with_callbacks
from sklearn_anime.utils._validation import check_unchanged
from sklearn_anime.utils._warnings import warn

READ_BY_FIT = ("n_components", "n_chains", "use_history", "user", "item")  # what chains have to keep


class BayesianFactorizationRegressor(
    FactorsMixin, RatingRegressorMixin, RecommenderMixin, CallbackSupportMixin, BaseEstimator
):
    """Predict ratings by Bayesian matrix factorization, with error bars.

    Each user and each item has a bias and factors. A Gibbs sampler draws them all again and again from
    their posterior distribution, and predictions are means over these draws. No penalty is tuned, and
    more factors or sweeps do not overfit. Features of items and of users, and the interactions, shift
    the prior of the factors, so that ids with few ratings are estimated from similar ones.

    Parameters
    ----------
    n_components : int, default=16
        Factors of a user and of an item, besides the biases.

    n_iter : int, default=200
        Sweeps of the sampler.

    burn_in : int, default=20
        Sweeps at the beginning that are discarded, below `n_iter`.

    n_samples : int, default=50
        Draws that are kept of the other sweeps of each chain, evenly spaced; at most
        ``n_iter - burn_in``. Memory and the time of predictions are in proportion to it.

    use_history : bool, default=True
        Whether what a user has seen is a feature of the user, and who has seen it one of the item.
        Pairs that were seen and not rated count too.

    n_chains : int, default=1
        Chains, each from a start of its own. Predictions are means over all of them, and
        `diagnostics` compares them. Time and memory are in proportion to it.

    warm_start : bool, default=False
        Whether the next ``fit`` continues the chain where the last one ended. New users and items
        then start from the mean vector. All samples are of the new sweeps, of which the first
        `burn_in` are discarded again.

    clip : bool, default=True
        Whether to clip predictions to the range of the ratings seen.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    time : int or str, default=None
        Position or name of a time column of ``X``, which is no feature; None if there is none.

    n_jobs : int, default=None
        Number of threads that run the chains, and that score blocks of users in ``recommend``.

    verbose : int, default=0
        0 is silent, 1 shows a line for each tenth of the sweeps, 2 one for each sweep. The callbacks
        of scikit-learn, which ``set_callbacks`` takes, are told of each sweep too.

    random_state : int, RandomState instance or None, default=None
        Seed of the sampler.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of shape (n_users, n_components) and \
            (n_items, n_components)
        Posterior means of the factors, in the order of ``users_`` and ``items_``.

    user_bias_, item_bias_ : ndarray of shape (n_users,) and (n_items,)
        Posterior means of the biases.

    mean_rating_ : float
        Weighted mean of the ratings.

    noise_precision_ : float
        One over the variance of the noise of a rating: the posterior mean over all ratings.

    user_noise_ : ndarray of shape (n_users,)
        Standard deviation of the noise of a rating of each user: large where a user's ratings are
        hard to predict.

    loss_curve_ : ndarray of shape (n_sweeps,)
        Root mean squared error on the rated training pairs after each sweep, the mean over the
        chains, over all fits that continued them; it falls until the chains have converged, and then
        fluctuates.

    traces_ : Traces
        The error, the noise and the ratings of a few pairs after each sweep of the last fit.

    n_iter_ : int
        Sweeps of the chain, over all fits that continued it.

    item_features_, user_features_ : ndarray of shape (n_items, n_item_features) and \
            (n_users, n_user_features)
        Features that are constant within each item (and the mean of those that are constant within
        neither side), and those that are constant within each user.

    users_, items_ : ndarray of shape (n_users,) and (n_items,)
        The ids of ``fit``, sorted.

    interactions_ : Interactions
        The table of ``fit``.

    n_features_in_ : int
        Number of columns of ``X``.

    feature_names_in_ : ndarray of str
        Names of the columns of ``X``, where they are all text.

    See Also
    --------
    sklearn_anime.baseline.BiasRegressor : The model without factors.
    sklearn_anime.neighbors.SVDNeighborsRecommender : Ratings from near users or items; its errors
        differ, so that a stack of both is better than either.
    sklearn_anime.neural_network.EmbeddingRegressor : Factors by gradient descent.

    Notes
    -----
    The model [1]_ is

    ``y(u, i) ~ Normal(mean + b_u + b_i + p_u . q_i, 1 / (weight * a_u))``

    The precision ``a_u`` of the ratings of a user comes from a Gamma distribution that all users share.
    The vector ``(b_u, p_u)`` of a user has the prior ``Normal(f_u B, inverse(L))`` [2]_. ``f_u`` are the
    features of the user: an intercept, the numeric features, and the history. The coefficients ``B``
    have mean 0, and a precision in units of ``L`` that is drawn too, one for the numeric features and
    one for the history; ``L`` has a Wishart prior. The same holds for items, whose history are the
    users who have seen them. Priors are in units of the ratings' standard deviation: ratings on another
    scale give the same predictions on that scale. Numeric features are standardized, and divided by the
    root of how many they are.

    The history is the row of the interaction matrix, times ``n ** -0.3`` for the n interactions of the
    row: its first 256 principal components. A long history thus moves the prior further than a short
    one.

    The chain runs in single precision. ``B`` and ``L`` are drawn together, and all other vectors given
    them: the sums of products that their precisions are made of come from one matrix product for each
    user and item, and one Cholesky factorization goes through 256 of them at once.

    An unknown user or item is taken for one of the others drawn at random, as far as the numeric
    features in its row do not tell.
    ``recommend`` ranks by the posterior mean rating before it is clipped; for users in ``history=``, by
    its mean given what they rated there and the samples of the items.

    References
    ----------
    .. [1] Salakhutdinov and Mnih (2008). Bayesian probabilistic matrix factorization using Markov chain
       Monte Carlo. ICML 2008.
    .. [2] Simm, Arany, Zakeri, Haber, Wegner, Chupakhin, Ceulemans and Moreau (2017). Macau: scalable
       Bayesian factorization with high-dimensional side information using MCMC. MLSP 2017.

    Examples
    --------
    >>> from sklearn_anime.datasets import make_ratings
    >>> from sklearn_anime.decomposition import BayesianFactorizationRegressor
    >>> ratings = make_ratings(100, 50, 2000, random_state=0)
    >>> model = BayesianFactorizationRegressor(4, n_iter=60, n_samples=40, random_state=0)
    >>> model = model.fit(ratings.data, ratings.target)
    >>> known = ratings.data[:1]
    >>> unknown = known.assign(user_id=-1)
    >>> rating, deviation = model.predict(known, return_std=True)
    >>> bool(deviation < model.predict(unknown, return_std=True)[1])
    True
    """

    _warns_of_context = False  # `fit` does

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "burn_in": [Interval(Integral, 0, None, closed="left")],
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "use_history": ["boolean"],
        "n_chains": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "clip": ["boolean"],
        "user": ID_COLUMN,
        "item": ID_COLUMN,
        "time": TIME_COLUMN,
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components: int = 16,
        *,
        n_iter: int = 200,
        burn_in: int = 20,
        n_samples: int = 50,
        use_history: bool = True,
        n_chains: int = 1,
        warm_start: bool = False,
        clip: bool = True,
        user: int | str = 0,
        item: int | str = 1,
        time: int | str | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.n_components = n_components
        self.n_iter = n_iter
        self.burn_in = burn_in
        self.n_samples = n_samples
        self.use_history = use_history
        self.n_chains = n_chains
        self.warm_start = warm_start
        self.clip = clip
        self.user = user
        self.item = item
        self.time = time
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Sample from the posterior.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user, item and numeric features.

        y : array-like of shape (n_rows,)
            Ratings; NaN is "seen, not rated".

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows: a rating of weight w has w times the precision.

        Returns
        -------
        BayesianFactorizationRegressor
            This estimator.
        """
        kept = kept_sweeps(self.n_iter, self.burn_in, self.n_samples)
        interactions = Interactions.from_rows(
            X, y, sample_weight, user=self.user, item=self.item, time=self.time, features="numbers"
        )
        go_on = self.warm_start and hasattr(self, "_states")
        return self._set_fitted(X, **self._fitted(X, y, interactions, kept, go_on))

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Add rows to those of ``fit``, and continue the chains for `n_iter` sweeps.

        The first call is a ``fit``. New users and items start from the mean vector, so that `burn_in`
        may be small where few rows are new. All samples are of the new sweeps. For new users alone,
        ``recommend(history=)`` needs no further sweep.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``. A pair that was there before counts as repeated.

        y : array-like of shape (n_rows,)
            Ratings; NaN is "seen, not rated".

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows.

        Returns
        -------
        BayesianFactorizationRegressor
            This estimator.
        """
        if not hasattr(self, "_states"):
            return self.fit(X, y, sample_weight)
        kept = kept_sweeps(self.n_iter, self.burn_in, self.n_samples)
        validate_data(self, X, reset=False, skip_check_array=True)
        interactions = self.interactions_.extended(X, y, sample_weight)
        return self._set_fitted(**self._fitted(X, y, interactions, kept, go_on=True))

    def predict(
        self, X: ArrayLike, return_std: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Predict the rating of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``. Features are read for unknown ids alone: where both ids of a
            row are known, they may be NaN.

        return_std : bool, default=False
            Whether to return the standard deviations too.

        Returns
        -------
        ratings : ndarray of shape (n_rows,)
            Posterior means. Unknown users and items get a mean of the others, given their features.

        deviations : ndarray of shape (n_rows,)
            Standard deviations of the posterior predictive distribution, that of the noise of a
            rating included; only with `return_std`.
        """
        user_codes, item_codes, rows = self._encode(X)
        new_users, new_items = user_codes < 0, item_codes < 0
        features = rows.features(needed=new_users | new_items)
        of_user = self.interactions_.features.of_user
        ratings, deviations = self._posterior.predict(
            _numbered(user_codes, len(self.users_)),
            _numbered(item_codes, len(self.items_)),
            self._scalings[0].transform(features[new_users][:, of_user]),
            self._scalings[1].transform(features[new_items][:, ~of_user]),
        )
        if self.clip:
            ratings = np.clip(ratings, *self._rating_range)
        return (ratings, deviations) if return_std else ratings

    @property
    def n_iter_(self):
        """Sweeps of the chain, over all fits that continued it."""
        return len(self.loss_curve_)

    def diagnostics(self) -> Any:
        """Tell whether the chains have converged, from the sweeps after the burn-in.

        Returns
        -------
        DataFrame
            A row for the error on the ratings of ``fit``, for the standard deviation of the noise, and
            for the rating of each of a few pairs: ``quantity``, ``mean``, ``std``,
            ``effective_samples``, the number of independent draws that tell as much of the mean as the
            sweeps do, and ``r_hat``, which compares chains and their halves with each other: about 1
            once they have converged, and above 1.1 where they need more sweeps or more burn-in.
        """
        check_is_fitted(self)
        traces, fitted = self.traces_, self.interactions_
        ids = zip(
            fitted.users.decode(traces.user_codes).to_list(),
            fitted.items.decode(traces.item_codes).to_list(),
            strict=True,
        )
        names = ["training error", "noise", *(f"rating of {user} for {item}" for user, item in ids)]
        return pd.DataFrame({"quantity": names, **traces.summary()})

    def _fitted(self, X, y, interactions, kept, go_on):
        """Return the state of a fitted model: run the chains, from the start or on from the old ones."""
        if go_on:
            check_unchanged(self, self._read_by_fit)
        context = self._init_callback_context(max_subtasks=self.n_chains)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        table = interactions.features
        _warn_of_context(table)
        sides = table.user_features, table.item_features
        scalings = [FeatureScaling.fit(numbers) for numbers in sides]
        numbers = [scaling.transform(side) for scaling, side in zip(scalings, sides, strict=True)]
        histories = self._histories(interactions)
        sampler = Sampler.build(interactions, side_features(interactions, numbers, histories))
        runs = self._run(sampler, self._starts(sampler, interactions, go_on), kept, context)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        traces = _traces(runs, sampler, interactions.mean_rating, self.burn_in)
        samples = [sample for run in runs for sample in run.samples]
        curve = self.loss_curve_ if go_on else np.empty(0)
        return {
            "interactions_": interactions,
            "user_features_": sides[0],
            "item_features_": sides[1],
            "loss_curve_": np.concatenate([curve, traces.errors.mean(axis=0)]),
            "traces_": traces,
            "_read_by_fit": {name: getattr(self, name) for name in READ_BY_FIT},
            "_scalings": scalings,
            "_user_numbers": numbers[0],
            "_states": [run.state for run in runs],
            "_generators": [run.rng.bit_generator.state for run in runs],
            **_summaries(Posterior(interactions.mean_rating, samples, histories[0])),
        }

    def _histories(self, interactions):
        """Return the histories of users and of items, None without `use_history`."""
        if not self.use_history:
            return None, None
        seen = interactions.seen_matrix()
        seed = check_random_state(0)  # that of the directions alone, which hardly depend on it
        return History.fit(seen, seed), History.fit(seen.T.tocsr(), seed)

    def _starts(self, sampler, interactions, go_on):
        """Return the state and the generator that each chain begins with."""
        if not go_on:
            seed = check_random_state(self.random_state).randint(2**31 - 1)
            rngs = np.random.default_rng(seed).spawn(self.n_chains)
            return [(sampler.start(self.n_components, rng), rng) for rng in rngs]
        codes, starts = interactions.codes_in(self.interactions_), []
        for state, generator in zip(self._states, self._generators, strict=True):
            rng = np.random.default_rng(0)
            rng.bit_generator.state = generator
            starts.append((state.moved(codes), rng))
        return starts

    def _run(self, sampler, starts, kept, context):
        """Run all chains."""
        tasks = [context.subcontext("chain", max_subtasks=self.n_iter) for _ in starts]
        return Parallel(n_jobs=self.n_jobs, require="sharedmem")(
            delayed(run_chain)(sampler, *start, self._sweeps(task), kept, partial(self._report, chain))
            for chain, (start, task) in enumerate(zip(starts, tasks, strict=True), 1)
        )

    def _sweeps(self, task):
        """Yield the numbers of the sweeps of a chain, and tell the callbacks of each."""
        task.call_on_fit_task_begin(estimator=self)
        for sweep in range(self.n_iter):
            step = task.subcontext("sweep")
            step.call_on_fit_task_begin(estimator=self)
            yield sweep
            step.call_on_fit_task_end(estimator=self)
        task.call_on_fit_task_end(estimator=self)

    def _report(self, chain, sweep, error, noise):
        every = 1 if self.verbose > 1 else max(self.n_iter // 10, 1)
        if self.verbose and (sweep + 1) % every == 0:
            name = f"chain {chain}, " if self.n_chains > 1 else ""
            print(
                f"{name}sweep {sweep + 1} of {self.n_iter}: RMSE {error:.4f} on the ratings of fit, "
                f"noise {noise:.4f}"
            )

    @property
    def _rating_range(self):
        return self.interactions_.rating_range

    def _score_block(self, rows):
        return self._posterior.scores(self._vectors_of(rows))

    def _explain_score(self, rows, item_code):
        return Terms(self._posterior.terms(self._vectors_of(rows), item_code))

    def _explain_rating(self, rows, item_code):
        terms = self._posterior.terms(self._vectors_of(rows), item_code)
        rating = sum(terms.values())
        clip = float(np.clip(rating, *self._rating_range)) - rating if self.clip else 0.0
        return Terms(terms | ({"clip": clip} if clip else {}))

    def _score_new_items(self, rows, features):
        if not features.shape[1]:
            return super()._score_new_items(rows, features)
        numbers = self._scalings[1].transform(features)
        return self._posterior.scores(self._vectors_of(rows), numbers)

    def _vectors_of(self, rows):
        """Return the vectors of users in each sample, from rows and features where fit had others."""
        numbers = self._scalings[0].transform(rows.user_features)
        as_in_fit = (rows.codes >= 0) & same_rows(rows, self.interactions_.take(rows.codes))
        as_in_fit &= (numbers == self._user_numbers[rows.codes]).all(axis=1)
        return self._posterior.vectors_of(rows, ~as_in_fit, numbers)


def _warn_of_context(table):
    if table.context.any():
        warn(
            f"Columns {table.context_names} of X are constant neither within each item nor within "
            f"each user: their mean per item is a feature of the item, and the rest is not used."
        )


def _traces(runs, sampler, mean_rating, burn_in):
    """Put the traces of the chains beside each other."""
    errors, noise, ratings = (
        np.array(values) for values in zip(*(run.traces for run in runs), strict=True)
    )
    return Traces(errors, noise, mean_rating + ratings, *sampler.probes, burn_in)


def _summaries(posterior):
    """Return the fitted attributes that the samples hold."""
    users, items = posterior.mean_vectors("users"), posterior.mean_vectors("items")
    samples = posterior.samples
    return {
        "_posterior": posterior,
        "mean_rating_": posterior.mean_rating,
        "user_bias_": users[:, 0],
        "user_factors_": users[:, 1:],
        "item_bias_": items[:, 0],
        "item_factors_": items[:, 1:],
        "noise_precision_": 1 / float(np.mean([sample.mean_noise for sample in samples])),
        "user_noise_": np.sqrt(np.mean([sample.noise for sample in samples], axis=0)),
    }


def _numbered(codes, n_known):
    """Return codes with the unknown ones numbered after those that are known."""
    unknown = codes < 0
    return np.where(unknown, n_known + np.cumsum(unknown) - 1, codes)
