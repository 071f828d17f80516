"""The ratings of each member of a side, padded so that members with about as many share an array."""

from dataclasses import dataclass

import numpy as np

BLOCK = 256  # members whose precision matrices are there at once
CELLS = 8192  # ratings that are gathered at once: their vectors stay in the cache
FILLED = 0.8  # share of the cells of an array that its shortest row fills, but for two


@dataclass(frozen=True)
class Part:
    """Members with about as many ratings.

    Attributes
    ----------
    codes : ndarray of shape (n_members, n_cells)
        Code of the other side of each rating; in empty cells one more than there are.

    targets : ndarray of shape (n_members, n_cells)
        What was rated, 0 in empty cells.

    roots : ndarray of shape (n_members, n_cells, 1) or None
        Roots of the weights; None where all weights are 1.
    """

    codes: np.ndarray
    targets: np.ndarray
    roots: np.ndarray | None


@dataclass(frozen=True)
class PaddedRows:
    """The rated pairs of a side.

    Attributes
    ----------
    n_members : int
        Number of members.

    blocks : list of tuple
        The members of each block, those with most ratings first, and their parts.
    """

    n_members: int
    blocks: list

    @classmethod
    def from_csr(cls, indptr, codes, targets, weights, n_others, dtype=np.float32):
        """Arrange ratings that are in the order of the members.

        Parameters
        ----------
        indptr : ndarray of shape (n_members + 1,)
            Where the ratings of each member begin.

        codes, targets, weights : ndarray of shape (n_rated,)
            Code of the other side, rating and weight.

        n_others : int
            Members of the other side.

        dtype : dtype, default=numpy.float32
            Precision of the sums.
        """
        counts = np.diff(indptr)
        order = np.argsort(-counts, kind="stable")
        roots = None if (weights == 1).all() else np.sqrt(weights)

        def part(members):
            column = np.arange(max(counts[members[0]], 1))
            filled = column < counts[members, np.newaxis]
            cells = (indptr[members, np.newaxis] + column)[filled]

            def padded(values, empty, dtype):
                table = np.full(filled.shape, empty, dtype)
                table[filled] = values[cells]
                return table

            return Part(
                padded(codes, n_others, np.intp),
                padded(targets, 0, dtype),
                None if roots is None else padded(roots, 0, dtype)[:, :, np.newaxis],
            )

        blocks = [order[start : start + BLOCK] for start in range(0, len(order), BLOCK)]
        return cls(len(counts), [(block, list(map(part, _split(block, counts)))) for block in blocks])

    def products(self, others, roots=None):
        """Yield members and the sums of products of what they rated, block by block.

        Parameters
        ----------
        others : ndarray of shape (n_others, n_dims)
            Vectors of the other side: bias, then factors.

        roots : ndarray of shape (n_others,), default=None
            Roots of the weights of all ratings of each of the other side.

        Yields
        ------
        members : ndarray of shape (n_block,)
            The members of the block.

        sums : ndarray of shape (n_block, n_dims + 1, n_dims + 1)
            Weighted sums of ``z z'`` over the ratings of each, where z is 1, the factors of the other
            side, and the rating without its bias.
        """
        n_others, n_dims = others.shape
        design = np.zeros(
            (n_others + 1, n_dims + 1), others.dtype
        )  # the last row is that of empty cells
        design[:-1, 0], design[:-1, 1:-1], design[:-1, -1] = 1, others[:, 1:], -others[:, 0]
        if roots is not None:
            design[:-1] *= roots[:, np.newaxis]
        for members, parts in self.blocks:
            sums = np.empty((len(members), n_dims + 1, n_dims + 1), others.dtype)
            start = 0
            for part in parts:
                rows = design.take(part.codes, axis=0)
                rows[:, :, -1] += part.targets * rows[:, :, 0]
                if part.roots is not None:
                    rows *= part.roots
                stop = start + len(rows)
                np.matmul(rows.transpose(0, 2, 1), rows, out=sums[start:stop])
                start = stop
            yield members, sums


def _split(members, counts):
    """Yield the members of each part; they come with falling counts."""
    while len(members):
        longest = max(counts[members[0]], 1)
        some = members[: max(CELLS // longest, 1)]
        n = max(np.count_nonzero(counts[some] >= FILLED * longest - 2), 1)
        yield members[:n]
        members = members[n:]
