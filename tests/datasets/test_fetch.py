import shutil
import sys
from types import SimpleNamespace

import pytest
from pandas.testing import assert_frame_equal

from sklearn_anime.datasets import fetch_anime, load_anime


@pytest.fixture
def kaggle(monkeypatch, folder):
    """Stand in for kagglehub: it "downloads" the folder, and counts how often."""
    calls = []

    def dataset_download(handle, force_download=False):
        calls.append((handle, force_download))
        return str(folder)

    module = SimpleNamespace(dataset_download=dataset_download, calls=calls, folder=folder)
    monkeypatch.setitem(sys.modules, "kagglehub", module)
    return module


@pytest.fixture
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


def test_downloads_keeps_and_loads(kaggle, home):
    anime = fetch_anime(home)
    assert kaggle.calls == [("CooperUnion/anime-recommendations-database", False)]
    assert_frame_equal(anime.frame, load_anime(kaggle.folder).frame)


def test_second_call_does_not_download(kaggle, home):
    first = fetch_anime(home)
    shutil.rmtree(kaggle.folder)
    assert_frame_equal(fetch_anime(home).frame, first.frame)
    assert len(kaggle.calls) == 1


def test_options_are_those_of_load_anime(kaggle, home):
    options = {"n_users": 2, "n_anime": 2, "unrated": "nan"}
    X, y = fetch_anime(home, return_X_y=True, **options)
    expected = load_anime(kaggle.folder, **options)
    assert_frame_equal(X, expected.data)
    assert y.isna().sum() == expected.target.isna().sum() == 1


def test_default_home_is_that_of_scikit_learn(kaggle, home, monkeypatch):
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(home))
    fetch_anime()
    assert [path.name for path in home.iterdir()] == ["anime_recommendations"]


def test_force_download_replaces_the_kept_files(kaggle, home):
    fetch_anime(home)
    (kaggle.folder / "rating.csv").write_text("user_id,anime_id,rating\n1,10,2\n")
    assert fetch_anime(home).target.tolist() == [8, 7, 9, 10]
    assert fetch_anime(home, force_download=True).target.tolist() == [2]
    assert [force for _, force in kaggle.calls] == [False, True]


def test_compressed_downloads_are_kept_compressed(kaggle, home):
    shutil.make_archive(kaggle.folder / "rating.csv", "zip", kaggle.folder, "rating.csv")
    (kaggle.folder / "rating.csv").unlink()
    fetch_anime(home)
    kept = sorted(path.name for path in (home / "anime_recommendations").iterdir())
    assert kept == ["anime.csv", "rating.csv.zip"]


def test_a_failed_download_keeps_nothing_and_says_what_to_do(kaggle, home, monkeypatch):
    def fail(handle, force_download=False):
        raise RuntimeError("403 Forbidden")

    monkeypatch.setattr(kaggle, "dataset_download", fail)
    with pytest.raises(OSError, match=r"from Kaggle failed \(403 Forbidden\).*load_anime"):
        fetch_anime(home)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("content", [None, "", "user_id,anime_id,rating\n", "user_id,ani"])
def test_a_partial_download_keeps_nothing(kaggle, home, content):
    (kaggle.folder / "rating.csv").unlink()
    if content is not None:
        (kaggle.folder / "rating.csv").write_text(content)
    with pytest.raises(OSError, match=r"is incomplete.*rating.csv.*was not kept.*force_download"):
        fetch_anime(home)
    assert list(home.iterdir()) == []


def test_a_truncated_archive_keeps_nothing(kaggle, home):
    archive = shutil.make_archive(kaggle.folder / "rating.csv", "zip", kaggle.folder, "rating.csv")
    (kaggle.folder / "rating.csv").unlink()
    with open(archive, "r+b") as file:
        file.truncate(80)
    with pytest.raises(OSError, match="is incomplete"):
        fetch_anime(home)
    assert list(home.iterdir()) == []


def test_a_failed_renewal_leaves_what_was_kept(kaggle, home):
    fetch_anime(home)
    (kaggle.folder / "rating.csv").unlink()
    with pytest.raises(OSError, match="is incomplete"):
        fetch_anime(home, force_download=True)
    assert fetch_anime(home).target.tolist() == [8, 7, 9, 10]


def test_without_kagglehub_the_error_names_the_extra(home, monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(ImportError, match=r"fetch_anime needs 'kagglehub'.*sklearn-anime\[kaggle\]"):
        fetch_anime(home)
    assert list(home.iterdir()) == []


def test_bad_options_get_the_message_of_scikit_learn(home):
    with pytest.raises(ValueError, match="The 'n_users' parameter of fetch_anime must be"):
        fetch_anime(home, n_users=-1)
