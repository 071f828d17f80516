"""What the examples of the gallery claim is true of what they compute."""

import runpy
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "examples"


def run(name):
    """Return the variables of an example after it has run, without a window."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    try:
        return runpy.run_path(str(FOLDER / f"{name}.py"))
    finally:
        plt.close("all")


@pytest.mark.slow
def test_order_by_relevance_costs_less():
    curves = run("plot_diversity")["display"].curves
    choice, relevance = curves["by choice"], curves["by relevance"]
    assert relevance[:, 0] == pytest.approx(choice[:, 0])
    assert (relevance[:, 1] >= choice[:, 1] - 1e-12).all()
    assert relevance[-1, 1] > choice[-1, 1]
    assert (relevance[1:, 0] > relevance[0, 0]).all()


@pytest.mark.slow
def test_the_best_recommendation_of_own_files_is_explained():
    found = run("plot_own_csv")
    assert len(found["recommended"]) == 5
    explained = found["model"].explain(found["user"], found["best"], n=100)["contribution"]
    assert explained.sum() == pytest.approx(found["recommended"]["score"].iloc[0])


@pytest.mark.slow
def test_text_ranks_new_items_better_than_chance():
    pytest.importorskip("skrub")
    *by_text, by_chance = run("plot_items_by_text")["quality"].values()
    assert min(by_text) > 1.5 * by_chance


@pytest.mark.slow
def test_the_stack_is_better_than_its_models():
    found = run("plot_stack")
    *others, of_stack = found["errors"].values()
    assert of_stack < min(others)
    assert 0.87 < found["inside"] < 0.93


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # what closes a cluster is not ours
def test_a_fit_on_a_cluster_is_the_local_one():
    pytest.importorskip("distributed")
    assert run("plot_dask")["difference"] < 1e-4


@pytest.mark.slow
def test_a_file_is_served():
    pytest.importorskip("fastapi")
    pytest.importorskip("skops")
    found = run("plot_save_and_serve")
    assert found["same"]
    assert len(found["recommended"]) == 8


@pytest.mark.slow
def test_an_own_recommender_is_between_popularity_and_ease():
    ndcg = run("plot_own_recommender")["table"]["mean_ndcg"]
    assert ndcg["popular"] < ndcg["random walk"] < ndcg["EASE"]
