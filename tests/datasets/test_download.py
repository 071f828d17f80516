"""Claims about downloads, against a server on this machine that can fail in many ways."""

import errno
import hashlib
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pandas.testing import assert_frame_equal
from published import write_archive, write_folder

from sklearn_anime.datasets import _download, _lightgcn, _movielens, fetch_lightgcn, fetch_movielens


class Handler(BaseHTTPRequestHandler):
    """Answer with the files of the server, after as many failures as it is told."""

    def do_GET(self):
        server, name = self.server, self.path.lstrip("/")
        server.asked.append(name)
        failure = server.failures.pop(0) if server.failures else None
        if failure == "503":
            self.send_error(503)
        elif name not in server.files:
            self.send_error(404)
        else:
            content = server.files[name]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if failure == "half" else content)

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def server(monkeypatch):
    """Stand in for both publishers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.files, server.asked, server.failures = {}, [], []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setattr(_movielens, "URL", address)
        monkeypatch.setattr(_lightgcn, "URL", address)
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def archive(server, tmp_path, monkeypatch):
    """Serve MovieLens 1m, of three ratings."""
    small = replace(_movielens.VARIANTS["1m"], n_ratings=3, n_users=2, n_movies=3)
    monkeypatch.setitem(_movielens.VARIANTS, "1m", small)
    path = write_archive(tmp_path / "served" / "ml-1m.zip", "1m")
    server.files["ml-1m.zip"] = path.read_bytes()
    return path


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def kept(home):
    """Return the names of all files under the folder of the data."""
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())


def publish_md5(server, digest=None):
    digest = digest or hashlib.md5(server.files["ml-1m.zip"]).hexdigest()
    server.files["ml-1m.zip.md5"] = f"MD5 (ml-1m.zip) = {digest}\n".encode()


def test_downloads_once(server, archive, home):
    movies = fetch_movielens("1m", data_home=home)
    assert_frame_equal(movies.frame, fetch_movielens("1m", path=archive).frame)
    assert server.asked == ["ml-1m.zip", "ml-1m.zip.md5"]
    fetch_movielens("1m", data_home=home, download_if_missing=False)
    assert len(server.asked) == 2
    assert kept(home) == ["movielens/ml-1m.zip"]
    assert "Verified: the form of the files, and the numbers of rows" in movies.DESCR


def test_published_checksum_is_compared(server, archive, home):
    publish_md5(server)
    assert "the published MD5 checksum" in fetch_movielens("1m", data_home=home).DESCR


def test_wrong_checksum_deletes_the_file(server, archive, home):
    publish_md5(server, "0" * 32)
    with pytest.raises(OSError, match=r"MD5 checksum of .* is \w{32}, but .*md5 says 0{32}.*deleted"):
        fetch_movielens("1m", data_home=home)
    assert kept(home) == []


@pytest.mark.parametrize("failure", ["503", "half"])
def test_failures_are_tried_again(server, archive, home, failure):
    server.failures = [failure, failure]
    with pytest.warns(UserWarning, match=r"Download of .*ml-1m.zip failed .*Trying again") as record:
        fetch_movielens("1m", data_home=home, n_retries=2, delay=0)
    assert len(record) == 2
    assert kept(home) == ["movielens/ml-1m.zip"]


@pytest.mark.parametrize(("failure", "reason"), [("503", "Error 503"), ("half", "ended after")])
def test_too_many_failures_keep_nothing_and_say_what_to_do(server, archive, home, failure, reason):
    server.failures = [failure, failure]
    with (
        pytest.warns(UserWarning, match=r"tries left: 1"),
        pytest.raises(
            OSError, match=rf"could not be downloaded .*{reason}.*put the file at .*ml-1m.zip"
        ),
    ):
        fetch_movielens("1m", data_home=home, n_retries=1, delay=0)
    assert kept(home) == []


def test_files_that_are_not_there_are_not_tried_again(server, home):
    with pytest.raises(OSError, match=r"could not be downloaded .*404"):
        fetch_movielens("1m", data_home=home)
    assert server.asked == ["ml-1m.zip"]


def test_without_a_network_the_error_names_the_place(monkeypatch, home):
    monkeypatch.setattr(_movielens, "URL", "http://127.0.0.1:9/")
    with pytest.raises(OSError, match=r"Check the network, or put the file at .*movielens.ml-1m.zip"):
        fetch_movielens("1m", data_home=home, n_retries=0)


def test_without_permission_nothing_is_downloaded(server, archive, home):
    with pytest.raises(FileNotFoundError, match=r"no .*ml-1m.zip, and `download_if_missing` is False"):
        fetch_movielens("1m", data_home=home, download_if_missing=False)
    assert server.asked == []


def test_a_full_disk_keeps_nothing(server, archive, home, monkeypatch):
    def fail(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_download, "_copy", fail)
    with pytest.raises(OSError, match=r"The disk is full: ml-1m.zip was not kept in .*data_home="):
        fetch_movielens("1m", data_home=home)
    assert kept(home) == []


def test_an_interrupt_keeps_nothing(server, archive, home, monkeypatch):
    def interrupt(url, path, progress):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(_download, "_copy", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch_movielens("1m", data_home=home)
    assert kept(home) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"ratings.dat": "1::661::3::978302109\n"},
            r"has 1 ratings, 1 users and 3 movies, where 3, 2 and 3 are",
        ),
        ({"users.dat": None}, "has no users.dat"),
        ({"ratings.dat": "1::661\n"}, "Line 1 of .*ratings.dat in .* has 2 fields"),
    ],
)
def test_downloads_of_the_wrong_structure_are_deleted(server, archive, home, change, message):
    server.files["ml-1m.zip"] = write_archive(archive, "1m", **change).read_bytes()
    with pytest.raises(ValueError, match=rf"{message}.*ml-1m.zip was deleted. Call again"):
        fetch_movielens("1m", data_home=home)
    assert kept(home) == []


def test_kept_files_of_the_wrong_structure_are_named(archive, home):
    write_archive(home / "movielens" / "ml-1m.zip", "100k")
    with pytest.raises(ValueError, match=r"is MovieLens 100k, not 1m.*Delete .*ml-1m.zip and"):
        fetch_movielens("1m", data_home=home)
    assert kept(home) == ["movielens/ml-1m.zip"]


def test_latest_small_may_change(server, home, tmp_path):
    path = write_archive(tmp_path / "ml-latest-small.zip", "latest-small")
    server.files[path.name] = path.read_bytes()
    assert len(fetch_movielens(data_home=home).data) == 3


def test_progress_is_printed(server, archive, home, capsys):
    fetch_movielens("1m", data_home=home, verbose=1)
    assert capsys.readouterr().out == "[fetch] ml-1m.zip: 0.0 of 0.0 MB\n"


@pytest.fixture
def gowalla(server, tmp_path, monkeypatch):
    """Serve Gowalla, of eight interactions."""
    monkeypatch.setitem(_lightgcn.COUNTS, "gowalla", _lightgcn.Counts(3, 4, 5, 3))
    for path in write_folder(tmp_path / "served").iterdir():
        server.files[f"gowalla/{path.name}"] = path.read_bytes()


def test_lightgcn_downloads_its_four_files_once(server, gowalla, home):
    tiny = fetch_lightgcn(data_home=home)
    assert len(tiny.data) == 8
    assert "Verified: the form of the files, and the numbers" in tiny.DESCR
    fetch_lightgcn(data_home=home, download_if_missing=False)
    assert len(server.asked) == 4
    names = ("item_list", "test", "train", "user_list")
    assert kept(home) == [f"lightgcn/gowalla/{name}.txt" for name in names]


def test_lightgcn_completes_what_is_missing(server, gowalla, home):
    fetch_lightgcn(data_home=home)
    (home / "lightgcn" / "gowalla" / "test.txt").unlink()
    fetch_lightgcn(data_home=home)
    assert server.asked[4:] == ["gowalla/test.txt"]


def test_lightgcn_deletes_what_is_not_as_published(server, gowalla, home):
    server.files["gowalla/train.txt"] = b"0 1\n"
    with pytest.raises(ValueError, match=r"1 \+ 3 interactions .* where 5 \+ 3 .*was deleted"):
        fetch_lightgcn(data_home=home)
    assert kept(home) == []


def test_lightgcn_names_the_file_that_is_missing(gowalla, home):
    with pytest.raises(FileNotFoundError, match=r"no .*train.txt, and `download_if_missing` is False"):
        fetch_lightgcn(data_home=home, download_if_missing=False)
