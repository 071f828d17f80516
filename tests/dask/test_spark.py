"""Claims about parquet that Spark has written."""

import shutil

import dask.dataframe as dd
import pytest
from numpy.testing import assert_allclose

from sklearn_anime.dask import fit
from sklearn_anime.datasets import make_ratings
from sklearn_anime.linear_model import EASERecommender

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("java") is None, reason="no Java, which Spark needs (dependency group bench)"
    ),
    pytest.mark.filterwarnings("default"),  # theirs are not ours
]


def test_a_folder_that_spark_has_written_is_fitted_as_in_one_memory(tmp_path):
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed (dependency group bench)")
    table = make_ratings(200, 40, 3000, random_state=0).data
    spark = sql.SparkSession.builder.master("local[1]").getOrCreate()
    try:
        spark.createDataFrame(table).repartition(3).write.parquet(str(tmp_path / "rows"))
    finally:
        spark.stop()
    model = fit(EASERecommender(), dd.read_parquet(tmp_path / "rows"))
    expected = EASERecommender().fit(table)
    one, other = (each._score_block(each.interactions_) for each in (model, expected))
    assert_allclose(one, other, atol=1e-4)
