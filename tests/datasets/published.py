"""Small stand-ins for published data sets, in the exact formats of their files."""

import zipfile

ML_100K = {
    "u.data": "196\t242\t3\t881250949\n186\t302\t3\t891717742\n"
    "196\t51\t5\t881250900\n22\t302\t1\t878887116\n",
    "u.item": "51|Legends of the Fall (1994)|01-Jan-1994||http://us.imdb.com/M/title-exact?Legends|"
    "0|0|0|0|0|0|0|0|1|0|0|0|0|0|1|0|0|1|1\n"
    "242|Kolya (1996)|24-Jan-1997||http://us.imdb.com/M/title-exact?Kolya%20(1996)|"
    "0|0|0|0|0|1|0|0|0|0|0|0|0|0|0|0|0|0|0\n"
    "267|unknown||||1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0\n"
    "302|Mis\u00e9rables, Les (1995)|01-Jan-1995||http://us.imdb.com/M|"
    "0|1|0|0|1|0|0|0|0|0|0|0|0|0|0|0|0|0|0\n",
    "u.user": "22|25|M|writer|40206\n186|39|F|executive|00000\n196|49|M|writer|V3N4P\n",
    "u1.base": "22\t302\t1\t878887116\n196\t51\t5\t881250900\n196\t242\t3\t881250949\n",
    "u1.test": "186\t302\t3\t891717742\n",
    "ua.base": "186\t302\t3\t891717742\n196\t242\t3\t881250949\n",
    "ua.test": "22\t302\t1\t878887116\n196\t51\t5\t881250900\n",
}
ML_1M = {
    "ratings.dat": "1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978298413\n",
    "movies.dat": "661::James and the Giant Peach (1996)::Animation|Children's|Musical\n"
    "1193::One Flew Over the Cuckoo's Nest (1975)::Drama\n"
    "1207::Enfants perdus: Cit\u00e9 (1995)::Adventure|Sci-Fi\n",
    "users.dat": "1::F::1::10::48067\n2::M::56::16::70072\n",
}
ML_10M = {
    "ratings.dat": "".join(
        f"{user}::{movie}::3.5::83898504{user}\n" for user in (1, 2) for movie in range(22)
    ),
    "movies.dat": "".join(
        f"{movie}::Titre \u00e9 {movie}: the movie (1995)::Comedy|Drama\n" for movie in range(22)
    ),
    "tags.dat": "15::4973::excellent!::1215184630\n",
}
ML_CSV = {
    "ratings.csv": "userId,movieId,rating,timestamp\n1,2,3.5,1112486027\n"
    "1,29,4.0,1112484676\n7,2,0.5,851868750\n",
    "movies.csv": "movieId,title,genres\n"
    '2,"American President, The (1995)",Comedy|Drama|Romance\n'
    "29,Cit\u00e9 des enfants perdus (1995),(no genres listed)\n",
}
ENCODINGS = {"u.item": "latin-1", "movies.dat": "latin-1"}
FOLDERS = {
    "100k": ("ml-100k", ML_100K),
    "1m": ("ml-1m", ML_1M),
    "10m": ("ml-10M100K", ML_10M),
    "20m": ("ml-20m", ML_CSV),
    "25m": ("ml-25m", ML_CSV),
    "32m": ("ml-32m", ML_CSV),
    "latest-small": ("ml-latest-small", ML_CSV),
}
GOWALLA = {
    "train.txt": "0 0 1 2\n1 1 3 \n2\n",
    "test.txt": "0 3\n1 0 2\n",
    "user_list.txt": "org_id remap_id\n1001 0\n1002 1\n1003 2\n",
    "item_list.txt": "org_id remap_id\nB00 0\nB01 1\nB02 2\nB03 3\n",
}


def encode(variant, name, text):
    """Return the bytes of a file: MovieLens 10m is the one with .dat files in UTF-8."""
    return text.encode("utf-8" if variant == "10m" else ENCODINGS.get(name, "utf-8"))


def write_folder(folder, variant="gowalla", **changes):
    """Write the files of a data set into a folder; None leaves one out."""
    files = dict(GOWALLA if variant == "gowalla" else FOLDERS[variant][1]) | changes
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        if text is not None:
            content = text if isinstance(text, bytes) else encode(variant, name, text)
            (folder / name).write_bytes(content)
    return folder


def write_archive(path, variant, **changes):
    """Write the zip archive of a variant of MovieLens, with its folder inside."""
    inner, files = FOLDERS[variant]
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (files | changes).items():
            if text is not None:
                archive.writestr(f"{inner}/{name}", encode(variant, name, text))
    return path
