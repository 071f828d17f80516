"""Places of users in the truncated SVD of a matrix of users x items, and how near they lie."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import randomized_svd


@dataclass(frozen=True)
class UserSpace:
    """Users in the space of the right singular vectors, or of the raw vectors.

    Attributes
    ----------
    users : ndarray of shape (n_users, n_components), or sparse matrix of shape (n_users, n_items)
        Places of the users of ``fit``; the matrix itself where there is no SVD.

    directions : like users
        The places at unit length.

    components : ndarray of shape (n_components, n_items) or None
        Right singular vectors.

    singular_values, explained_variance_ratio : ndarray of shape (n_components,) or None
        Singular values, and the share of the squared entries that each component holds.

    Examples
    --------
    >>> from scipy import sparse
    >>> space = UserSpace.fit(sparse.csr_matrix([[2.0, 0.0], [1.0, 0.0], [0.0, 5.0]]), None)
    >>> space.similarity(space.direct(sparse.csr_matrix([[3.0, 0.0]]))).tolist()
    [[1.0, 1.0, 0.0]]
    """

    users: np.ndarray | sparse.csr_matrix
    directions: np.ndarray | sparse.csr_matrix
    components: np.ndarray | None = None
    singular_values: np.ndarray | None = None
    explained_variance_ratio: np.ndarray | None = None

    @classmethod
    def fit(cls, matrix, n_components, random_state=None):
        """Factorise a sparse matrix, or keep its raw rows where `n_components` is None."""
        if n_components is None:
            return cls(matrix, normalize(matrix))
        _, values, components = randomized_svd(matrix, n_components, random_state=random_state)
        total = (matrix.data**2).sum()
        ratio = values**2 / total if total > 0 else np.zeros_like(values)
        places = matrix @ components.T
        return cls(places, normalize(places), components, values, ratio)

    @property
    def items(self):
        """Places of the items: singular vectors times singular values, or the raw columns."""
        if self.components is None:
            return self.users.T.tocsr()
        return self.components.T * self.singular_values

    def direct(self, matrix):
        """Return the directions of users given by rows over the same items."""
        return normalize(matrix if self.components is None else matrix @ self.components.T)

    def similarity(self, directions, users=slice(None)):
        """Return the cosine of directions with some users of ``fit``, negative ones as 0."""
        cosine = directions @ self.directions[users].T
        cosine = cosine.toarray() if sparse.issparse(cosine) else cosine
        return np.maximum(cosine, 0.0, out=cosine)


def keep_largest(matrix, n):
    """Set all but the `n` largest entries of each row to 0, in place; ties at the edge stay.

    Examples
    --------
    >>> import numpy as np
    >>> matrix = np.array([[0.1, 0.5, 0.3]])
    >>> keep_largest(matrix, 2)
    >>> matrix.tolist()
    [[0.0, 0.5, 0.3]]
    """
    if n < matrix.shape[1]:
        edge = np.partition(matrix, -n, axis=1)[:, -n, None]
        matrix[matrix < edge] = 0.0
