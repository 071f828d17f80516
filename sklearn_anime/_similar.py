"""The items or users most similar to some, as a tidy frame."""

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.preprocessing import normalize

from sklearn_anime.interactions._frames import tidy_frame
from sklearn_anime.utils._blocks import batches, block_length
from sklearn_anime.utils._groups import best_of, joined
from sklearn_anime.utils._validation import check_count


def similar_frame(similarity, vocabulary, ids, n):
    """Return the nearest ids of some ids as a tidy frame.

    `similarity` gives, for some codes, a row for each with the similarity of all ids; -inf for its own.
    """
    n = check_count(n, f"n_{vocabulary.role}s")
    codes = pd.unique(vocabulary.lookup(ids))
    blocks = batches(len(codes), block_length(len(vocabulary)))
    ranked = ((block.start, *best_of(similarity(codes[block]), n)) for block in blocks)
    positions, found, values, ranks = joined(
        (start + positions, *rest) for start, positions, *rest in ranked
    )
    return tidy_frame(
        vocabulary.decode(codes[positions]),
        vocabulary.decode(found).alias("neighbor"),
        similarity=values,
        rank=ranks,
    )


def cosine_similarity_of(vectors):
    """Return how alike vectors are, in the form that `similar_frame` takes."""
    vectors = normalize(vectors)

    def similarity(codes):
        cosine = vectors[codes] @ vectors.T
        cosine = cosine.toarray() if sparse.issparse(cosine) else cosine
        cosine[np.arange(len(codes)), codes] = -np.inf
        return cosine

    return similarity
