import pandas as pd
import pytest
from published import write_folder

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.datasets import fetch_lightgcn

PAIRS = [[0, 0], [0, 1], [0, 2], [1, 1], [1, 3], [0, 3], [1, 0], [1, 2]]


def test_rows_to_train_on_come_first(tmp_path):
    tiny = fetch_lightgcn(path=write_folder(tmp_path))
    assert tiny.data.to_numpy().tolist() == PAIRS
    assert [side.tolist() for side in tiny.folds["split"]] == [[0, 1, 2, 3, 4], [5, 6, 7]]
    assert tiny.target is None
    assert tiny.data.dtypes.tolist() == ["int64", "int64"]


def test_users_without_a_row_are_in_the_table_of_users(tmp_path):
    tiny = fetch_lightgcn(path=write_folder(tmp_path))
    assert tiny.users.original_id.to_dict() == {0: "1001", 1: "1002", 2: "1003"}
    assert tiny.catalog.original_id.tolist() == ["B00", "B01", "B02", "B03"]


def test_lists_of_original_ids_are_optional(tmp_path):
    folder = write_folder(tmp_path, **{"user_list.txt": None, "item_list.txt": None})
    tiny = fetch_lightgcn(path=folder)
    assert tiny.catalog.shape == (4, 0)
    assert tiny.users.index.tolist() == [0, 1]


def test_further_columns_of_the_lists_are_left_out(tmp_path):
    text = "org_id remap_id freebase_id\nB00 0 m.01\nB01 1 m.02\nB02 2 m.03\nB03 3 m.04\n"
    tiny = fetch_lightgcn(path=write_folder(tmp_path, **{"item_list.txt": text}))
    assert tiny.catalog.columns.tolist() == ["original_id"]


def test_rows_go_into_a_recommender(tmp_path):
    X, y = fetch_lightgcn(path=write_folder(tmp_path), return_X_y=True)
    assert PopularityRecommender().fit(X, y).recommend([1], n_items=4).empty  # user 1 has all items


def test_arrays_and_frames(tmp_path):
    folder = write_folder(tmp_path)
    assert fetch_lightgcn(path=folder, as_frame=False).data.tolist() == PAIRS
    frame = fetch_lightgcn("yelp2018", path=folder).frame
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns.tolist() == ["user_id", "item_id", "original_id"]


def test_description_says_what_was_verified(tmp_path):
    text = fetch_lightgcn(path=write_folder(tmp_path)).DESCR
    assert "Published: 810,128 + 217,242 interactions of 29,858 users with 40,981 items." in text
    assert "This copy: 5 + 3 interactions of 3 users with 4 items. Of the files only the form" in text


BAD_FILES = {
    "text": (
        "train.txt",
        "0 1 2\n1 x\n",
        r"Line 2 of train.txt in .* has 'x', where the number",
    ),
    "negative": ("train.txt", "0 -1\n", r"Line 1 of train.txt in .* has '-1'"),
    "an empty line": ("test.txt", "0 1\n\n1 2\n", r"Line 2 of test.txt in .* is empty, where a user"),
    "no items": ("test.txt", "0\n1\n", "test.txt in .* has no interactions"),
    "an empty file": ("test.txt", "", "test.txt in .* has no interactions"),
    "no file": (
        "test.txt",
        None,
        r"has no test.txt \(files: .*train.txt.* A table in the form",
    ),
    "another header": (
        "item_list.txt",
        "id new\n1 0\n",
        "begins with 'id new', not with 'org_id",
    ),
    "an item too few": ("item_list.txt", "org_id remap_id\nB00 0\n", "lacks item_id 1, which has"),
    "a bad list": (
        "user_list.txt",
        "org_id remap_id\n7 x\n",
        "Line 2 of user_list.txt in .* has 'x'",
    ),
}


@pytest.mark.parametrize(("name", "text", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_malformed_files_are_named(tmp_path, name, text, message):
    with pytest.raises(ValueError, match=message):
        fetch_lightgcn(path=write_folder(tmp_path, **{name: text}))


def test_unknown_names_get_the_message_of_scikit_learn():
    with pytest.raises(ValueError, match="The 'name' parameter of fetch_lightgcn must be"):
        fetch_lightgcn("netflix")
