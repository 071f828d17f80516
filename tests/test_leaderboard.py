"""Claims about the leaderboard: its figures agree with the metrics, its page with the files."""

import argparse
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_anime.metrics import hit_rate_at_k, ndcg_at_k, recall_at_k

CHECKOUT = Path(__file__).parents[1]
PUBLIC = CHECKOUT / "benchmarks" / "public"
RESULTS = sorted((PUBLIC / "results").glob("*.json"))
SCRIPTS = {path.stem for path in PUBLIC.glob("*.py") if not path.stem.startswith(("_", "write_"))}
every_result = pytest.mark.parametrize("path", RESULTS, ids=[path.stem for path in RESULTS])


@pytest.fixture
def public(monkeypatch):
    """Import a module of the benchmarks by name, and forget it afterwards."""
    monkeypatch.syspath_prepend(str(PUBLIC))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if name.startswith("_") and (PUBLIC / f"{name}.py").is_file():
            del sys.modules[name]


@pytest.fixture(scope="module")
def page():
    spec = importlib.util.spec_from_file_location("page", CHECKOUT / "docs" / "leaderboard_tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measured(model, ndcg, package="sklearn-anime", error=0.001):
    return {
        "model": model,
        "code": f"Make('{model}')",
        "status": "run",
        "package": package,
        "version": "1.0",
        "machine": "2 cores",
        "figures": {"ndcg@20": ndcg},
        "errors": {"ndcg@20": error},
        "fit_cpu_seconds": 12.0,
        "recommend_seconds": 2.0,
        "n_users": 3000,
    }


def content_of(rows, published=(), metrics=("ndcg@20",)):
    return {
        "table": "top_n_tiny",
        "title": "A tiny table",
        "protocol": "A split.",
        "command": "python benchmarks/public/top_n_tiny.py",
        "metrics": list(metrics),
        "data": None,
        "rows": list(rows),
        "published": list(published),
    }


PAPER = {"model": "A_B*", "source": "Paper|1", "note": "", "figures": {"ndcg@20": 0.15}}
MISSING = {"model": "later", "code": "Later()", "status": "not run", "reason": "no class"}


# Figures


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("k", [1, 3, 10])
def test_figures_are_those_of_the_metrics_of_the_package(public, seed, k):
    rng = np.random.RandomState(seed)
    users = np.append(np.arange(30), rng.randint(0, 30, 120))
    test = pd.DataFrame({"u": users, "i": rng.randint(0, 40, 150)}).drop_duplicates()
    lists = [
        (user, item, rank + 1)
        for user in range(25)
        for rank, item in enumerate(rng.permutation(40)[:10])
    ]
    recommended = pd.DataFrame(lists, columns=["u", "i", "rank"])
    values = public("_tasks").per_user(recommended, test, k)
    found = values.mean().tolist()
    expected = [metric(recommended, test, k=k) for metric in (ndcg_at_k, recall_at_k, hit_rate_at_k)]
    assert found == pytest.approx(expected)
    assert values.columns.tolist() == [f"ndcg@{k}", f"recall@{k}", f"hit@{k}"]


def test_truncated_recall_divides_by_k(public):
    test = pd.DataFrame({"u": [1] * 4, "i": [1, 2, 3, 4]})
    recommended = pd.DataFrame({"u": [1, 1], "i": [1, 9], "rank": [1, 2]})
    per_user = public("_tasks").per_user
    assert per_user(recommended, test, 2)["recall@2"].tolist() == [0.25]
    assert per_user(recommended, test, 2, truncated=True)["recall@2"].tolist() == [0.5]


def test_last_out_follows_time_and_the_order_of_the_rows(public):
    rows = pd.DataFrame({"u": [1] * 6, "i": [5, 6, 7, 8, 9, 6], "t": [1, 2, 9, 9, 3, 4]})
    train, test = public("_tasks").leave_last_out(rows)
    assert test.i.tolist() == [8]  # of two rows at 9 the one further down
    assert train.i.tolist() == [5, 9, 6, 7]  # 6 stays at its last time


def test_standard_errors_are_those_of_the_mean(public):
    found = public("_tasks").summarize(pd.DataFrame({"a": [1.0, 3.0]}))
    assert found == {"figures": {"a": 2.0}, "errors": {"a": pytest.approx(1.0)}}


# Runs


@pytest.fixture
def table(public):
    """A table of three rows, its data, and how often it was loaded."""
    module, tasks = public("_table"), public("_tasks")
    rows = pd.DataFrame({"u": [1, 1, 2, 2, 3], "i": [1, 2, 1, 3, 1]})
    models = {"popular": "PopularityRecommender()", "later": "Later()", "time": "BiasRegressor(clock=1)"}
    task = type("Tiny", (tasks.TopN,), {"models": models})
    loads = []

    def load(path, n_users):
        loads.append(path)
        if path is None:
            raise FileNotFoundError("no data")
        return task(rows, pd.DataFrame({"u": [3], "i": [2]}))

    table = module.Table("tiny", "Tiny", "A split.", load, task, ("ndcg@20", "recall@20"))
    return table, loads


def run(table, folder, path="somewhere", **options):
    defaults = {"path": path, "results": folder, "models": None, "again": False, "users": None}
    table.run(argparse.Namespace(**defaults | options))
    return json.loads((folder / "tiny.json").read_text("utf-8"))


def test_rows_that_ran_are_kept_and_others_say_why(table, tmp_path, capsys):
    table, loads = table
    content = run(table, tmp_path)
    popular, later, time = content["rows"]
    assert popular["figures"] == {"ndcg@20": pytest.approx(1 / np.log2(2 + 0)), "recall@20": 1.0}
    assert popular["package"] == "sklearn-anime"
    assert later["status"] == time["status"] == "not run"
    assert later["reason"] == "this version has no Later"
    assert "unexpected keyword argument 'clock'" in time["reason"]
    assert content["data"] == {"train": 5, "test": 1, "users": 3, "items": 3}
    assert "| popular: `PopularityRecommender()` | 1.0000 ± 0.0000 |" in capsys.readouterr().out
    again = run(table, tmp_path, models=["popular"])
    assert again["rows"][0] == popular
    assert len(loads) == 1  # there was nothing to run


def test_without_data_nothing_is_invented(table, tmp_path):
    content = run(table[0], tmp_path, path=None)
    assert {row["status"] for row in content["rows"]} == {"not run"}
    assert {row["reason"] for row in content["rows"]} == {"the data could not be reached"}
    assert content["data"] is None


def test_a_model_that_fails_is_a_row_that_says_so(table, tmp_path, monkeypatch, capsys):
    table, _ = table
    monkeypatch.setattr(table.task, "measure", lambda self, make: 1 / 0)
    assert run(table, tmp_path)["rows"][0]["reason"] == "raised ZeroDivisionError: division by zero"


def test_pairs_become_the_format_of_lightgcn(public, tmp_path):
    from sklearn_anime.datasets import fetch_lightgcn

    pairs = pd.DataFrame({"user": [0, 0, 1], "item": [4, 2, 0]})
    for side, rows in {"train": pairs, "test": pairs.iloc[:1]}.items():
        rows.to_csv(tmp_path / f"{side}.csv.gz", index=False)
    public("write_lightgcn").main(tmp_path, tmp_path / "target")
    table = fetch_lightgcn(path=tmp_path / "target")
    assert table.data.to_numpy().tolist() == [[0, 4], [0, 2], [1, 0], [0, 4]]


# Results and page


def test_every_script_has_results():
    assert {path.stem for path in RESULTS} == SCRIPTS


@every_result
def test_results_have_their_published_rows_and_every_model(public, path):
    content = json.loads(path.read_text("utf-8"))
    table = public(path.stem).TABLE
    assert content == table.content(content)
    for row in content["published"]:
        assert row["source"]
        assert set(row["figures"]) <= set(content["metrics"])


def test_page_says_ahead_behind_or_level(page):
    rows = [measured("ours", 0.16), measured("theirs", 0.1605, "peer"), MISSING]
    sentence = page.verdict(content_of(rows, [PAPER]))
    assert sentence == (
        "Best row of this package by ndcg@20: ours, 0.1600. Best other package: theirs, 0.1605; level "
        "within one standard error. Best published row: A\\_B\\*, 0.1500; we are **ahead** by 0.0100."
    )
    behind = page.verdict(content_of([measured("ours", 0.1)], [PAPER]))
    assert behind.endswith("we are **behind** by 0.0500.")


def test_page_knows_that_a_smaller_error_is_better(page):
    ours = measured("ours", 0) | {"figures": {"rmse": 0.9}, "errors": {"rmse": 0.001}}
    paper = PAPER | {"figures": {"rmse": 0.91}, "note": "u1 alone"}
    sentence = page.verdict(content_of([ours], [paper], ["rmse"]))
    assert sentence.endswith("0.9100 (u1 alone); we are **ahead** by 0.0100.")


def test_page_without_results_says_so(page, tmp_path):
    assert page.verdict(content_of([MISSING], [PAPER])).startswith("**Not run**")
    assert page.plot(content_of([MISSING], [PAPER]), tmp_path) is None


def test_page_has_a_table_sorted_by_the_first_metric_and_a_plot(page, tmp_path):
    rows = [measured("worse", 0.1), measured("better", 0.2, "peer"), MISSING]
    results = tmp_path / "results"
    results.mkdir()
    content = content_of(rows, [PAPER])
    (results / "top_n_tiny.json").write_text(json.dumps(content), encoding="utf-8")
    page.write_leaderboard(results, tmp_path / "files")
    text = (tmp_path / "files" / "leaderboard.txt").read_text("utf-8")
    order = [text.index(name) for name in ("* - better", "* - A\\_B\\*", "* - worse", "* - later")]
    assert order == sorted(order)
    assert ":class: sortable" in text
    assert "0.2000 ± 0.0010\n     - 12.0\n     - 1,500\n     - peer 1.0" in text
    assert "published: Paper\\|1" in text
    assert "- not run\n" in text
    assert "python benchmarks/public/top_n_tiny.py" in text
    assert ".. image:: /files/top_n_tiny.svg" in text
    assert (tmp_path / "files" / "top_n_tiny.svg").read_text("utf-8").startswith("<?xml")
