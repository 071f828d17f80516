"""The models of all tables, in one place: to add a row, add a line.

A model is the code that makes it. Names are estimators of sklearn_anime or adapters of `_peers`; a model
whose class this version does not have, or whose package is not installed, is a row that says "not run".
All are called with the settings that are written here; none was chosen on test rows.
"""

TOP_N = {
    "popularity": "PopularityRecommender()",
    "EASE": "EASERecommender()",
    "EASE, 256 components": "EASERecommender(n_components=256, random_state=0)",
    "SVD neighbors of items": "SVDNeighborsRecommender(256, axis='item', random_state=0)",
    "skrecsys EASE": "SkrecsysRecommender('EASE', l2_reg=100.0)",
    "skrecsys item neighbors": "SkrecsysRecommender('ItemKNNRecommender')",
    "implicit ALS": "ImplicitRecommender(factors=64, random_state=0)",
}
NEXT_ITEM = {
    "popularity": "PopularityRecommender()",
    "EASE": "EASERecommender()",
    "EASE with recency": "EASERecommender(time='time', decay=0.9)",
    "next item": "NextItemRecommender(time='time')",
    "sequence, GRU": "SequenceRecommender(cell='gru', time='time', random_state=0)",
    "implicit ALS": "ImplicitRecommender(factors=64, random_state=0)",
}
STRONG = {
    "popularity": "PopularityRecommender()",
    "EASE": "EASERecommender()",
    "EASE, 512 components": "EASERecommender(n_components=512, random_state=0)",
}
RATINGS = {
    "biases": "BiasRegressor()",
    "SVD neighbors of items": "SVDNeighborsRecommender(256, axis='item', random_state=0)",
    "Bayesian factorization": "BayesianFactorizationRegressor(random_state=0)",
    "embeddings": "EmbeddingRegressor(random_state=0)",
    "surprise SVD": "SurpriseRegressor('SVD', random_state=0)",
    "myFM": "MyFMRegressor(rank=10)",
}
