"""Published rows, each with its source: the paper itself, or the leaderboard or paper that reports it.

A published row is beside ours only where rows, split and metric are those of our script; where
something differs, its `note` says what.
"""

NGCF = "Wang, He, Wang, Feng and Chua (2019), as reported by He et al. (2020)"
MULT_VAE = "Liang, Krishnan, Hoffman and Jebara (2018), as reported by He et al. (2020)"
LIGHTGCN = "He, Deng, Wang, Li, Zhang and Wang (2020), LightGCN, SIGIR"
BSPM = "Choi, Hong, Park and Cho (2023), Blurring-sharpening process models, SIGIR"
VASP = "Vančura and Kordík (2021), VASP, table III"
GCMC = "van den Berg, Kipf and Welling (2017), Graph convolutional matrix completion"
GSASREC = "Petrov and Macdonald (2023), gSASRec, RecSys"
HSTU = "Zhai et al. (2024), Actions speak louder than words, ICML"


def row(model, source, note="", **figures):
    """Return one published row; `ndcg_20` stands for `ndcg@20`."""
    named = {name.replace("_", "@"): value for name, value in figures.items()}
    return {"model": model, "source": source, "note": note, "figures": named}


PUBLISHED = {
    "top_n_gowalla": [
        row("NGCF", NGCF, recall_20=0.1570, ndcg_20=0.1327),
        row("Mult-VAE", MULT_VAE, recall_20=0.1641, ndcg_20=0.1335),
        row("EASE", "BARS-Match leaderboard", recall_20=0.1765, ndcg_20=0.1467),
        row("LightGCN", LIGHTGCN, recall_20=0.1830, ndcg_20=0.1554),
        row("GF-CF", "Shen et al. (2021), CIKM", recall_20=0.1849, ndcg_20=0.1518),
        row("UltraGCN", "Mao et al. (2021), CIKM", recall_20=0.1862, ndcg_20=0.1580),
        row("SimpleX", "Mao et al. (2021), SimpleX, CIKM", recall_20=0.1872, ndcg_20=0.1557),
        row("BSPM-EM", BSPM, recall_20=0.1920, ndcg_20=0.1597),
    ],
    "top_n_yelp2018": [
        row("NGCF", NGCF, recall_20=0.0579, ndcg_20=0.0477),
        row("Mult-VAE", MULT_VAE, recall_20=0.0584, ndcg_20=0.0450),
        row("LightGCN", LIGHTGCN, recall_20=0.0649, ndcg_20=0.0530),
        row("BSPM-EM", BSPM, recall_20=0.0720, ndcg_20=0.0593),
    ],
    "top_n_amazon_book": [
        row("NGCF", NGCF, recall_20=0.0344, ndcg_20=0.0263),
        row("Mult-VAE", MULT_VAE, recall_20=0.0407, ndcg_20=0.0315),
        row("LightGCN", LIGHTGCN, recall_20=0.0411, ndcg_20=0.0315),
        row("BSPM-EM", BSPM, recall_20=0.0733, ndcg_20=0.0609),
    ],
    "strong_movielens_20m": [
        row("Mult-DAE", VASP, ndcg_100=0.419, recall_20=0.387, recall_50=0.524),
        row("Mult-VAE", VASP, ndcg_100=0.426, recall_20=0.395, recall_50=0.537),
        row("EASE", VASP, ndcg_100=0.420, recall_20=0.391, recall_50=0.521),
        row("RecVAE", VASP, ndcg_100=0.442, recall_20=0.414, recall_50=0.553),
        row("H+Vamp Gated", VASP, ndcg_100=0.445, recall_20=0.413, recall_50=0.551),
        row("VASP", VASP, ndcg_100=0.448, recall_20=0.414, recall_50=0.552),
    ],
    "next_item_movielens_1m": [
        row("SASRec", GSASREC, hit_10=0.239, ndcg_10=0.126),
        row("gSASRec", GSASREC, hit_10=0.300, ndcg_10=0.173),
        row("HSTU-large", HSTU, hit_10=0.3294, ndcg_10=0.1893),
    ],
    "ratings_movielens_100k": [
        row("GC-MC", GCMC, note="u1 alone", rmse=0.910),
        row("GC-MC with features", GCMC, note="u1 alone", rmse=0.905),
    ],
    "ratings_movielens_1m": [row("GC-MC", GCMC, note="other random splits of 90 to 10", rmse=0.832)],
}
