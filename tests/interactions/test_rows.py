"""Which columns of X are the ids and which are features, and what is wrong with bad ones."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._frames import TableForm, as_table, table_columns
from sklearn_anime.interactions._ids import as_series
from sklearn_anime.interactions._rows import Layout, Rows
from sklearn_anime.interactions._targets import check_ratings, check_weights

COLUMNS = {"user_id": ["ann", "bob"], "anime_id": [7, 8], "episodes": [12, 24]}


def parsed(X, **keys):
    rows = Rows.parse(X, **keys)
    return rows.user.to_list(), rows.item.to_list(), [other.to_list() for other in rows.others]


def test_the_first_two_columns_are_user_and_item(container):
    assert parsed(container(COLUMNS)) == (["ann", "bob"], [7, 8], [[12, 24]])


def test_an_int_is_a_position(container):
    assert parsed(container(COLUMNS), user=2, item=0) == ([12, 24], ["ann", "bob"], [[7, 8]])


@pytest.mark.parametrize(
    "keys", [{"user": "anime_id", "item": "user_id"}, {"user": 1, "item": "user_id"}]
)
def test_a_text_is_a_name(frame_library, keys):
    assert parsed(frame_library(COLUMNS), **keys) == ([7, 8], ["ann", "bob"], [[12, 24]])


def test_an_int_is_a_position_also_among_integer_column_names():
    X = pd.DataFrame({1: [7, 8], 0: ["ann", "bob"]})
    assert parsed(X) == ([7, 8], ["ann", "bob"], [])


def test_names_of_the_ids_are_those_of_the_frame(frame_library):
    rows = Rows.parse(frame_library(COLUMNS))
    assert (rows.user.name, rows.item.name) == ("user_id", "anime_id")


@pytest.mark.parametrize("X", [np.array([[1, 2]]), [[1, 2]], pd.DataFrame([[1, 2]])], ids=type)
def test_ids_without_a_name_are_called_user_and_item(X):
    rows = Rows.parse(X)
    assert (rows.user.name, rows.item.name) == ("user", "item")


def test_numbers_beside_text_stay_numbers(container):
    assert Rows.parse(container(COLUMNS)).item.dtype.is_integer()


def test_rows_are_taken_by_place_and_not_by_index():
    X = pd.DataFrame(COLUMNS, index=[5, 5])
    assert parsed(X) == parsed(pd.DataFrame(COLUMNS))


@pytest.mark.parametrize("which", ["user", "item"])
def test_unknown_name_raises_with_the_names_there_are(frame_library, which):
    message = rf"no column 'id' \(columns: \['user_id', .*\]\)\. Name the {which} column with `{which}=`"
    with pytest.raises(ValueError, match=message):
        Rows.parse(frame_library(COLUMNS), **{which: "id"})


@pytest.mark.parametrize("X", [np.array([[1, 2]]), [[1, 2]], pd.DataFrame([[1, 2]])], ids=type)
def test_name_for_nameless_rows_raises_and_suggests_set_output(X):
    with pytest.raises(
        ValueError, match=r"item='anime_id' is a column name.*set_output\(transform='pan"
    ):
        Rows.parse(X, item="anime_id")


def test_position_beyond_the_columns_raises(container):
    with pytest.raises(ValueError, match=r"item=3 is no position of a column of X, which has 3 columns"):
        Rows.parse(container(COLUMNS), item=3)


@pytest.mark.parametrize(("user", "item"), [("anime_id", 1), (1, 1), ("anime_id", "anime_id")])
def test_one_column_for_both_ids_raises(frame_library, user, item):
    with pytest.raises(ValueError, match=r"name the same column 'anime_id' of X\. Name two different"):
        Rows.parse(frame_library(COLUMNS), user=user, item=item)


@pytest.mark.parametrize(
    "X", [pd.DataFrame({"a": [], "b": []}), pl.DataFrame({"a": [], "b": []}), np.empty((0, 2))], ids=type
)
def test_no_row_raises(X):
    with pytest.raises(ValueError, match=r"0 sample\(s\) \(shape=\(0, 2\)\) while a minimum of 1"):
        Rows.parse(X)


@pytest.mark.parametrize("n_columns", [0, 1])
def test_too_few_columns_raise(n_columns):
    with pytest.raises(
        ValueError, match=rf"{n_columns} feature\(s\).*of 2 is required: a row is a user id"
    ):
        Rows.parse(pd.DataFrame({"user_id": [1, 2]}).iloc[:, :n_columns])


@pytest.mark.parametrize(
    "X", [["ann", "bob"], np.array([1, 2]), pd.Series([1, 2]), pl.Series([1, 2])], ids=type
)
def test_one_dimension_raises(X):
    with pytest.raises(ValueError, match=r"Expected (2D array|a 2-dimensional container)"):
        Rows.parse(X)


def test_sparse_matrix_raises():
    with pytest.raises(TypeError, match=r"Sparse data was passed"):
        Rows.parse(sparse.eye_array(3, format="csr"))


def test_two_columns_of_one_name_raise():
    with pytest.raises(ValueError, match=r"unique column names.*\n.*'a'"):
        Rows.parse(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_features_are_the_other_columns_as_floats(container):
    X = container({"flag": [True, False], **COLUMNS})
    features = Rows.parse(X, user=1, item=2).features()
    assert features.dtype == np.float64
    assert features.tolist() == [[1, 12], [0, 24]]


def test_no_other_column_gives_features_of_no_width(container):
    X = container({name: COLUMNS[name] for name in ("user_id", "anime_id")})
    assert Rows.parse(X).features().shape == (2, 0)


def test_numeric_categories_are_features():
    X = pd.DataFrame({**COLUMNS, "season": pd.Categorical([2, 1])})
    assert Rows.parse(X).features().tolist() == [[12, 2], [24, 1]]


def test_text_feature_raises_with_its_column_and_a_remedy(frame_library):
    X = frame_library({**COLUMNS, "genre": ["Action", "Drama"]})
    with pytest.raises(ValueError, match=r"column 'genre' of X holds 'Action' \(row 0\).*OneHotEncoder"):
        Rows.parse(X).features()


def test_text_feature_of_an_array_is_named_by_its_place():
    X = np.array([["ann", 7, 1], ["bob", 8, "many"]], dtype=object)
    with pytest.raises(ValueError, match=r"column 'x2' of X holds 'many' \(row 1\)"):
        Rows.parse(X).features()


@pytest.mark.parametrize("bad", [np.nan, None, np.inf])
def test_missing_or_infinite_feature_raises_with_its_column_and_a_remedy(frame_library, bad):
    X = frame_library({**COLUMNS, "score": [8.5, bad]})
    with pytest.raises(
        ValueError, match=r"NaN or infinity: (nan|inf) in row 1 of column 'score'.*SimpleImp"
    ):
        Rows.parse(X).features()


def test_only_needed_rows_have_to_be_finite(frame_library):
    columns = {"user_id": [1, 2], "anime_id": [3, 4], "episodes": [np.nan, 12.0]}
    rows = Rows.parse(frame_library(columns))
    assert rows.features(needed=np.array([False, True]))[1].tolist() == [12.0]
    with pytest.raises(ValueError, match="NaN or infinity: nan in row 0 of column 'episodes'"):
        rows.features(needed=np.array([True, False]))


def test_the_time_is_no_feature(container):
    rows = Rows.parse(container(COLUMNS), time=2)
    assert (rows.times().tolist(), rows.others) == ([12, 24], [])


def test_the_time_is_found_by_name(frame_library):
    rows = Rows.parse(frame_library({"when": [2, 1], **COLUMNS}), user=1, item=2, time="when")
    assert rows.times().tolist() == [2, 1]
    assert rows.features().tolist() == [[12], [24]]


def test_there_is_no_time_unless_one_is_named(container):
    assert Rows.parse(container(COLUMNS)).time is None


DAY, NEXT_DAY = datetime(2020, 10, 24), datetime(2020, 10, 25)
BERLIN = [moment.replace(tzinfo=ZoneInfo("Europe/Berlin")) for moment in (DAY, NEXT_DAY)]


@pytest.mark.parametrize(
    "times",
    [
        [1, 2],
        [1.5, 2],
        [2**60, 2**60 + 1],
        [np.uint64(2**63), np.uint64(2**63 + 1)],
        [-np.inf, np.inf],
        [Decimal(1), Decimal(2)],
        [DAY, NEXT_DAY],
        [DAY.date(), NEXT_DAY.date()],
        [timedelta(hours=1), timedelta(hours=2)],
        BERLIN,
    ],
    ids=repr,
)
def test_times_are_numbers_in_the_same_order(container, times):
    rows = Rows.parse(container({**COLUMNS, "when": times}), time=3)
    assert rows.times().dtype.kind in "iuf"
    assert rows.times()[0] < rows.times()[1]


@pytest.mark.parametrize("unit", ["D", "s", "ns"])
def test_times_of_an_array_of_objects_are_numbers_in_the_same_order(unit):
    X = np.empty((2, 3), dtype=object)
    X[:] = [["ann", 7, np.datetime64("2020-10-24", unit)], ["bob", 8, np.datetime64("2020-10-25", unit)]]
    assert np.diff(Rows.parse(X, time=2).times()) > 0


def test_times_at_the_change_of_clocks_are_told_apart(frame_library):
    first, second = (
        datetime(2020, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=i) for i in (0, 1)
    )
    rows = Rows.parse(frame_library({**COLUMNS, "when": [second, first]}), time="when")
    assert np.diff(rows.times()) < 0


@pytest.mark.parametrize(
    "times",
    [
        [1, np.nan],
        [1, None],
        [DAY, None],
        [DAY.date(), None],
        ["today", None],
        [*BERLIN[:1], None],
    ],
    ids=repr,
)
def test_missing_time_raises_with_its_row(container, times):
    rows = Rows.parse(container({**COLUMNS, "when": times}), time=3)
    message = (
        r"contains NaN: 1 of \d+ rows have no time in column '(when|x3)', the first of them row 1\. "
    )
    with pytest.raises(ValueError, match=message):
        rows.times()


@pytest.mark.parametrize(
    ("times", "value"),
    [
        (["2020-01-01", "2020-01-02"], "'2020-01-01' \\(row 0\\)"),
        ([1, "late"], "'(late|1)' \\(row [01]\\)"),
        ([True, False], "True \\(row 0\\)"),
    ],
    ids=repr,
)
def test_what_has_no_order_in_time_raises_with_a_remedy(container, times, value):
    rows = Rows.parse(container({**COLUMNS, "when": times}), time=3)
    message = rf"'(when|x3)' of X holds {value}, but times are all numbers, .* pandas\.to_datetime"
    with pytest.raises(ValueError, match=message):
        rows.times()


def test_unknown_time_raises_with_the_names_there_are(frame_library):
    message = r"no column 'when' \(columns: \['user_id', .*\]\)\. Name the time column with `time=`"
    with pytest.raises(ValueError, match=message):
        Rows.parse(frame_library(COLUMNS), time="when")


@pytest.mark.parametrize(("time", "which"), [(0, "user"), (1, "item")])
def test_an_id_is_no_time(container, time, which):
    message = rf"{which}={time} and time={time} name the same column .* of X\. Name two different"
    with pytest.raises(ValueError, match=message):
        Rows.parse(container(COLUMNS), time=time)


@pytest.mark.parametrize(
    "y",
    [
        [8, None],
        [8.0, np.nan],
        np.array([8, None], dtype=object),
        np.array([8, np.nan], dtype=np.float32),
        pd.Series([8, pd.NA], dtype="Int64"),
        pd.Series([8, pd.NA], dtype=object),
        pd.Series([8.0, np.nan], index=[4, 4]),
        pd.Series([8, None], dtype="category"),
        pl.Series([8, None]),
        pl.Series([8.0, float("nan")]),
        pl.Series([Decimal(8), None]),
        [Decimal(8), None],
        [Fraction(8), None],
        np.ma.array([8, 3], mask=[False, True]),
        np.ma.array([8.0, 3.0], mask=[False, True]),
    ],
    ids=repr,
)
def test_missing_rating_is_nan(y):
    ratings = check_ratings(y, 2)
    assert ratings.dtype == np.float64
    np.testing.assert_array_equal(ratings, [8.0, np.nan])


def test_column_of_ratings_is_flattened_with_the_warning_of_scikit_learn():
    with pytest.warns(DataConversionWarning, match=r"column-vector y was passed"):
        assert check_ratings(pd.DataFrame({"rating": [8, 7]}), 2).tolist() == [8, 7]


@pytest.mark.parametrize(
    "y",
    [
        [8, "many"],
        np.array([8, "many"], dtype=object),
        pd.Series([8, "many"]),
        pd.Series([pd.NA, "many"], dtype=object),
        pd.Series([None, "many"], dtype="category"),
        pl.Series([None, "many"]),
    ],
    ids=repr,
)
def test_text_rating_raises_with_its_row(y):
    with pytest.raises(ValueError, match=r"y holds '(many|8)' \(row [01]\), which is no number"):
        check_ratings(y, 2)


def test_text_that_looks_like_a_number_is_text():
    with pytest.raises(ValueError, match=r"y holds '8' \(row 1\), which is no number"):
        check_ratings(np.array([7, "8"], dtype=object), 2)


@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_infinite_rating_raises_with_its_row(infinite):
    with pytest.raises(ValueError, match=r"y contains infinity \(row 1\)\. A rating is a finite number"):
        check_ratings([8, infinite], 2)


@pytest.mark.parametrize("large", [1e31, -1e160, 10**200])
def test_rating_that_overflows_raises_with_its_row(large):
    with pytest.raises(ValueError, match=r"\(row 1\): ratings beyond 1e\+30 overflow in single"):
        check_ratings([8, large], 2)


@pytest.mark.parametrize("dtype", [int, float])
def test_masked_id_of_an_array_is_missing(dtype):
    X = np.ma.array([[1, 7], [2, 8]], mask=[[False, False], [False, True]], dtype=dtype)
    with pytest.raises(ValueError, match="contains NaN as item id in row 1"):
        Interactions.from_rows(X, [5, 4])


def test_masked_feature_of_an_array_is_missing():
    X = np.ma.array([[1, 7, 3.0], [2, 8, 4.0]], mask=[[False, False, True], [False, False, False]])
    with pytest.raises(ValueError, match="nan in row 0 of column 'x2'"):
        Rows.parse(X).features()


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, r"requires y to be passed, but the target y is None"),
        ([8], r"X has 2 rows and y has 1 ratings"),
        ([[8, 7], [6, 5]], r"y should be a 1d array, got an array of shape \(2, 2\)"),
        (8, r"y should be a 1d array, got an array of shape \(\)"),
    ],
    ids=["none", "length", "2d", "scalar"],
)
def test_ratings_of_another_form_raise(y, message):
    with pytest.raises(ValueError, match=message):
        check_ratings(y, 2)


@pytest.mark.parametrize(
    ("sample_weight", "weights"),
    [(None, [1, 1]), ([2, 0], [2, 0]), (3.0, [3, 3]), (pl.Series([1, 2]), [1, 2])],
)
def test_weights_default_to_one(sample_weight, weights):
    assert check_weights(sample_weight, 2).tolist() == weights


@pytest.mark.parametrize(
    ("sample_weight", "message"),
    [
        ([0, 0], r"at least one non-zero number"),
        ([1, -1], r"Negative values in data passed to `sample_weight`"),
        ([1, np.nan], r"sample_weight contains NaN"),
        (np.ma.array([1, 2], mask=[False, True]), r"sample_weight contains NaN"),
        ([1], r"sample_weight.shape == \(1,\), expected \(2,\)"),
    ],
    ids=["all zero", "negative", "nan", "masked", "length"],
)
def test_bad_weights_raise(sample_weight, message):
    with pytest.raises(ValueError, match=message):
        check_weights(sample_weight, 2)


def test_places_are_those_of_the_id_columns_by_name_or_position(frame_library):
    columns, named = table_columns(frame_library(COLUMNS))
    assert Layout.find(columns, named, 0, 1).roles == {"user": 0, "item": 1}
    assert Layout.find(columns, named, "anime_id", 0).roles == {"user": 1, "item": 0}
    layout = Layout.find(columns, named, "user_id", "anime_id", "episodes")
    assert (layout.time, layout.others) == (2, [])


def test_as_table_leaves_frames_and_arrays_as_they_are(container):
    X = container(COLUMNS)
    assert isinstance(X, list) or as_table(X) is X


def test_as_table_keeps_numbers_beside_text_in_lists():
    table = as_table([["ann", 7, None], ("bob", 8, 1.5)])
    assert table.dtype == object
    assert table.tolist() == [["ann", 7, None], ["bob", 8, 1.5]]


def test_gaps_in_text_of_arrays_stay_none():
    columns, _ = table_columns([["ann", 7, None], ["bob", 8, "Drama"]])
    assert columns[2].to_list() == [None, "Drama"]


def test_columns_become_the_table_that_they_came_from(container):
    X = container(COLUMNS)
    table = TableForm.of(X).write(table_columns(X)[0])
    assert type(table) is type(as_table(X))
    if isinstance(table, np.ndarray):
        assert table.tolist() == as_table(X).tolist()
        assert [type(value) for value in table[0]] == [str, int, int]
    else:
        assert table.equals(X)
        assert list(table.dtypes) == list(X.dtypes)


@pytest.mark.parametrize("dtype", ["int8", "uint64", "float32", "bool", "M8[s]", "object", "U3", "S2"])
def test_arrays_keep_their_kind_of_values(dtype):
    X = np.array([[0, 1], [1, 0]]).astype(dtype)
    table = TableForm.of(X).write(table_columns(X)[0])
    assert table.dtype.type is X.dtype.type
    np.testing.assert_array_equal(table, X)


def test_arrays_become_wide_enough_for_longer_values():
    text = np.array([["a", "b"]])
    assert TableForm.of(text).write([as_series(["abc"]), as_series(["d"])]).tolist() == [["abc", "d"]]
    integers = np.array([[1, 2]], dtype="int8")
    assert TableForm.of(integers).write([as_series([300]), as_series([0.5])]).tolist() == [[300, 0.5]]


def test_frames_without_names_of_text_keep_theirs():
    X = pd.DataFrame([[1, 2, "a"]], columns=[5, "item", ("b", 1)])
    pd.testing.assert_frame_equal(TableForm.of(X).write(table_columns(X)[0]), X)


def test_table_of_no_rows_has_the_form_of_the_other(container):
    X = container(COLUMNS)
    empty = TableForm.of(X).write([column[:0] for column in table_columns(X)[0]])
    assert empty.shape == (0, 3)
    assert getattr(empty, "columns", None) is None or list(empty.columns) == list(COLUMNS)
