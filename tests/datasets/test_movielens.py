import copy
import gzip
import pickle
import tarfile

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from published import FOLDERS, ML_100K, write_archive, write_folder

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.datasets import fetch_movielens
from sklearn_anime.preprocessing import WeightedOneHotGenres

SHAPES = {"100k": (4, 3, 4), "1m": (3, 2, 3), "10m": (44, 2, 22)}
KEYS = [
    "DESCR",
    "catalog",
    "data",
    "feature_names",
    "folds",
    "frame",
    "target",
    "target_names",
    "timestamp",
    "users",
]
every_variant = pytest.mark.parametrize("variant", FOLDERS)


@pytest.fixture(params=["folder", "zip", "tar.gz"])
def place(request, tmp_path):
    """Write a variant as a folder, as the published archive, or as another archive."""

    def write(variant):
        folder = write_folder(tmp_path / "folder", variant)
        if request.param == "folder":
            return folder
        if request.param == "zip":
            return write_archive(tmp_path / f"ml-{variant}.zip", variant)
        with tarfile.open(tmp_path / "archive.tar.gz", "w:gz") as archive:
            archive.add(folder, "./copy")
        return tmp_path / "archive.tar.gz"

    return write


@every_variant
def test_every_variant_is_read_from_every_place(place, variant):
    movies = fetch_movielens(variant, path=place(variant))
    found = (len(movies.data), movies.data.user_id.nunique(), len(movies.catalog))
    assert found == SHAPES.get(variant, (3, 2, 2))
    assert sorted(movies) == KEYS
    assert movies.data.dtypes.tolist() == ["int64", "int64"]
    assert movies.target.dtype == "float64"
    assert movies.timestamp.dtype == "datetime64[s]"
    assert movies.catalog.index.name == "movie_id"


def test_100k_has_its_rows_in_the_order_of_the_file(tmp_path):
    movies = fetch_movielens("100k", path=write_folder(tmp_path, "100k"))
    assert movies.data.to_numpy().tolist() == [[196, 242], [186, 302], [196, 51], [22, 302]]
    assert movies.target.tolist() == [3, 3, 5, 1]
    assert movies.timestamp[0] == pd.Timestamp("1997-12-04 15:55:49")


def test_100k_has_genres_dates_and_users(tmp_path):
    movies = fetch_movielens("100k", path=write_folder(tmp_path, "100k"))
    catalog = movies.catalog
    assert catalog.columns.tolist() == ["title", "genre", "release_date", "imdb_url"]
    assert catalog.title[302] == "Mis\u00e9rables, Les (1995)"
    assert catalog.genre[[51, 242, 302]].tolist() == [
        "Drama, Romance, War, Western",
        "Comedy",
        "Action, Children's",
    ]
    assert catalog.genre.isna().tolist() == [False, False, True, False]  # "unknown" is no genre
    assert catalog.release_date[242] == pd.Timestamp("1997-01-24")
    assert pd.isna(catalog.release_date[267])
    assert movies.users.loc[196].tolist() == [49, "M", "writer", "V3N4P"]


def test_100k_has_its_official_folds(tmp_path):
    folds = fetch_movielens("100k", path=write_folder(tmp_path, "100k")).folds
    assert list(folds) == ["u1", "ua"]  # those that are there
    assert [side.tolist() for side in folds["u1"]] == [[0, 2, 3], [1]]
    assert [side.tolist() for side in folds["ua"]] == [[0, 1], [2, 3]]
    with pytest.raises(KeyError, match=r"no fold 'ub' \(folds: u1, ua\)"):
        folds["ub"]


def test_1m_has_titles_with_colons_and_named_occupations(tmp_path):
    movies = fetch_movielens("1m", path=write_folder(tmp_path, "1m"))
    assert movies.catalog.loc[1207].tolist() == ["Enfants perdus: Cit\u00e9 (1995)", "Adventure, Sci-Fi"]
    assert movies.users.columns.tolist() == ["age", "gender", "occupation", "zip_code"]
    assert movies.users.loc[1].tolist() == [1, "F", "K-12 student", "48067"]
    assert movies.users.loc[2].tolist() == [56, "M", "self-employed", "70072"]
    assert len(movies.folds) == 0


def test_10m_has_the_folds_that_its_script_writes(tmp_path):
    movies = fetch_movielens("10m", path=write_folder(tmp_path, "10m"))
    assert list(movies.folds) == ["r1", "r2", "r3", "r4", "r5", "ra", "rb"]
    tests = {name: test.tolist() for name, (_, test) in movies.folds.items()}
    assert tests["r1"] == list(range(8))  # 44 rows are five times 8, and 4 more at the end
    assert tests["r5"] == list(range(32, 44))
    assert tests["ra"] == [*range(10), *range(22, 32)]
    assert tests["rb"] == [*range(10, 20), *range(32, 42)]
    for train, test in movies.folds.values():
        assert sorted([*train, *test]) == list(range(44))
    assert movies.catalog.title[3] == "Titre \u00e9 3: the movie (1995)"


def test_csv_variants_have_quoted_titles_and_missing_genres(tmp_path):
    movies = fetch_movielens("25m", path=write_folder(tmp_path, "25m"))
    assert movies.catalog.title.tolist() == [
        "American President, The (1995)",
        "Cit\u00e9 des enfants perdus (1995)",
    ]
    assert movies.catalog.genre[2] == "Comedy, Drama, Romance"
    assert pd.isna(movies.catalog.genre[29])
    assert movies.users is None


def test_genres_are_what_the_transformer_splits(tmp_path):
    movies = fetch_movielens(path=write_folder(tmp_path, "latest-small"))
    encoder = WeightedOneHotGenres().fit(movies.catalog[["genre"]])
    assert encoder.genres_[0].tolist() == ["Comedy", "Drama", "Romance"]


def test_frame_joins_rows_times_movies_and_users(tmp_path):
    movies = fetch_movielens("1m", path=write_folder(tmp_path, "1m"))
    assert movies.frame.columns.tolist() == [
        *("user_id", "movie_id", "timestamp", "title", "genre"),
        *("age", "gender", "occupation", "zip_code", "rating"),
    ]
    row = movies.frame.loc[2]
    assert (row.title, row.gender, row.rating) == ("One Flew Over the Cuckoo's Nest (1975)", "M", 4)


def test_times_is_a_third_column(tmp_path):
    movies = fetch_movielens("1m", path=write_folder(tmp_path, "1m"), times=True)
    assert list(movies.data) == movies.feature_names == ["user_id", "movie_id", "timestamp"]
    assert movies.data.timestamp.dtype == "datetime64[s]"
    assert movies.frame.columns.tolist().count("timestamp") == 1


def test_arrays_hold_ids_and_seconds(tmp_path):
    folder = write_folder(tmp_path, "1m")
    X, y = fetch_movielens("1m", path=folder, times=True, as_frame=False, return_X_y=True)
    assert X.tolist()[0] == [1, 1193, 978300760]
    assert y.tolist() == [5, 3, 4]
    assert fetch_movielens("1m", path=folder, as_frame=False).frame is None


def test_rows_and_ratings_go_into_an_estimator(tmp_path):
    X, y = fetch_movielens("1m", path=write_folder(tmp_path, "1m"), return_X_y=True)
    recommended = PopularityRecommender().fit(X, y).recommend([2], n_items=1)
    assert recommended.movie_id.tolist() == [661]


def test_compressed_files_of_a_folder_are_read(tmp_path):
    folder = write_folder(tmp_path, "latest-small")
    plain = (folder / "ratings.csv").read_bytes()
    (folder / "ratings.csv").unlink()
    (folder / "ratings.csv.gz").write_bytes(gzip.compress(plain))
    assert fetch_movielens(path=folder).target.tolist() == [3.5, 4.0, 0.5]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda bunch: pickle.loads(pickle.dumps(bunch))])
def test_bunch_survives_copies_and_pickles(tmp_path, duplicate):
    movies = fetch_movielens("100k", path=write_folder(tmp_path, "100k"))
    same = duplicate(movies)
    assert_frame_equal(same.frame, movies.frame)
    assert list(same.folds) == list(movies.folds)


def test_description_says_what_was_verified_and_how_to_cite(tmp_path):
    text = fetch_movielens("100k", path=write_folder(tmp_path, "100k")).DESCR
    assert "Published: 100,000 ratings by 943 users, 1,682 movies" in text
    assert "This copy: 4 ratings by 3 users, 4 movies" in text
    assert "only the form was verified" in text
    for word in ("License: for research", "Harper", "u1, ua."):
        assert word in text


def test_real_latest_small_has_the_published_numbers(real_folder):
    folder = real_folder.parent / "movielens-small"
    if not folder.is_dir():
        pytest.skip(f"no MovieLens at {folder}")
    movies = fetch_movielens(path=folder)
    assert (len(movies.data), movies.data.user_id.nunique(), len(movies.catalog)) == (
        100_836,
        610,
        9_742,
    )
    assert movies.target.between(0.5, 5).all()
    assert movies.timestamp.dt.year.min() == 1996
    assert movies.data.movie_id.isin(movies.catalog.index).all()
    assert int(movies.catalog.genre.isna().sum()) == 34


# Bad input

BAD_LINES = {
    "a field too few": ("u.data", "196\t242\t3\n", "Line 2 of u.data in .* has 3 fields, where 4"),
    "a field too many": ("u.data", "1\t2\t3\t4\t5\n", "Line 2 of u.data in .* has 5 fields, where 4"),
    "no number": ("u.data", "x\t2\t3\t4\n", "Line 2 of u.data in .* has 'x' as user_id, where a whole"),
    "a rating in words": ("u.data", "1\t2\tgood\t4\n", "Line 2 .* has 'good' as rating, where a number"),
    "an infinite rating": ("u.data", "1\t2\tinf\t4\n", "Line 2 .* has the rating inf"),
    "a rating of 9": (
        "u.data",
        "1\t2\t9\t4\n",
        "Line 2 of u.data in .* has the rating 9, where 0.5",
    ),
    "an empty line": ("u.data", "\n", "Line 2 of u.data in .* has 1 fields"),
    "an empty id": ("u.data", "\t2\t3\t4\n", "Line 2 of u.data in .* has an empty field as user_id"),
    "a huge id": ("u.data", f"{2**70}\t2\t3\t4\n", "Line 2 of u.data in .* as user_id"),
    "a user without age": ("u.user", "9||M|writer|1\n", "Line 2 of u.user in .* an empty field as age"),
    "a movie without flags": ("u.item", "9|Movie|||\n", "Line 2 of u.item in .* has 5 fields, where 24"),
    "an unknown pair": (
        "u1.test",
        "1\t1\t3\t4\n",
        "Line 2 of u1.test in .* movie 1 by user 1, which",
    ),
}


@pytest.mark.parametrize(("name", "line", "message"), BAD_LINES.values(), ids=BAD_LINES)
def test_malformed_lines_are_named(tmp_path, name, line, message):
    first, rest = ML_100K[name].split("\n", 1)
    folder = write_folder(tmp_path, "100k", **{name: f"{first}\n{line}{rest}"})
    with pytest.raises(ValueError, match=message):
        fetch_movielens("100k", path=folder)


def test_malformed_lines_of_csv_count_the_header(tmp_path):
    text = "userId,movieId,rating,timestamp\n1,2,3.5,10\n1,3,4.5,ten\n"
    folder = write_folder(tmp_path, "20m", **{"ratings.csv": text})
    with pytest.raises(ValueError, match=r"Line 3 of ratings.csv in .* has 'ten' as timestamp"):
        fetch_movielens("20m", path=folder)


def test_another_header_is_named(tmp_path):
    folder = write_folder(tmp_path, "20m", **{"movies.csv": "id,title\n1,A\n"})
    with pytest.raises(ValueError, match=r"movies.csv in .* begins with 'id,title', not with 'movieId"):
        fetch_movielens("20m", path=folder)


def test_another_encoding_is_named(tmp_path):
    text = "movieId,title,genres\n1,Cit\u00e9,Drama\n".encode("latin-1")
    folder = write_folder(tmp_path, "20m", **{"movies.csv": text})
    with pytest.raises(ValueError, match=r"Line 2 of movies.csv in .* is not encoded in utf-8"):
        fetch_movielens("20m", path=folder)


def test_an_unknown_occupation_is_named(tmp_path):
    folder = write_folder(tmp_path, "1m", **{"users.dat": "1::F::1::10::48067\n2::M::56::21::70072\n"})
    with pytest.raises(ValueError, match=r"Line 2 of users.dat in .* the occupation 21, where 0 to 20"):
        fetch_movielens("1m", path=folder)


def test_folds_that_lose_a_row_raise(tmp_path):
    folder = write_folder(tmp_path, "100k", **{"u1.base": "22\t302\t1\t878887116\n"})
    with pytest.raises(ValueError, match=r"u1.base .* and u1.test do not have each of the 4 ratings"):
        fetch_movielens("100k", path=folder)


@pytest.mark.parametrize("text", ["", "userId,movieId,rating,timestamp\n"])
def test_empty_files_raise(tmp_path, text):
    folder = write_folder(tmp_path, "20m", **{"ratings.csv": text})
    with pytest.raises(ValueError, match=r"ratings.csv in .* (has no rows|begins with '')"):
        fetch_movielens("20m", path=folder)


@pytest.mark.parametrize(
    ("asked", "given"), [("100k", "1m"), ("1m", "100k"), ("20m", "25m"), ("10m", "1m")]
)
def test_an_archive_of_another_variant_raises(tmp_path, asked, given):
    archive = write_archive(tmp_path / "download.zip", given)
    with pytest.raises(
        ValueError, match=f"download.zip is MovieLens {given}, not {asked}: pass '{given}'"
    ):
        fetch_movielens(asked, path=archive)


def test_a_folder_of_another_variant_raises(tmp_path):
    folder = write_folder(tmp_path, "100k")
    with pytest.raises(ValueError, match=r"no ratings.dat and no .*It has the files of variant '100k'"):
        fetch_movielens("1m", path=folder)
    with pytest.raises(ValueError, match=r"has users.dat: it is MovieLens 1m, not 10m"):
        fetch_movielens("10m", path=write_folder(tmp_path / "other", "1m"))


def test_a_path_that_is_not_there_raises(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no .*nowhere. Name a folder, or a zip"):
        fetch_movielens(path=tmp_path / "nowhere")


def test_a_truncated_archive_raises(tmp_path):
    archive = write_archive(tmp_path / "ml-1m.zip", "1m")
    archive.write_bytes(archive.read_bytes()[:200])
    with pytest.raises(ValueError, match=r"ml-1m.zip is no zip or tar archive, or it is damaged"):
        fetch_movielens("1m", path=archive)


def test_a_damaged_member_raises(tmp_path):
    folder = write_folder(tmp_path, "latest-small")
    packed = gzip.compress((folder / "ratings.csv").read_bytes())
    (folder / "ratings.csv").unlink()
    (folder / "ratings.csv.gz").write_bytes(packed[:-10])
    with pytest.raises(ValueError, match=r"ratings.csv.gz in .* is damaged"):
        fetch_movielens(path=folder)


def test_unknown_variants_get_the_message_of_scikit_learn():
    with pytest.raises(ValueError, match="The 'variant' parameter of fetch_movielens must be"):
        fetch_movielens("2m")


def test_positions_of_folds_select_rows(tmp_path):
    movies = fetch_movielens("100k", path=write_folder(tmp_path, "100k"))
    train, test = movies.folds["ua"]
    assert np.intersect1d(train, test).size == 0
    assert movies.data.iloc[test].user_id.tolist() == [196, 22]
