"""Sums over blocks of rows, which is all that a fit needs of them: here with one block in one memory.

A model that is fitted by such sums does not know where the rows are. ``sklearn_anime.dask`` has the same
four methods for blocks on many machines.
"""

from scipy import sparse


class OneBlock:
    """All rows as one block, in the memory of this process.

    Parameters
    ----------
    block : object
        The rows, in whatever form the functions take them.

    Examples
    --------
    >>> import numpy as np
    >>> rows = OneBlock(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> rows.map(np.negative).sum(np.sum, 0).tolist()
    [-4.0, -6.0]
    """

    in_memory = True

    def __init__(self, block):
        self.block = block

    def map(self, function, *arguments):
        """Return the blocks that a function makes of these."""
        return OneBlock(function(self.block, *arguments))

    def sum(self, function, *arguments):
        """Return the sum of what a function returns for the blocks: arrays, or tuples of them."""
        return function(self.block, *arguments)

    def concatenate(self, function, *arguments):
        """Return what a function returns for the blocks, one after the other: arrays with a row each."""
        return function(self.block, *arguments)

    def extended(self, matrix):
        """Return these blocks of a sparse matrix with more rows."""
        return OneBlock(sparse.vstack([self.block, matrix], "csr"))

    def panels(self, n_columns, n_bytes):
        """Return slices of columns by which a sum of so many bytes is made."""
        return [slice(0, n_columns)]


def as_blocks(matrix):
    """Return blocks as they are, and a matrix as one block."""
    return matrix if hasattr(matrix, "in_memory") else OneBlock(matrix)


def itself(block):
    """Return a block as it is."""
    return block
