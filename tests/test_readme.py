"""Claims about the README: its commands, and the table of models, which the benchmark prints."""

import importlib
import re
from pathlib import Path

import pytest
from sklearn.base import is_regressor

ROOT = Path(__file__).parents[1]
NUMBERS = ("RMSE", "NDCG@10", "Fit, CPU s")


def test_readme_has_the_commands_that_the_continuous_integration_runs():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    commands = [line.partition("#")[0].strip() for line in lines if line.startswith("pip install -e")]
    assert commands == [
        'pip install -e ".[plot]" && python examples/plot_anime_recommendations.py',
        'pip install -e ".[test]" && pytest -n auto',
        'pip install -e ".[serve]" && python -m sklearn_anime.serve',
    ]


@pytest.fixture(scope="module")
def benchmark():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        return importlib.import_module("bench_models")


@pytest.fixture(scope="module")
def table():
    """Return the header and the rows below it, as lists of cells."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("## Which model for what")[2].partition("\n## ")[0]
    header, _, *rows = [line.strip("|").split("|") for line in section.splitlines() if line[:1] == "|"]
    return [[cell.strip() for cell in cells] for cells in (header, *rows)]


def test_readme_has_the_columns_of_the_benchmark(benchmark, table):
    assert tuple(table[0]) == benchmark.HEADER


def test_readme_says_of_each_model_what_the_benchmark_does(benchmark, table):
    printed = [row.cells(1.0, 0.1, 2.0) for row in benchmark.ROWS]
    words = [place for place, name in enumerate(benchmark.HEADER) if name not in NUMBERS]
    assert [[cells[i] for i in words] for cells in table[1:]] == [[c[i] for i in words] for c in printed]


def test_numbers_of_the_readme_have_the_form_of_the_benchmark(benchmark, table):
    for row, cells in zip(benchmark.ROWS, table[1:], strict=True):
        rmse, ndcg, times = (cells[benchmark.HEADER.index(name)] for name in NUMBERS)
        assert re.fullmatch(r"\d\.\d{3}" if is_regressor(row.model) else "-", rmse)
        assert re.fullmatch(r"0\.\d{3}", ndcg)
        assert re.fullmatch(r"0\.\d|[\d,]+", times)
