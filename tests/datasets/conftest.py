import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "tools"))  # what makes the sample is not shipped

ANIME = """\
anime_id,name,genre,type,episodes,rating,members
20,Kino&#039;s Trip &amp; More,"Adventure, Drama",TV,13,8.45,1000
10,Trigun,,TV,26,8.32,2000
30,One Piece,"Action, Comedy",,Unknown,,
"""
RATING = """\
user_id,anime_id,rating
1,10,8
1,20,-1
2,20,7
2,30,9
3,20,10
"""


@pytest.fixture
def write_folder(tmp_path):
    """Write anime.csv and rating.csv into a folder, and return it."""

    def write(anime=ANIME, rating=RATING):
        for name, text in (("anime.csv", anime), ("rating.csv", rating)):
            if text is not None:
                (tmp_path / name).write_bytes(text.encode("utf-8"))
        return tmp_path

    return write


@pytest.fixture
def folder(write_folder):
    return write_folder()
