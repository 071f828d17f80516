"""The vectors of items that the training of a network of sequences starts from."""

import numpy as np
from scipy import sparse

from sklearn_anime.linear_model._transitions import Sequences
from sklearn_anime.utils._svd import leading_singular_vectors

DECAY = 0.8  # of an item for each later one, as in NextItemRecommender
SHRINKAGE = 10.0  # added to the squared length of each item, so that rare ones have short vectors
NOISE = 0.1  # length of a random vector


def random_vectors(n_items, n_components, random_state):
    """Return small random vectors, one for each item."""
    return random_state.normal(size=(n_items, n_components)) * (NOISE / n_components**0.5)


def transition_vectors(interactions, n_components, max_length, random_state):
    """Return vectors of items by which those are near that stand near each other in sequences.

    They are the leading eigenvectors, each times the root of its eigenvalue, of the Gram matrix of the
    pasts of `NextItemRecommender`, scaled so that the mean square length of a vector is 1. Small random
    vectors are added, for items that nobody has gone on from.

    Examples
    --------
    >>> from sklearn_anime.interactions import Interactions
    >>> X = [[user, item] for user in range(6) for item in (0, 1, 2)[user % 2 :]]
    >>> rows = Interactions.from_rows(X, needs_ratings=False, ordered=True)
    >>> transition_vectors(rows, 2, 5, np.random.RandomState(0)).shape
    (3, 2)
    """
    vectors = random_vectors(interactions.n_items, n_components, random_state)
    past, _ = Sequences.of(interactions, 1.0).transitions(decay=DECAY, max_length=max_length)
    if not past.nnz:
        return vectors
    scale = sparse.diags_array(1 / np.sqrt(past.diagonal() + SHRINKAGE))
    gram = (scale @ past @ scale).tocsr()
    values, leading = leading_singular_vectors(gram, n_components, random_state)
    leading = leading * np.sqrt(values)
    leading *= (len(leading) / (leading**2).sum()) ** 0.5
    vectors[:, : leading.shape[1]] += leading
    return vectors
