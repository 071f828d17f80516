"""Claims about ``python -m sklearn_anime.serve``: what a process answers, and how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from urllib.error import HTTPError

import pytest

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.io import dump
from sklearn_anime.serve.__main__ import main, read_arguments

START = 60  # seconds to wait for the first answer


class Process:
    """The service in a process of its own."""

    def __init__(self, *arguments, **environment):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sklearn_anime.serve", *arguments, "--port", str(self.port)],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    def __enter__(self):
        for _ in range(10 * START):
            try:
                self.ask("/health")
            except OSError:
                assert self._process.poll() is None, self._process.stderr.read()
                time.sleep(0.1)
            else:
                return self
        raise TimeoutError("The service does not answer.")

    def __exit__(self, *error):
        self._process.kill()
        self._process.communicate()

    def ask(self, path, body=None, **headers):
        """Return the JSON of a response."""
        data = None if body is None else json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def signal(self, number):
        self._process.send_signal(number)

    def end(self):
        """Tell it to stop; return what it has logged."""
        self.signal(signal.SIGTERM)
        _, logged = self._process.communicate(timeout=30)
        assert self._process.returncode in {0, -signal.SIGTERM}
        return logged


@pytest.mark.slow
def test_demo_recommends_and_ends_when_it_is_told():
    with Process() as process:
        answer = process.ask("/recommendations", {"history": [{"item": 1}], "n_items": 3})
        assert len(answer["recommendations"]) == 3
        assert process.ask("/items?search=dragon")["items"][0]["name"].startswith("Dragon")
        logged = process.end()
    assert "POST /recommendations 200" in logged
    assert "Traceback" not in logged


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP on this system")
def test_file_is_served_and_read_again_on_a_signal(tmp_path, model, anime):
    path, catalog = tmp_path / "model.skops", tmp_path / "anime.csv"
    dump(model, path)
    anime.catalog.to_csv(catalog)
    with Process(str(path), "--catalog", str(catalog)) as process:
        before = process.ask("/health")
        assert before["model"] == "EASERecommender"
        assert process.ask("/items/1/similar")["item"]["name"] == "Dragon Ball"
        process.signal(signal.SIGHUP)
        for _ in range(300):
            if process.ask("/health")["since"] > before["since"]:
                break
            time.sleep(0.1)
        else:
            raise AssertionError("The signal did nothing.")
        dump(PopularityRecommender().fit(anime.data), path)
        while process.ask("/health")["model"] != "PopularityRecommender":
            time.sleep(0.1)
        process.end()


@pytest.mark.slow
def test_token_comes_from_the_environment():
    with Process(SKLEARN_ANIME_TOKEN="sesame") as process:
        with pytest.raises(HTTPError, match="401"):
            process.ask("/recommendations/1")
        assert process.ask("/recommendations/1", Authorization="Bearer sesame")["recommendations"]


@pytest.mark.slow
def test_what_is_under_way_is_finished():
    answers = []
    with Process() as process:
        body = {"history": [{"item": item} for item in range(1, 200)], "items": list(range(1, 21))}

        def explain():
            answers.append(len(process.ask("/explanations", body)["explanations"]))

        threads = [threading.Thread(target=explain) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        process.end()
        for thread in threads:
            thread.join()
    assert answers == [20] * 4


@pytest.mark.slow
def test_start_takes_no_tensorflow(tmp_path, model):
    dump(model, tmp_path / "model.skops")
    code = (
        "import sys; from sklearn_anime.serve import make_app; make_app(sys.argv[1]); "
        "print({'tensorflow', 'keras', 'matplotlib', 'polars'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "model.skops")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "set()"


def test_options_have_names():
    options = read_arguments(["m.skops", "--catalog", "c.csv", "--names", "a", "--genres", "b"])
    assert (options.model, options.catalog, options.names, options.genres) == (
        "m.skops",
        "c.csv",
        "a",
        "b",
    )
    assert read_arguments(["--allow-origin", "x", "--allow-origin", "y"]).allow_origin == ["x", "y"]


def test_help_says_what_it_is(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "SKLEARN_ANIME_TOKEN" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.skops"], r"nothing to serve.*missing\.skops"),
        (["notes.txt"], "nothing to serve. Cannot read the model file"),
        (["--catalog", "missing.csv"], r"nothing to serve.*missing\.csv"),
    ],
    ids=lambda each: each[-1] if isinstance(each, list) else "",
)
def test_files_that_cannot_be_served_are_named_in_a_sentence(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("no model")
    with pytest.raises(SystemExit, match=said):
        main(arguments)
