"""Bad input to WeightedOneHotGenres: a clear error, and nothing lost or half-fitted."""

import pickle
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

from sklearn_anime.preprocessing import WeightedOneHotGenres


def frame(*cells, name="genre"):
    return pd.DataFrame({name: list(cells)})


@pytest.mark.parametrize("bad", [{"A": 1}, {"A"}, frozenset("A"), [{"A": 1}], [["A"]], object()])
def test_cell_that_is_no_genre_raises_with_row_column_and_remedy(bad):
    message = (
        r"of type \w+ in row 1 of column 'genre', and each cell of the argument must be a string "
        r"or a number, a list of them, or missing: convert it"
    )
    with pytest.raises(TypeError, match=message):
        WeightedOneHotGenres().fit(frame("A", bad))


def test_dict_in_transform_raises():
    encoder = WeightedOneHotGenres().fit(frame("A"))
    with pytest.raises(TypeError, match=r"X holds \{'A': 1\} of type dict in row 0 of column"):
        encoder.transform(frame({"A": 1}))


def test_polars_struct_raises():
    with pytest.raises(TypeError, match=r"of type dict in row 0 of column 'genre'"):
        WeightedOneHotGenres().fit(pl.DataFrame({"genre": [{"name": "A"}]}))


def test_text_mixed_with_numbers_raises():
    with pytest.raises(TypeError, match=r"'genre' mixes genres of types int, str.* `astype\(str\)`"):
        WeightedOneHotGenres().fit(frame("A", 3))


@pytest.mark.parametrize("cells", [[1.0, np.inf], ["A", float("inf")], [[1.0], [-np.inf]]])
def test_infinity_raises(cells):
    with pytest.raises(ValueError, match=r"infinity .* in row 1 of column 'genre': replace it"):
        WeightedOneHotGenres().fit(frame(*cells))


def test_complex_column_raises():
    with pytest.raises(TypeError, match=r"complex128 in row 0 of column 'genre'"):
        WeightedOneHotGenres().fit(frame(1j))


@pytest.mark.parametrize("make", [pd.Series, pl.Series, np.array], ids=["pandas", "polars", "numpy"])
def test_one_dimension_raises_and_suggests_two(make):
    with pytest.raises(ValueError, match=r"Pass a DataFrame|Reshape your data"):
        WeightedOneHotGenres().fit(make(["A", "B"]))


@pytest.mark.parametrize(
    ("X", "what"),
    [(frame(), "sample"), (pl.DataFrame({"genre": []}), "sample"), (frame("A")[[]], "feature")],
)
def test_empty_frame_raises(X, what):
    with pytest.raises(ValueError, match=rf"0 {what}\(s\) .* pass at least one row and one column"):
        WeightedOneHotGenres().fit(X)


def test_sparse_input_raises():
    with pytest.raises(TypeError, match=r"[Ss]parse data was passed"):
        WeightedOneHotGenres().fit(sparse.eye_array(2, format="csr"))


def test_empty_separator_raises():
    with pytest.raises(ValueError, match=r"separator='' cannot divide a text: name what stands"):
        WeightedOneHotGenres(separator="").fit(frame("A"))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize(
    ("separator", "other"), [(", ", "|"), (", ", ";"), (", ", ","), ("|", ", "), (", ", " / ")]
)
def test_separator_that_never_occurs_while_another_does_is_warned_of_once(make, separator, other):
    X = make({"genre": [f"Action{other}Comedy", "Drama", f"Drama{other}Action"]})
    with pytest.warns(UserWarning, match=f"Set separator={re.escape(repr(other))} if") as caught:
        WeightedOneHotGenres(separator=separator).fit(X)
    assert len(caught) == 1


def test_a_slash_without_blanks_is_no_separator(recwarn):
    WeightedOneHotGenres().fit(frame("Sci-Fi/Fantasy", "Drama"))
    assert not recwarn


def test_another_separator_beside_the_right_one_is_not_warned_of():
    names = WeightedOneHotGenres().fit(frame("Action|Comedy, Drama", "TV")).get_feature_names_out()
    assert names.tolist() == ["genre_Action|Comedy", "genre_Drama", "genre_TV"]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_two_output_columns_of_one_name_raise(make):
    X = make({"a": ["b_c"], "a_b": ["c"]})
    with pytest.raises(ValueError, match=r"'a_b_c': 'b_c' of column 'a' and 'c' of column 'a_b'"):
        WeightedOneHotGenres().fit(X)


def test_a_genre_called_as_the_column_of_the_infrequent_raises():
    encoder = WeightedOneHotGenres(handle_unknown="infrequent", min_frequency=2)
    with pytest.raises(ValueError, match="Two output columns are called 'genre_infrequent'"):
        encoder.fit(frame("infrequent", "infrequent", "rare"))


@pytest.mark.parametrize("method", ["transform", "inverse_transform"])
def test_use_before_fit_raises(method):
    with pytest.raises(NotFittedError, match=r"WeightedOneHotGenres instance is not fitted yet"):
        getattr(WeightedOneHotGenres(), method)(frame("A"))


def test_names_before_fit_raise():
    with pytest.raises(NotFittedError, match=r"WeightedOneHotGenres instance is not fitted yet"):
        WeightedOneHotGenres().get_feature_names_out()


def test_frame_with_other_columns_than_in_fit_raises():
    encoder = WeightedOneHotGenres().fit(frame("A"))
    with pytest.raises(ValueError, match=r"unseen at fit time:\n- theme\n.*now missing:\n- genre"):
        encoder.transform(frame("A", name="theme"))


@pytest.mark.parametrize(
    "bad", [frame({"A": 1}, name="other"), frame("A", 3), np.array([["A", {}]], dtype=object)]
)
def test_a_failing_fit_leaves_the_old_model(bad):
    encoder = WeightedOneHotGenres().fit(frame("A, B", None))
    before = pickle.dumps(encoder)
    with pytest.raises(TypeError, match=r"argument must be a string or a number"):
        encoder.fit(bad)
    assert pickle.dumps(encoder) == before


@pytest.mark.parametrize("position_of", [lambda p: "x", lambda p: None, lambda p: 1j])
def test_callable_that_returns_no_number_raises(position_of):
    with pytest.raises(TypeError, match=r"weighting\(1\) returned .* must return one finite"):
        WeightedOneHotGenres(weighting=position_of).fit(frame("A"))


def test_callable_that_returns_infinity_raises():
    with pytest.raises(ValueError, match=r"weighting\(2\) returned inf: .* one finite number"):
        WeightedOneHotGenres(weighting=lambda p: 1.0 if p == 1 else np.inf).fit(frame("A, B"))


def test_dtype_that_would_round_the_weights_raises():
    with pytest.raises(ValueError, match=r"dtype=int64 cannot hold the weight 0.5 of weighting='r"):
        WeightedOneHotGenres(dtype=np.int64, weighting="reciprocal").fit(frame("A, B"))
