"""What a user has seen, and who has seen an item, in a few numbers."""

from dataclasses import dataclass

import numpy as np
from sklearn.preprocessing import normalize

from sklearn_anime.utils._svd import truncated_svd


@dataclass(frozen=True)
class History:
    """Rows of a matrix of what was seen, at unit length, projected on its first singular vectors.

    Attributes
    ----------
    components : ndarray of shape (n_components, n_columns)
        Right singular vectors, scaled so that the places of the rows of ``fit`` have a mean square
        length of 1.

    Examples
    --------
    >>> from scipy import sparse
    >>> history = History.fit(sparse.csr_array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), 2, random_state=0)
    >>> history.places(sparse.csr_array([[1.0, 1.0, 0.0], [0.0, 0.0, 5.0]])).shape
    (2, 2)
    """

    components: np.ndarray

    @classmethod
    def fit(cls, seen, n_components, random_state):
        """Find the singular vectors of a sparse matrix with a row for each user, or for each item."""
        n_components = min(n_components, *seen.shape)
        _, components, places = truncated_svd(normalize(seen), n_components, random_state)
        length = np.sqrt((places**2).sum() / len(places))
        return cls(components / (length if length > 0 else 1.0))

    def places(self, seen):
        """Return the places of rows; columns that came after those of ``fit`` are not used."""
        known = seen[:, : self.components.shape[1]]
        return (normalize(known) @ self.components.T).astype(np.float32)

    def table(self, seen):
        """Return the places of rows, and zeros for the unknown."""
        return np.vstack([self.places(seen), np.zeros((1, len(self.components)), dtype=np.float32)])

    def moved(self, places):
        """Return the same over other columns: `places` says where each of them was, -1 for none."""
        return History(np.hstack([self.components, np.zeros((len(self.components), 1))])[:, places])
