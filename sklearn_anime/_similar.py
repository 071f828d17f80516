"""The items or users most similar to some, as a tidy frame."""

from numbers import Integral

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.preprocessing import normalize
from sklearn.utils import check_scalar

from sklearn_anime._recommend import best_of, joined
from sklearn_anime.interactions._rows import tidy_frame
from sklearn_anime.utils._blocks import batches, block_length


def similar_frame(similarity, vocabulary, ids, role, n):
    """Return the nearest ids of some ids as a tidy frame.

    `similarity` gives, for some codes, a row for each with the similarity of all ids; -inf for its own.
    """
    n = check_scalar(n, f"n_{role}s", Integral, min_val=1)
    codes = pd.unique(vocabulary.lookup(ids, role))
    blocks = batches(len(codes), block_length(len(vocabulary)))
    ranked = ((block.start, *best_of(similarity(codes[block]), n)) for block in blocks)
    places, found, values, ranks = joined((start + places, *rest) for start, places, *rest in ranked)
    return tidy_frame(
        vocabulary.decode(codes[places]),
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
