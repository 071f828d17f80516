import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sklearn_anime.utils import _products


@pytest.mark.parametrize("fewest", [1, 1000], ids=["taken apart", "as they are"])
@pytest.mark.parametrize(
    "shares", [(0.01, 0.01), (0.01, 0.9), (0.9, 0.9)], ids=["rare", "both", "usual"]
)
def test_product_is_that_of_the_dense_rows(fewest, shares, monkeypatch):
    monkeypatch.setattr(_products, "FEWEST_ROWS", fewest)
    rng = np.random.default_rng(0)
    dense = rng.random((200, 30)) * (rng.random((200, 30)) < np.repeat(shares, 15))
    array = rng.standard_normal((30, 7))
    assert_allclose(_products.times_dense(sparse.csr_array(dense), array), dense @ array, atol=1e-12)


def test_no_rows_have_no_product():
    assert _products.times_dense(sparse.csr_array((0, 3)), np.ones((3, 2))).shape == (0, 2)
