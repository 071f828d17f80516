"""What a truncated SVD leaves out of ``A'A``, times a number: one matrix, or two sparse products."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sklearn_anime.linear_model._gram import symmetric_gram
from sklearn_anime.utils._blocks import split_by_size
from sklearn_anime.utils._memory import total_memory
from sklearn_anime.utils._parts import itself
from sklearn_anime.utils._products import times_dense

LARGEST_GRAM = 2 * 2**30  # bytes of the sparse array of items x items up to which it is formed
SHARE_OF_MEMORY = 4  # of which it takes at most one part
DENSE = 0.1  # share of its entries from which on it is faster as a dense array
LARGEST_DENSE = 2**29  # bytes of that
NUMBER = 4  # bytes of one of single precision
ENTRY = 8  # bytes: such a number and its column
CHUNK = 2**19  # entries that are added up at once, in the cache of a processor
N_SAMPLED = 256  # items by which the size of that array is estimated


@dataclass(frozen=True)
class FormedTail:
    """The tail as an array of items x items, without its diagonal.

    Attributes
    ----------
    gram : sparse.csr_array or ndarray of shape (n_items, n_items)
        ``c A'A``, symmetric; the diagonal is 0. Dense where that is faster and small.

    Examples
    --------
    >>> from sklearn_anime.utils._parts import OneBlock
    >>> tail = FormedTail.of(OneBlock(sparse.csr_array([[1.0, 2.0], [0.0, 1.0]])), 0.5, 2, 24)
    >>> tail.scores(sparse.csr_array([[1.0, 0.0], [3.0, 1.0]])).tolist()
    [[0.0, 1.0], [1.0, 3.0]]
    """

    gram: sparse.csr_array | np.ndarray

    @classmethod
    def of(cls, blocks, c, n_items, size):
        """Form the Gram matrix of rows, times `c`, which as a sparse array takes about `size` bytes."""
        n_entries = n_items**2
        if size > ENTRY * DENSE * n_entries and NUMBER * n_entries <= LARGEST_DENSE:
            gram = symmetric_gram(blocks, n_items, np.float32)
            gram *= c
            np.fill_diagonal(gram, 0.0)
        else:
            gram = sparse_gram(blocks, blocks.panels(n_items, size))
            gram.data *= c
            gram.setdiag(0.0)
        return cls(gram)

    def scores(self, rows):
        """Return rows over items times the tail, as a dense array."""
        if isinstance(self.gram, np.ndarray):
            return times_dense(rows, self.gram)
        return self._sums_of_rows(rows)

    def _sums_of_rows(self, rows):
        """Return the product with a sparse array: rows of it are picked and added up."""
        scores = np.empty(rows.shape, self.gram.dtype)
        lengths = np.diff(self.gram.indptr)[rows.indices]
        sizes = np.add.reduceat(np.append(lengths, 0), rows.indptr[:-1]) * (np.diff(rows.indptr) > 0)
        for block in split_by_size(sizes, CHUNK):
            some = rows[block]
            picked = self.gram[some.indices]
            picked.data *= np.repeat(some.data, np.diff(picked.indptr))
            # Rows of several items become one; `toarray` adds up what falls on the same item.
            summed = (picked.data, picked.indices, picked.indptr[some.indptr])
            sparse.csr_array(summed, shape=some.shape).toarray(out=scores[block])
        return scores

    def dot(self, right):
        """Return the tail times a dense matrix of shape (n_items, n)."""
        return self.gram @ right


@dataclass(frozen=True)
class ImplicitTail:
    """The tail as two products with the rows, where the array of items x items has no room.

    Attributes
    ----------
    rows : sparse.csr_array of shape (n_rows, n_items)
        ``sqrt(c) A``.

    columns : sparse.csr_array of shape (n_items, n_rows)
        Its transpose.

    diagonal : ndarray of shape (n_items,)
        That of ``c A'A``, which is taken off.

    Examples
    --------
    >>> from sklearn_anime.utils._parts import OneBlock
    >>> tail = ImplicitTail.of(OneBlock(sparse.csr_array([[1.0, 2.0], [0.0, 1.0]])), 0.5)
    >>> tail.scores(sparse.csr_array([[1.0, 0.0], [3.0, 1.0]])).round(6).tolist()
    [[0.0, 1.0], [1.0, 3.0]]
    """

    rows: sparse.csr_array
    columns: sparse.csr_array
    diagonal: np.ndarray

    @classmethod
    def of(cls, blocks, c):
        """Keep rows, so that products with `c` times their Gram matrix can be made."""
        rows = blocks.concatenate(itself)
        rows = sparse.csr_array(
            (rows.data * rows.dtype.type(c**0.5), rows.indices, rows.indptr), rows.shape
        )
        return cls(rows, rows.T.tocsr(), squared_norms(rows))

    def scores(self, rows):
        """Return rows over items times the tail, as a dense array."""
        scores = ((rows @ self.columns) @ self.rows).toarray()
        pairs = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), rows.indices
        scores[pairs] -= rows.data * self.diagonal[rows.indices]
        return scores

    def dot(self, right):
        """Return the tail times a dense matrix of shape (n_items, n)."""
        return self.columns @ (self.rows @ right) - self.diagonal[:, None] * right


def tail_of(blocks, c, n_items):
    """Return the tail of rows in the form that there is room for, None where `c` is 0.

    Parameters
    ----------
    blocks : blocks of sparse.csr_array of shape (n_rows, n_items)
        ``A``.

    c : float
        Weight of the tail.

    n_items : int
        Number of columns.
    """
    if c == 0:
        return None
    room = min(LARGEST_GRAM, total_memory() / SHARE_OF_MEMORY - 2 * ENTRY * blocks.sum(_n_entries))
    size = gram_size(blocks, n_items)
    if size > room:
        return ImplicitTail.of(blocks, c)
    return FormedTail.of(blocks, c, n_items, size)


def gram_size(blocks, n_items):
    """Return about how many bytes the sparse Gram matrix of rows takes, by a sample of the items."""
    sampled = np.linspace(0, n_items - 1, min(N_SAMPLED, n_items)).astype(np.intp)
    return ENTRY * blocks.sum(_gram_pattern, sampled).nnz * n_items / len(sampled)


def _gram_pattern(rows, items):
    """Return some rows of the Gram matrix of the pattern of a matrix."""
    pattern = sparse.csr_array((np.ones_like(rows.data), rows.indices, rows.indptr), rows.shape)
    return (pattern[:, items].T @ pattern).tocsr()


def sparse_gram(blocks, panels):
    """Return the sparse Gram matrix of blocks of rows, made by slices of the items."""
    parts = [blocks.sum(_gram_rows, panel).astype(np.float32, copy=False) for panel in panels]
    return parts[0] if len(parts) == 1 else sparse.vstack(parts, "csr")


def _gram_rows(rows, panel):
    """Return a slice of the rows of the sparse Gram matrix."""
    return (rows[:, panel].T.tocsr() @ rows).tocsr()


def _n_entries(rows):
    return rows.nnz


def squared_norms(rows):
    """Return the sum of the squares of each column of a CSR array."""
    return np.bincount(rows.indices, rows.data.astype(np.float64) ** 2, minlength=rows.shape[1])
