import copy
import gzip
import inspect
import pickle
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal
from sklearn.utils import Bunch

from sklearn_anime.datasets import load_anime, load_anime_sample


def pairs(bunch):
    return list(bunch.data.itertuples(index=False, name=None))


def test_returns_a_bunch_with_the_documented_keys(folder):
    anime = load_anime(folder)
    assert isinstance(anime, Bunch)
    assert {"data", "target", "catalog", "frame", "DESCR", "feature_names", "target_names"} == set(anime)
    assert anime.feature_names == ["user_id", "anime_id"]
    assert anime.target_names == ["rating"]
    assert "kaggle.com" in anime.DESCR


def test_default_drops_the_unrated_rows(folder):
    anime = load_anime(folder)
    assert pairs(anime) == [(1, 10), (2, 20), (2, 30), (3, 20)]
    assert anime.target.tolist() == [8, 7, 9, 10]
    assert anime.data.index.equals(pd.RangeIndex(4))
    assert anime.target.index.equals(pd.RangeIndex(4))


def test_nan_keeps_the_unrated_rows_with_a_missing_rating(folder):
    anime = load_anime(folder, unrated="nan")
    np.testing.assert_array_equal(anime.target, [8, np.nan, 7, 9, 10])


def test_keep_leaves_minus_one(folder):
    assert load_anime(folder, unrated="keep").target.tolist() == [8, -1, 7, 9, 10]


@pytest.mark.parametrize(("unrated", "expected"), [("drop", []), ("nan", [np.nan]), ("keep", [-1])])
def test_an_empty_rating_is_an_unrated_row(write_folder, unrated, expected):
    folder = write_folder(rating="user_id,anime_id,rating\n1,10,8\n1,20,\n")
    target = load_anime(folder, unrated=unrated).target
    np.testing.assert_array_equal(target, [8, *expected])


def test_target_and_ids_have_the_same_dtypes_under_every_option(folder):
    for unrated in ("drop", "nan", "keep"):
        anime = load_anime(folder, unrated=unrated)
        assert anime.target.dtype == "float64"
        assert set(anime.data.dtypes.astype(str)) == {"int64"}


def test_catalog_is_indexed_by_id_and_its_rating_renamed(folder):
    catalog = load_anime(folder).catalog
    assert catalog.index.tolist() == [20, 10, 30]
    assert catalog.index.name == "anime_id"
    assert list(catalog) == ["name", "genre", "type", "episodes", "site_rating", "members"]
    assert catalog.at[20, "site_rating"] == 8.45


def test_names_are_unescaped(folder):
    assert load_anime(folder).catalog.at[20, "name"] == "Kino's Trip & More"


def test_unknown_episodes_and_empty_cells_are_missing(folder):
    catalog = load_anime(folder).catalog
    np.testing.assert_array_equal(catalog["episodes"], [13, 26, np.nan])
    assert catalog.isna().sum().to_dict() == {
        "name": 0,
        "genre": 1,
        "type": 1,
        "episodes": 1,
        "site_rating": 1,
        "members": 1,
    }


def test_duplicate_pairs_keep_the_last(write_folder):
    rows = "user_id,anime_id,rating\n1,10,8\n2,20,5\n1,10,3\n1,20,-1\n"
    anime = load_anime(write_folder(rating=rows))
    assert pairs(anime) == [(2, 20), (1, 10)]
    assert anime.target.tolist() == [5, 3]


def test_adjacent_duplicates_in_a_sorted_table_keep_the_last(write_folder):
    anime = load_anime(write_folder(rating="user_id,anime_id,rating\n1,10,8\n1,10,3\n1,20,9\n"))
    assert anime.target.tolist() == [3, 9]


def test_duplicates_of_huge_ids_keep_the_last(write_folder):
    rows = f"user_id,anime_id,rating\n{-(2**62)},{2**62},8\n{2**62},20,7\n{-(2**62)},{2**62},3\n"
    anime = load_anime(write_folder(rating=rows))
    assert pairs(anime) == [(2**62, 20), (-(2**62), 2**62)]
    assert anime.target.tolist() == [7, 3]


def test_a_last_duplicate_that_is_unrated_drops_the_pair(write_folder):
    anime = load_anime(write_folder(rating="user_id,anime_id,rating\n1,10,8\n1,20,7\n1,10,-1\n"))
    assert pairs(anime) == [(1, 20)]


def test_duplicate_titles_keep_the_last(write_folder):
    header = "anime_id,name,genre,type,episodes,rating,members\n"
    rows = "10,Old,Action,TV,1,5,1\n10,New,Action,TV,1,5,1\n"
    assert load_anime(write_folder(anime=header + rows)).catalog["name"].to_dict() == {10: "New"}


def test_n_users_counts_unrated_rows_and_breaks_ties_by_the_smaller_id(folder):
    # rows of the users 1, 2, 3: 2, 2, 1; user 1 has one rated row, user 2 has two
    assert load_anime(folder, n_users=1, unrated="keep").data["user_id"].unique().tolist() == [1]
    assert load_anime(folder, n_users=2).data["user_id"].unique().tolist() == [1, 2]


def test_n_anime_counts_unrated_rows_and_breaks_ties_by_the_smaller_id(folder):
    # rows of the titles 10, 20, 30: 1, 3, 1
    assert load_anime(folder, n_anime=2).data["anime_id"].unique().tolist() == [10, 20]


def test_n_anime_limits_the_catalog_in_its_order(folder):
    assert load_anime(folder, n_anime=2).catalog.index.tolist() == [20, 10]
    assert load_anime(folder, n_users=1).catalog.index.tolist() == [20, 10, 30]


def test_n_users_and_n_anime_both_count_the_whole_table(write_folder):
    # title 20 leads in the whole table, title 10 among the rows of the most active user
    rows = "user_id,anime_id,rating\n1,10,8\n1,30,8\n1,40,8\n2,20,7\n3,20,7\n"
    assert len(load_anime(write_folder(rating=rows), n_users=1, n_anime=1).data) == 0


def test_more_users_and_titles_than_there_are_keep_all(folder):
    assert len(load_anime(folder, n_users=99, n_anime=99, unrated="keep").data) == 5


def test_frame_joins_the_catalog_and_ends_with_the_rating(folder):
    anime = load_anime(folder)
    catalog = ["name", "genre", "type", "episodes", "site_rating", "members"]
    assert list(anime.frame) == ["user_id", "anime_id", *catalog, "rating"]
    assert_frame_equal(anime.frame[["user_id", "anime_id"]], anime.data)
    assert_series_equal(anime.frame["rating"], anime.target)
    assert anime.frame["episodes"].tolist()[:2] == [26, 13]
    assert anime.frame["name"].astype(str).tolist()[1] == "Kino's Trip & More"
    assert set(anime.frame[["name", "genre", "type"]].dtypes.astype(str)) == {"category"}


def test_frame_keeps_rows_whose_title_the_catalog_lacks(write_folder):
    rows = "user_id,anime_id,rating\n1,10,8\n1,99,7\n"
    anime = load_anime(write_folder(rating=rows))
    assert anime.frame["anime_id"].tolist() == [10, 99]
    assert anime.frame.iloc[1].isna().sum() == 6
    assert anime.frame["members"].dtype == "float64"


def test_frame_is_built_once_and_only_when_asked_for(folder):
    anime = load_anime(folder)
    assert dict.__getitem__(anime, "frame") is None
    assert anime.frame is anime["frame"]
    assert anime.get("frame") is anime.frame


def test_frame_is_among_items_and_values(folder):
    anime = load_anime(folder)
    assert isinstance(dict(anime.items())["frame"], pd.DataFrame)
    assert not any(value is None for value in load_anime(folder).values())


def test_get_of_an_absent_key_is_the_default(folder):
    assert load_anime(folder).get("images", "none") == "none"


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda bunch: pickle.loads(pickle.dumps(bunch))]
)
@pytest.mark.parametrize("built", [False, True])
def test_bunch_survives_copies_and_pickles(folder, duplicate, built):
    anime = load_anime(folder)
    expected = load_anime(folder).frame
    if built:
        assert anime.frame is not None
    twin = duplicate(anime)
    assert type(twin) is type(anime)
    assert (dict.__getitem__(twin, "frame") is not None) == built
    assert_frame_equal(twin.frame, expected)
    assert_frame_equal(twin.catalog, anime.catalog)


def test_return_x_y_gives_data_and_target(folder):
    X, y = load_anime(folder, return_X_y=True)
    anime = load_anime(folder)
    assert_frame_equal(X, anime.data)
    assert_series_equal(y, anime.target)


def zip_file(path):
    with zipfile.ZipFile(f"{path}.zip", "w") as archive:
        archive.write(path, path.name)


def gzip_file(path):
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))


@pytest.mark.parametrize("compress", [gzip_file, zip_file])
@pytest.mark.parametrize("names", [["anime.csv"], ["rating.csv"], ["anime.csv", "rating.csv"]])
def test_each_file_may_be_compressed(folder, compress, names):
    expected = load_anime(folder).frame
    for name in names:
        compress(folder / name)
        (folder / name).unlink()
    assert_frame_equal(load_anime(folder).frame, expected)


def test_path_may_be_text_or_a_path(folder):
    assert_frame_equal(load_anime(str(folder)).data, load_anime(folder).data)


def test_columns_may_come_in_any_order_with_others_between(write_folder):
    rows = "note,rating,anime_id,user_id\n,8,10,1\nx,7,20,1\n"
    anime = load_anime(write_folder(rating=rows))
    assert pairs(anime) == [(1, 10), (1, 20)]
    assert anime.target.tolist() == [8, 7]


def test_crlf_line_ends_and_a_byte_order_mark_are_read(write_folder):
    rows = "\ufeffuser_id,anime_id,rating\r\n1,10,8\r\n1,20,7\r\n"
    assert load_anime(write_folder(rating=rows)).target.tolist() == [8, 7]


def test_huge_and_negative_ids_are_kept(write_folder):
    rows = f"user_id,anime_id,rating\n-5,10,8\n{2**62},20,7\n"
    anime = load_anime(write_folder(rating=rows), n_users=2)
    assert pairs(anime) == [(-5, 10), (2**62, 20)]


@pytest.mark.parametrize("name", ["anime", "rating"])
def test_a_missing_file_says_what_was_expected_and_where_it_is_found(write_folder, name):
    folder = write_folder(**{name: None})
    message = re.escape(f"No {name}.csv in {str(folder)!r}")
    message += f".*{name}.csv, {name}.csv.gz, {name}.csv.zip"
    with pytest.raises(FileNotFoundError, match=message + ".*anime-recommendations-database"):
        load_anime(folder)


def test_missing_columns_are_named_beside_those_found(write_folder):
    folder = write_folder(rating="user,anime_id,stars\n1,10,8\n")
    message = "no column 'user_id', 'rating' .columns: 'user', 'anime_id', 'stars'.*Name its"
    with pytest.raises(ValueError, match=message):
        load_anime(folder)


@pytest.mark.parametrize("value", ["good", "8/10", "inf"])
def test_text_in_the_rating_column_names_the_first_offending_line(write_folder, value):
    folder = write_folder(rating=f"user_id,anime_id,rating\n1,10,8\n\n1,20,{value}\n1,30,bad\n")
    message = f"Line 4 of .*rating.csv has '{value}' in column 'rating', where a number"
    with pytest.raises(ValueError, match=message):
        load_anime(folder)


@pytest.mark.parametrize(("cell", "shown"), [("", "an empty cell"), ("abc", "'abc'"), ("1.5", "'1.5'")])
def test_a_bad_id_names_its_line(write_folder, cell, shown):
    folder = write_folder(rating=f"user_id,anime_id,rating\n1,10,8\n{cell},20,9\n")
    message = f"Line 3 of .*rating.csv has {shown} in column 'user_id', where a whole number"
    with pytest.raises(ValueError, match=message):
        load_anime(folder)


def test_text_in_the_catalog_names_its_line(write_folder):
    header = "anime_id,name,genre,type,episodes,rating,members\n"
    folder = write_folder(anime=header + "10,Trigun,Action,TV,26,good,many\n")
    with pytest.raises(ValueError, match=r"Line 2 of .*anime.csv has 'good' in column 'rating'"):
        load_anime(folder)


def test_cells_beyond_the_header_raise(write_folder):
    folder = write_folder(rating="user_id,anime_id,rating\n1,10,8,0\n1,20,9,0\n")
    with pytest.raises(ValueError, match=r"rating.csv is no table: Length of header.*remove that line"):
        load_anime(folder)


def test_a_file_of_another_encoding_is_named(write_folder):
    folder = write_folder()
    (folder / "rating.csv").write_bytes(b"user_id,anime_id,rating\n1,\xff,8\n")
    with pytest.raises(ValueError, match=r"rating.csv is not encoded in UTF-8.*Save it as UTF-8"):
        load_anime(folder)


def test_a_line_with_too_many_cells_is_named(write_folder):
    folder = write_folder(rating="user_id,anime_id,rating\n1,10,8\n1,20,9,9,9\n")
    with pytest.raises(ValueError, match=r"rating.csv is no table: .*line 3.*remove that line"):
        load_anime(folder)


@pytest.mark.parametrize("name", ["anime", "rating"])
def test_a_table_without_rows_raises(write_folder, name):
    header = {
        "anime": "anime_id,name,genre,type,episodes,rating,members\n",
        "rating": "user_id,anime_id,rating\n",
    }[name]
    with pytest.raises(ValueError, match=f"{name}.csv has no rows below its header"):
        load_anime(write_folder(**{name: header}))


def test_an_empty_file_raises(write_folder):
    with pytest.raises(ValueError, match=r"rating.csv is empty"):
        load_anime(write_folder(rating=""))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"n_users": 0}, "n_users"),
        ({"n_anime": 1.5}, "n_anime"),
        ({"unrated": "zero"}, "unrated"),
        ({"return_X_y": "yes"}, "return_X_y"),
    ],
)
def test_bad_options_get_the_message_of_scikit_learn(folder, options, name):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of load_anime must be"):
        load_anime(folder, **options)


def test_signature_is_the_documented_one():
    signature = inspect.signature(load_anime)
    assert list(signature.parameters) == ["path", "n_users", "n_anime", "unrated", "return_X_y"]


def test_real_data_has_its_known_counts(real_folder):
    anime = load_anime(real_folder, unrated="nan")
    counts = len(anime.data), anime.target.isna().sum(), len(anime.catalog)
    assert counts == (425_670, 81_187, 12_294)
    assert anime.catalog["episodes"].isna().sum() == 340
    assert anime.catalog["genre"].isna().sum() == 62
    assert not anime.catalog["name"].str.contains("&#039;|&amp;").any()
    assert anime.catalog.at[9969, "name"] == "Gintama'"


def test_real_data_and_the_sample_have_the_same_form(real_folder):
    real, sample = load_anime(real_folder), load_anime_sample()
    assert list(real) == list(sample)
    for key in ("data", "catalog", "frame"):
        assert real[key].dtypes.astype(str).to_dict() == sample[key].dtypes.astype(str).to_dict()
    assert real.target.dtype == sample.target.dtype
    assert real.target.name == sample.target.name


def test_real_data_keeps_the_most_active_users_and_most_rated_titles(real_folder):
    raw = pd.read_csv(real_folder / "rating.csv.gz")
    anime = load_anime(real_folder, n_users=1000, n_anime=500, unrated="keep")
    for column, n_kept in (("user_id", 1000), ("anime_id", 500)):
        counts = raw[column].value_counts()
        kept = counts[anime.data[column].unique()]
        assert len(kept) <= n_kept
        assert kept.min() >= counts.nlargest(n_kept).min()
    assert anime.data["anime_id"].nunique() == 500


# Values that a table of ratings cannot have


def table_of(*rows):
    lines = [",".join(map(str, row)) for row in rows]
    return "\n".join(["user_id,anime_id,rating", *lines])


@pytest.mark.parametrize("rating", [0, 11, -2, 1000])
def test_a_rating_out_of_range_raises_with_file_and_line(write_folder, rating):
    folder = write_folder(rating=table_of((1, 20, 8), (2, 20, rating), (2, 22, -1)))
    message = rf"Line 3 of .*rating.csv has '{rating}' in column 'rating', where a rating from 1"
    with pytest.raises(ValueError, match=message):
        load_anime(folder)


def test_an_id_beyond_64_bits_raises_with_file_and_line(write_folder):
    folder = write_folder(rating=table_of((1, 20, 8), (99999999999999999999, 20, 7)))
    message = r"Line 3 of .*rating.csv has '9{20}' in column 'user_id', where a whole number of 64 bits"
    with pytest.raises(ValueError, match=message):
        load_anime(folder)


def test_a_table_without_any_rating_raises_where_the_unrated_are_dropped(write_folder):
    folder = write_folder(rating=table_of((1, 20, -1), (2, 20, -1)))
    with pytest.raises(ValueError, match=r"rating.csv has no rating: each row says -1.*unrated='nan'"):
        load_anime(folder)
    assert len(load_anime(folder, unrated="nan").data) == 2


def test_an_anime_called_na_keeps_its_name(folder):
    text = (folder / "anime.csv").read_text(encoding="utf-8").replace("Trigun", "NA")
    (folder / "anime.csv").write_text(text, encoding="utf-8")
    assert load_anime(folder).catalog.loc[10, "name"] == "NA"


def test_a_zip_with_files_of_macos_is_read(folder):
    expected = load_anime(folder).data
    table = (folder / "rating.csv").read_text(encoding="utf-8")
    with zipfile.ZipFile(folder / "rating.csv.zip", "w") as archive:
        archive.writestr("rating.csv", table)
        archive.writestr("__MACOSX/._rating.csv", b"\x00\x05\x16\x07")
    (folder / "rating.csv").unlink()
    assert_frame_equal(load_anime(folder).data, expected)


def test_a_zip_with_several_tables_raises(folder):
    with zipfile.ZipFile(folder / "rating.csv.zip", "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, "user_id,anime_id,rating\n1,2,3\n")
    (folder / "rating.csv").unlink()
    with pytest.raises(ValueError, match=r"rating.csv.zip holds the files \['a.csv', 'b.csv'\]"):
        load_anime(folder)
