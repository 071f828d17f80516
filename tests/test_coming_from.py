"""The code of other libraries on the page "Coming from" runs where they are installed."""

import importlib.util
import re
from pathlib import Path

import pytest

from sklearn_anime.datasets import load_anime_sample

PAGE = Path(__file__).parents[1] / "docs" / "coming_from.rst"
MODULES = {  # of the captions of the page
    "Surprise": "surprise",
    "implicit": "implicit",
    "LightFM": "lightfm",
    "RecTools": "rectools",
    "PySpark": "pyspark",
    "skrecsys": "skrecsys",
    "LensKit": "lenskit",
    "myFM": "myfm",
}
BLOCK = re.compile(r"^( *)\.\. code-block:: python\n +:caption: (.+)\n\n((?:\1   .*\n|\n)+)", flags=re.M)


def blocks():
    """Return the code of each library on the page, one block after the other."""
    found = {}
    for indent, caption, code in BLOCK.findall(PAGE.read_text("utf-8")):
        lines = (line.removeprefix(f"{indent}   ") for line in code.splitlines())
        found.setdefault(caption, []).append("\n".join(lines))
    return found


def test_every_library_is_known():
    assert set(blocks()) <= set(MODULES)


@pytest.mark.slow
@pytest.mark.parametrize("library", blocks())
@pytest.mark.filterwarnings("default")  # theirs are not ours
def test_the_code_of_the_library_runs(library, tmp_path, monkeypatch):
    if importlib.util.find_spec(MODULES[library]) is None:
        pytest.skip(f"{library} is not installed (dependency group bench)")
    anime = load_anime_sample()
    X, y = anime.data, anime.target
    monkeypatch.chdir(tmp_path)
    variables = {"anime": anime, "X": X, "y": y, "table": X.assign(rating=y)}
    for block in blocks()[library]:
        exec(compile(block, str(PAGE), "exec"), variables)
