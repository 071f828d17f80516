"""Recommendations of any recommender, ranked again for diversity and by rules."""

import copy
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted

from sklearn_anime.base import RecommenderMixin
from sklearn_anime.compose._item_traits import read_features, read_groups
from sklearn_anime.compose._rerank import NORMS, DiverseRanker, Settings, log_share
from sklearn_anime.interactions._frames import as_table
from sklearn_anime.interactions._ids import as_series
from sklearn_anime.interactions._targets import check_weights
from sklearn_anime.utils._sklearn import HasMethods, Interval, StrOptions, fit_context
from sklearn_anime.utils._validation import check_takes_weights


class DiverseRecommender(MetaEstimatorMixin, RecommenderMixin, BaseEstimator):
    r"""Rank the items of any recommender again, for diversity and by rules.

    For each user, the recommender selects `n_candidates` items. Of these, one is chosen after the other:
    each time the one with the best sum of relevance and of what `method` asks for.

    Parameters
    ----------
    recommender : recommender
        Selects and scores the candidates, such as `EASERecommender`. It is cloned. Inside a Pipeline,
        put `DiverseRecommender` at the end.

    diversity : float, default=0.3
        Weight of what `method` asks for, in [0, 1]; relevance has the rest. 0 is the order of the
        recommender. It is read by ``recommend``: ``set_params(diversity=...)`` needs no new ``fit``.

    method : {"mmr", "maxsum", "dpp", "calibrated", "popularity"}, default="mmr"
        What to weigh relevance against: the similarity to the nearest item that was chosen (maximal
        marginal relevance), the mean similarity to the chosen items (max-sum diversification), the
        volume that the vectors of the chosen items span (a determinantal point process), the divergence
        of the mix of features from that of the history of the user, or the popularity of the item.

    order : {"choice", "relevance"}, default="choice"
        How the chosen items are ranked: as they were chosen, so that the first few are diverse too, or
        by relevance, which gives more diversity for the same accuracy, but looks at the `n_items` of
        ``recommend`` as a whole: fewer items are not the first of more. Reserved ranks are kept.

    features : str, list of str or DataFrame, default=None
        Names of columns of ``X``, or a frame with the item column of ``X``; without it, pandas frames
        are indexed by item, and the first column of others holds the items. Numbers are used as they
        are; of text such as "Action, Drama" each part becomes a column. Items without a row, or without
        a genre, are at distance 1 from all others. None takes the factors of the recommender, or else
        the leading components of the interactions. Not used by ``"popularity"``; ``"calibrated"`` needs
        features of 0 or more.

    n_candidates : int, default=100
        How many items to choose from, for each user; as many as are asked for, where these are more.

    groups : str or mapping, default=None
        Name of a column of ``X``, or a mapping (a dict, a Series) from items to the group of each, or to
        a list of groups. Items without a group are not limited.

    max_per_group : int, default=None
        How many items of a group a user gets at most. Users get fewer items where too few candidates are
        left: raise `n_candidates` then.

    reserved : dict of int to id or list of ids, default=None
        Ranks, from 1, and the items that they are for. The best of them that the user has not seen goes
        there, also from beyond the candidates; another item where none is left. They are not shown
        before their rank. Ranks beyond `n_items` are not used.

    boosts : dict of id to float, default=None
        Factors of 0 or more by which the relevance of items is multiplied. Items with a factor are
        candidates wherever the recommender ranks them.

    n_jobs : int, default=None
        Number of threads that score blocks of users in ``recommend``.

    Attributes
    ----------
    recommender_ : recommender
        The fitted recommender.

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
    TopNRecommender : Ranks the candidates of a recommender again by a predicted rating.
    sklearn_anime.metrics.intra_list_diversity : How unlike each other recommended items are.
    sklearn_anime.metrics.calibration_error : How far their mix is from that of the history.
    sklearn_anime.inspection.DiversityCurveDisplay : What diversity costs.

    Notes
    -----
    The rank is the new order. The score stays that of the recommender, and need not fall with the rank.
    Relevance :math:`r_i` is the score, scaled to 0..1 over the candidates of the user. With
    :math:`\lambda` for `diversity`, the chosen items :math:`S` and unit vectors :math:`v_i`, the next
    item is the one with the largest

    .. math::

        \text{mmr} &: (1 - \lambda) r_i - \lambda \max_{j \in S} v_i \cdot v_j \\
        \text{maxsum} &: (1 - \lambda) r_i - \lambda \, \mathrm{mean}_{j \in S} \, v_i \cdot v_j \\
        \text{dpp} &: (1 - \lambda) r_i + \lambda \log \frac{\det K_{S \cup i}}{\det K_S},
            \quad K_{ij} = v_i \cdot v_j \\
        \text{calibrated} &: (1 - \lambda) r_i - \lambda \, \mathrm{KL}(p_u \| \tilde q_{S \cup i}) \\
        \text{popularity} &: (1 - \lambda) r_i - \lambda \log(1 + n_i) / \log(1 + \max_j n_j)

    from [1]_, [2]_, [3]_, [4]_ and, in the form of a penalty, [5]_. :math:`p_u` is the mean mix of the
    history, :math:`\tilde q` that of the list, with a hundredth of :math:`p_u` in it, and :math:`n_i`
    the number of users of an item. With ``order="relevance"``, the divergence is that of the whole list
    of `n_items`, times `n_items`, where what is not chosen yet has the mix :math:`p_u`.

    Users without a history get popular items in their order, for whom the rules hold too.
    ``predict`` gives the score of the recommender, and ``recommender_.explain`` its terms.

    References
    ----------
    .. [1] Carbonell and Goldstein (1998). The use of MMR, diversity-based reranking for reordering
       documents and producing summaries. SIGIR, 335-336.

    .. [2] Borodin, Lee and Ye (2012). Max-sum diversification, monotone submodular functions and
       dynamic updates. PODS, 155-166.

    .. [3] Chen, Zhang and Zhou (2018). Fast greedy MAP inference for determinantal point process to
       improve recommendation diversity. NeurIPS 2018.

    .. [4] Steck (2018). Calibrated recommendations. RecSys, 154-162.

    .. [5] Abdollahpouri, Burke and Mobasher (2019). Managing popularity bias in recommender systems with
       personalized re-ranking. FLAIRS, 413-418.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_anime.baseline import PopularityRecommender
    >>> from sklearn_anime.compose import DiverseRecommender
    >>> X = pd.DataFrame({
    ...     "user": ["ann", "ann", "bob", "bob", "cat", "dan"],
    ...     "item": ["Akira", "Bleach", "Akira", "Bleach", "Akira", "Clannad"],
    ...     "genre": ["Action", "Action", "Action", "Action", "Action", "Drama"],
    ... })
    >>> model = DiverseRecommender(PopularityRecommender(), diversity=0.6, features="genre").fit(X)
    >>> model.recommend("dan", exclude_seen=False)
      user     item  score  rank
    0  dan    Akira    3.0     1
    1  dan  Clannad    1.0     2
    2  dan   Bleach    2.0     3
    """

    _score_falls_with_rank = False

    _parameter_constraints = {
        "recommender": [HasMethods(["fit"])],
        "diversity": [Interval(Real, 0, 1, closed="both")],
        "method": [StrOptions({"mmr", "maxsum", "dpp", "calibrated", "popularity"})],
        "order": [StrOptions({"choice", "relevance"})],
        "features": [str, "array-like", None],
        "n_candidates": [Interval(Integral, 1, None, closed="left")],
        "groups": [str, HasMethods(["items"]), None],
        "max_per_group": [Interval(Integral, 1, None, closed="left"), None],
        "reserved": [Mapping, None],
        "boosts": [HasMethods(["items"]), None],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        recommender: BaseEstimator,
        *,
        diversity: float = 0.3,
        method: str = "mmr",
        order: str = "choice",
        features: Any = None,
        n_candidates: int = 100,
        groups: Any = None,
        max_per_group: int | None = None,
        reserved: Mapping | None = None,
        boosts: Mapping | None = None,
        n_jobs: int | None = None,
    ):
        self.recommender = recommender
        self.diversity = diversity
        self.method = method
        self.order = order
        self.features = features
        self.n_candidates = n_candidates
        self.groups = groups
        self.max_per_group = max_per_group
        self.reserved = reserved
        self.boosts = boosts
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Fit the recommender, and read the features and the groups of the items.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user, item and whatever the recommender takes.

        y : array-like of shape (n_rows,), default=None
            Ratings, for recommenders that need them.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, for recommenders that take them; by their request where scikit-learn's
            metadata routing is enabled.

        Returns
        -------
        DiverseRecommender
            This estimator.
        """
        self._check_recommender()
        settings = self._settings()
        recommender = clone(self.recommender).fit(X, y, **self._weights(X, sample_weight))
        settings.named(recommender.interactions_.items)
        features = groups = None
        if self.method in NORMS:
            features = self._read_features(X, recommender)
        if self.groups is not None:
            groups = read_groups(self.groups, X, recommender)
        return self._set_fitted(
            X,
            recommender_=recommender,
            interactions_=recommender.interactions_,
            _features=features,
            _groups=groups,
        )

    def similar_items(self, items: ArrayLike, n_items: int = 10) -> Any:
        """Find the items most similar to some items, as the recommender does.

        Parameters
        ----------
        items : array-like of ids or a single id
            Items of ``fit``.

        n_items : int, default=10
            How many to find for each.

        Returns
        -------
        DataFrame
            The item column, ``neighbor``, ``similarity`` in [-1, 1] and ``rank`` (1 is nearest).
        """
        check_is_fitted(self)
        return self.recommender_.similar_items(items, n_items)

    def similar_users(self, users: ArrayLike, n_users: int = 10) -> Any:
        """Find the users most similar to some users, as the recommender does.

        Parameters
        ----------
        users : array-like of ids or a single id
            Users of ``fit``.

        n_users : int, default=10
            How many to find for each.

        Returns
        -------
        DataFrame
            The user column, ``neighbor``, ``similarity`` in [-1, 1] and ``rank`` (1 is nearest).
        """
        check_is_fitted(self)
        return self.recommender_.similar_users(users, n_users)

    def forget(self, users: ArrayLike | None = None, items: ArrayLike | None = None) -> Self:
        """Forget users or items, as if they had never been in the rows of ``fit``.

        Parameters
        ----------
        users, items : array-like of ids or a single id, default=None
            What to forget. Ids in the parameters stay.

        Returns
        -------
        DiverseRecommender
            This estimator, with the result of a ``fit`` on the rows without them.

        Raises
        ------
        KeyError
            If an id was not in the rows of ``fit``.

        ValueError
            If nothing is named or no row is left, or if the recommender does not keep its rows.
        """
        check_is_fitted(self)
        recommender = copy.copy(self.recommender_).forget(users, items)
        fitted, forgotten = recommender.interactions_.items, as_series([] if items is None else items)
        features, groups = self._features, self._groups
        if features is not None and self.features is None:
            features = self._read_features(None, recommender)
        elif features is not None:
            features = features.without(fitted, forgotten, 0.0)
        if groups is not None:
            groups = groups.without(fitted, forgotten, -1)
        return self._set_fitted(
            recommender_=recommender,
            interactions_=recommender.interactions_,
            _features=features,
            _groups=groups,
        )

    def get_metadata_routing(self):
        """Return which weights the recommender gets, for scikit-learn's routing.

        Returns
        -------
        MetadataRouter
            The requests of ``fit``.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        fits = MethodMapping().add(caller="fit", callee="fit")
        return router.add(recommender=self.recommender, method_mapping=fits)

    def _check_recommender(self):
        if not isinstance(self.recommender, RecommenderMixin):
            name = type(self.recommender).__name__
            raise TypeError(
                f"recommender={name}(...) is no recommender of this package. Let it inherit from "
                f"sklearn_anime.base.RecommenderMixin; put DiverseRecommender at the end of a Pipeline, "
                f"and search over its parameters."
            )

    def _weights(self, X, sample_weight):
        """Return what the recommender gets beside rows and ratings."""
        if sample_weight is None:
            return {}
        given = {"sample_weight": check_weights(sample_weight, len(as_table(X)))}
        if get_config()["enable_metadata_routing"]:
            return process_routing(self, "fit", **given).recommender.fit
        check_takes_weights(self.recommender)
        return given

    def _read_features(self, X, recommender):
        """Return the vectors of the items, each of length 1 or adding up to 1."""
        features = read_features(self.features, X, recommender)
        if self.method == "calibrated" and (self.features is None or features.values.min() < 0):
            raise ValueError(
                "method='calibrated' compares mixes of features of 0 or more, such as genres. Name them "
                "in features=."
            )
        return features.normalized(NORMS[self.method])

    def _settings(self):
        """Return how to rank, once the parameters are known to fit together."""
        if (self.groups is None) != (self.max_per_group is None):
            raise ValueError(
                f"groups={self.groups!r} and max_per_group={self.max_per_group!r} belong together. Give "
                f"both, or neither."
            )
        return Settings(
            method=self.method,
            order=self.order,
            diversity=self.diversity,
            n_candidates=self.n_candidates,
            max_per_group=self.max_per_group,
            reserved=_check_reserved(self.reserved),
            boosts=_check_boosts(self.boosts),
            ranks_by_score=self.recommender._score_falls_with_rank,
        )

    def _scorer(self):
        self._validate_params()
        settings, fitted = self._settings(), self.recommender_
        if settings.method in NORMS and self._features is None:
            raise ValueError(
                f"method={self.method!r} needs the features of the items, which fit did not read for "
                f"the method that it had. Call fit again."
            )
        popularity = log_share(self.interactions_.popularity)
        features = self._features if settings.method in NORMS else None
        return DiverseRanker(fitted._scorer(), settings, popularity, features, self._groups)

    @property
    def _block_width(self):
        return self.recommender_._block_width

    @property
    def _warns_of_context(self):
        return self.recommender_._warns_of_context

    def _score_block(self, rows):
        return self.recommender_._score_block(rows)

    def _has_history(self, rows):
        return self.recommender_._has_history(rows)

    def _weighed_history(self, rows):
        return self.recommender_._weighed_history(rows)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if hasattr(self.recommender, "__sklearn_tags__"):
            tags.target_tags.required = get_tags(self.recommender).target_tags.required
        return tags


def _check_reserved(reserved):
    """Return ranks and lists of ids, or say which rank is none."""
    found = {}
    for rank, ids in dict(reserved or {}).items():
        if not isinstance(rank, Integral) or isinstance(rank, bool) or rank < 1:
            raise ValueError(f"reserved= has the rank {rank!r}. Ranks are integers from 1.")
        found[int(rank)] = as_series(ids).to_list()
    return found


def _check_boosts(boosts):
    """Return items and factors, or say which factor is none."""
    found = dict(boosts.items()) if boosts is not None else {}
    for item, factor in found.items():
        if not isinstance(factor, Real) or not 0 <= factor < np.inf:
            raise ValueError(
                f"boosts= has the factor {factor!r} for item {item!r}. Give a number of 0 or more: 1 "
                f"changes nothing."
            )
    return found
