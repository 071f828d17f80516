"""Nearest neighbors by faiss, exact or approximate, with the interface of scikit-learn."""

from copy import copy
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array, check_scalar
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_anime.interactions._frames import BY_PARTITION, check_in_memory
from sklearn_anime.neighbors._faiss_index import FaissIndex, import_faiss, threads
from sklearn_anime.utils._estimator import EstimatorMixin
from sklearn_anime.utils._sklearn import Interval, StrOptions, fit_context
from sklearn_anime.utils._svd import ROUNDING

FLOATS = [np.float64, np.float32]

ONE_OR_MORE = [Interval(Integral, 1, None, closed="left")]


class FaissNeighbors(EstimatorMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""Find nearest neighbors fast, exactly or nearly so.

    It answers as :class:`sklearn.neighbors.NearestNeighbors` does, from an index of the library faiss
    [1]_: a scan of all vectors, a graph, or short codes. The last two look at a small part of the
    vectors and miss some neighbors; ``score`` and ``recall_against`` say how many, also in
    ``GridSearchCV``. Needs the extra ``ann``.

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbors that ``kneighbors`` finds unless told otherwise; 1 or more.

    index : {"hnsw", "flat", "lsh"}, default="hnsw"
        How to search:

        * ``"hnsw"`` walks through a graph that links near vectors [2]_. By far the fastest for a
          million rows, and the slowest to fit. Uses `n_links`, `ef_construction` and `ef_search`.
        * ``"flat"`` compares with every vector: exact, nothing to fit, and as fast as the others up
          to some ten thousand rows.
        * ``"lsh"`` compares one bit for each of `n_bits` random hyperplanes, the side on which a
          vector lies [3]_. The nearest by bits are compared exactly: ten for each neighbor asked,
          200 at least. Quick to fit, with little memory beside the vectors.

    metric : {"cosine", "euclidean"}, default="cosine"
        Distance. Cosine is one minus the cosine of the angle, in [0, 2]; vectors need not have unit
        length, and a vector of zeros is at distance 1 from all.

    n_links : int, default=32
        For ``"hnsw"``: links of each vector, 2 or more, and twice as many in the lowest layer. More
        find more where vectors have many dimensions, and make both fit and searches slower. The
        graph takes ``8 * n_links`` bytes for each vector.

    ef_construction : int, default=200
        For ``"hnsw"``: candidates for the links of a new vector, 1 or more. More find more at the
        same speed of searches, after a slower fit. At least ``2 * n_links`` keep clusters connected:
        with fewer to choose from, a vector is linked to its nearest ones only.

    ef_search : int, default=128
        For ``"hnsw"``: candidates kept during a search, 1 or more, and never fewer than the
        neighbors asked. More find more: twice as many halve what is missed, or nearly, in twice the
        time. It is read at each search: ``set_params(ef_search=...)`` needs no new ``fit``.

    n_bits : int, default=512
        For ``"lsh"``: number of hyperplanes, from 1 to 4096. More find more, in ``n_bits / 8`` bytes
        for each vector and a slower search. The hyperplanes are drawn at right angles to each other,
        as far as they can be, in time that grows with the cube of `n_bits`: seconds for 4096.

    n_jobs : int, default=None
        Number of threads in ``fit`` and in searches. None means 1, unless inside a
        :func:`joblib.parallel_config`; -1 means all processors. Threads that build a graph together
        link it in the order in which they come: with one thread, two fits give the same graph. On a
        busy machine, fewer threads than there are processors can be faster, as they wait for each
        other.

    Attributes
    ----------
    index_ : faiss.Index
        The index, of vectors scaled to unit length for ``"cosine"``, or else centered and divided by
        their largest absolute value.

    effective_metric_ : str
        The metric of ``index_``.

    n_samples_fit_ : int
        Number of rows of ``fit``.

    n_features_in_ : int
        Number of columns of ``X``.

    feature_names_in_ : ndarray of str
        Names of the columns of ``X``, where they are all text.

    See Also
    --------
    sklearn.neighbors.NearestNeighbors : Exact search, in trees where there are few dimensions.
    sklearn.neighbors.KNeighborsTransformer : Exact graph of neighbors.
    SVDNeighborsRecommender : Averages the ratings of similar users.

    Notes
    -----
    The defaults find 96 % of the 50 nearest of 73,516 users in the 64 components of a truncated SVD,
    and nearly all where vectors are less noisy than that; ``benchmarks/bench_faiss.py`` measures it.

    Vectors are kept in single precision, and distances are exact to about 1e-6. The same fitted
    estimator gives the same answer each time, whatever `n_jobs`.

    Two vectors at angle :math:`\theta` lie on the same side of a random hyperplane with probability
    :math:`1 - \theta / \pi`, so that the bits in which two codes agree estimate the angle [3]_. For
    ``"euclidean"`` the angle is that at the mean of the rows of ``fit``, and only the comparison of
    the shortlist is by the distance itself.

    A walk through a graph can end before it has met as many vectors as are asked, in particular
    where many are equal. Such rows are searched again by comparison with every vector.

    One estimator can be searched from several Python threads at once. The number of threads is that
    of the calling thread alone and is restored after the call.

    References
    ----------
    .. [1] Douze, Guzhva, Deng, Johnson, Szilvasy, Mazare, Lomeli, Hosseini and Jegou (2024). The
       Faiss library. arXiv:2401.08281.

    .. [2] Malkov and Yashunin (2020). Efficient and robust approximate nearest neighbor search using
       hierarchical navigable small world graphs. IEEE Transactions on Pattern Analysis and Machine
       Intelligence 42(4), 824-836.

    .. [3] Charikar (2002). Similarity estimation techniques from rounding algorithms. STOC, 380-388.

    Examples
    --------
    >>> from sklearn_anime.neighbors import FaissNeighbors
    >>> neighbors = FaissNeighbors(n_neighbors=2).fit([[2, 0], [5, 5], [0, 1], [-3, 0]])
    >>> distances, rows = neighbors.kneighbors([[4, 3]])  # cosines .8 and .99
    >>> rows.tolist(), distances.round(2).tolist()
    ([[1, 0]], [[0.01, 0.2]])
    """

    _parameter_constraints = {
        "n_neighbors": ONE_OR_MORE,
        "index": [StrOptions({"flat", "hnsw", "lsh"})],
        "metric": [StrOptions({"cosine", "euclidean"})],
        "n_links": [Interval(Integral, 2, None, closed="left")],
        "ef_construction": ONE_OR_MORE,
        "ef_search": ONE_OR_MORE,
        "n_bits": [Interval(Integral, 1, 4096, closed="both")],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        index: str = "hnsw",
        metric: str = "cosine",
        n_links: int = 32,
        ef_construction: int = 200,
        ef_search: int = 128,
        n_bits: int = 512,
        n_jobs: int | None = None,
    ):
        self.n_neighbors = n_neighbors
        self.index = index
        self.metric = metric
        self.n_links = n_links
        self.ef_construction = ef_construction
        self.ef_search = ef_search
        self.n_bits = n_bits
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Build the index.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Vectors to find neighbors among, dense and finite.

        y : object, default=None
            Not used.

        Returns
        -------
        FaissNeighbors
            This estimator.

        Raises
        ------
        ImportError
            If faiss is not installed.

        TypeError
            If ``X`` is sparse.

        ValueError
            If ``X`` holds NaN or infinity.
        """
        import_faiss()
        check_in_memory(X, remedy=BY_PARTITION)
        check_dense(X)
        rows = check_array(X, dtype=FLOATS, estimator=self, input_name="X")
        names = ("n_links", "ef_construction", "n_bits")
        settings = {name: getattr(self, name) for name in names}
        with threads(self.n_jobs):
            indexed = FaissIndex.build(rows, self.index, self.metric, **settings)
        return self._set_fitted(
            X,
            _indexed=indexed,
            effective_metric_=self.metric,
            n_samples_fit_=len(rows),
            _n_features_out=len(rows),
        )

    @property
    def index_(self):
        """The index of faiss."""
        return self._indexed.index

    def kneighbors(
        self,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> tuple[np.ndarray, np.ndarray] | np.ndarray:
        """Find the nearest rows of ``fit``.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_queries, n_features), default=None
            Vectors whose neighbors to find. None asks for those of each row of ``fit``, which is
            then no neighbor of itself.

        n_neighbors : int, default=None
            Number of neighbors; None means that of the constructor.

        return_distance : bool, default=True
            Whether to return the distances too.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            Distances, ascending. Only with ``return_distance=True``.

        rows : ndarray of shape (n_queries, n_neighbors)
            Positions of the neighbors in the ``X`` of ``fit``.

        Raises
        ------
        ValueError
            If more neighbors are asked than there are rows, or ``X`` holds NaN or infinity.

        Examples
        --------
        >>> neighbors = FaissNeighbors(1, metric="euclidean").fit([[0.0], [3.0], [5.0]])
        >>> neighbors.kneighbors([[6.0]])
        (array([[1.]]), array([[2]]))
        >>> neighbors.kneighbors(return_distance=False)  # of the rows themselves
        array([[1], [2], [1]])
        """
        check_is_fitted(self)
        n_neighbors = self.n_neighbors if n_neighbors is None else n_neighbors
        check_scalar(n_neighbors, "n_neighbors", Integral, min_val=1)
        rows = self._check_queries(X)
        self._check_enough(rows, n_neighbors)
        with threads(self.n_jobs):
            distances, labels = self._indexed.kneighbors(rows, n_neighbors, self.ef_search)
        return (distances, labels) if return_distance else labels

    def kneighbors_graph(
        self,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        mode: str = "connectivity",
    ) -> Any:
        """Return the neighbors as a sparse matrix.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_queries, n_features), default=None
            As in ``kneighbors``.

        n_neighbors : int, default=None
            As in ``kneighbors``.

        mode : {"connectivity", "distance"}, default="connectivity"
            What the entries are: ones, or distances.

        Returns
        -------
        CSR matrix or array of shape (n_queries, n_samples_fit)
            One entry for each neighbor, the nearest first in its row.

        Raises
        ------
        ValueError
            If `mode` is another, or ``kneighbors`` raises.

        Examples
        --------
        >>> neighbors = FaissNeighbors(1, metric="euclidean").fit([[0.0], [3.0], [5.0]])
        >>> neighbors.kneighbors_graph(mode="distance").toarray()
        array([[0., 3., 0.],
               [0., 0., 2.],
               [0., 2., 0.]])
        """
        if mode not in ("connectivity", "distance"):
            raise ValueError(f"mode={mode!r} is unknown. Use 'connectivity' or 'distance'.")
        distances, labels = self.kneighbors(X, n_neighbors)
        values = distances if mode == "distance" else np.ones_like(distances)
        indptr = np.arange(0, labels.size + 1, labels.shape[1])
        matrix = (
            sparse.csr_matrix if get_config()["sparse_interface"] == "spmatrix" else sparse.csr_array
        )
        return matrix((values.ravel(), labels.ravel(), indptr), (len(labels), self.n_samples_fit_))

    def transform(self, X: ArrayLike) -> Any:
        """Return the distances to the neighbors as a sparse matrix.

        It serves estimators with ``metric="precomputed"``. As in
        :class:`sklearn.neighbors.KNeighborsTransformer`, there is one neighbor more than
        `n_neighbors`, since a row of ``fit`` is here its own first neighbor.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_queries, n_features)
            Vectors whose neighbors to find.

        Returns
        -------
        CSR matrix or array of shape (n_queries, n_samples_fit)
            Distances, with ``n_neighbors + 1`` entries in each row.

        Examples
        --------
        >>> from sklearn.neighbors import KNeighborsClassifier
        >>> from sklearn.pipeline import make_pipeline
        >>> model = make_pipeline(FaissNeighbors(2), KNeighborsClassifier(2, metric="precomputed"))
        >>> model.fit([[1, 0], [2, 0], [0, 1], [0, 2]], ["a", "a", "b", "b"]).predict([[3, 1]])
        array(['a'], dtype='<U1')
        """
        check_is_fitted(self)
        return self.kneighbors_graph(X, self.n_neighbors + 1, mode="distance")

    def recall_against(self, exact: Any, X: ArrayLike | None = None) -> float:
        """Compute which share of the true neighbors is found.

        What is found counts where it is no farther than the farthest true neighbor, so that of rows
        at equal distance any will do.

        Parameters
        ----------
        exact : object with ``kneighbors``
            A search fitted on the same rows with the same metric, which gives the true neighbors:
            ``FaissNeighbors(index="flat")``, :class:`sklearn.neighbors.NearestNeighbors`.

        X : array-like or DataFrame of shape (n_queries, n_features), default=None
            Vectors whose neighbors to find. None asks for those of all rows of ``fit``; a sample of
            some thousand tells as much.

        Returns
        -------
        float
            Mean share over the rows of ``X``, in [0, 1], for the `n_neighbors` of this estimator.

        Raises
        ------
        ValueError
            If `exact` answers with rows that this estimator does not have.

        See Also
        --------
        score : The same, against exact search in the index itself.

        Examples
        --------
        >>> from sklearn.neighbors import NearestNeighbors
        >>> X = [[0.0], [3.0], [5.0]]
        >>> exact = NearestNeighbors().fit(X)
        >>> FaissNeighbors(1, metric="euclidean").fit(X).recall_against(exact)
        1.0
        """
        distances, labels = self.kneighbors(X)
        true = exact.kneighbors(X, n_neighbors=self.n_neighbors, return_distance=False)
        if true.shape != labels.shape or true.max() >= self.n_samples_fit_:
            raise ValueError(
                f"exact finds neighbors for {len(true)} rows, up to row {true.max()} of its fit, but "
                f"{len(labels)} rows are asked and this estimator was fitted on {self.n_samples_fit_}. "
                f"Fit both on the same rows."
            )
        with threads(self.n_jobs):
            farthest = self._indexed.distances(self._check_queries(X), true).max(axis=1, keepdims=True)
        # Distances nearer than that are ties.
        tie = ROUNDING * (1 if self.effective_metric_ == "cosine" else farthest)
        return float(np.mean(distances <= farthest + tie))

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Compute the recall against exact search in the rows of ``fit``.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_queries, n_features)
            Vectors whose neighbors to find: held out, as in ``GridSearchCV``, or a sample.

        y : object, default=None
            Not used.

        Returns
        -------
        float
            Share of the true neighbors that is found, in [0, 1]; 1 for ``index="flat"``.

        See Also
        --------
        recall_against : The same, against any other search.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.model_selection import GridSearchCV
        >>> X = np.random.RandomState(0).normal(size=(300, 16))
        >>> search = GridSearchCV(FaissNeighbors(index="lsh"), {"n_bits": [16, 256]}).fit(X)
        >>> search.best_params_
        {'n_bits': 256}
        """
        check_is_fitted(self)
        exact = copy(self)
        exact._indexed = self._indexed.exact()
        return self.recall_against(exact, X)

    def _check_queries(self, X):
        """Return rows to search as an array; None, which means those of fit, as it is."""
        if X is None:
            return None
        check_dense(X)
        return validate_data(self, X, dtype=FLOATS, reset=False)

    def _check_enough(self, rows, n_neighbors):
        """Raise where there are fewer rows than neighbors asked, as scikit-learn does."""
        of_fit = rows is None
        if n_neighbors > self.n_samples_fit_ - of_fit:
            raise ValueError(
                f"Expected n_neighbors {'<' if of_fit else '<='} n_samples_fit, but n_neighbors = "
                f"{n_neighbors}, n_samples_fit = {self.n_samples_fit_}, "
                f"n_samples = {self.n_samples_fit_ if of_fit else len(rows)}"
            )


def check_dense(X):
    """Raise on sparse input, and name the way to few dense columns."""
    if sparse.issparse(X):
        raise TypeError(
            "X is sparse, but FaissNeighbors needs dense vectors of few dimensions. Put "
            "sklearn.decomposition.TruncatedSVD before it in a Pipeline."
        )
