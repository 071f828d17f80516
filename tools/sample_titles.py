# ruff: noqa: E501 - a title is one line
"""Write down the titles of the sample data set, from common knowledge.

One line a title, titles of a franchise together: franchise | name | genres, the most telling first
| type | episodes | score on a site | members of that site, in thousands. A franchise of one title
is written as ``-``.
"""

from typing import NamedTuple

TITLES = """\
Dragon Ball | Dragon Ball | Adventure, Action, Martial Arts, Comedy, Super Power, Shounen | TV | 153 | 8.15 | 316
Dragon Ball | Dragon Ball Z | Action, Super Power, Martial Arts, Adventure, Shounen, Fantasy | TV | 291 | 8.31 | 376
Dragon Ball | Dragon Ball GT | Action, Super Power, Adventure, Sci-Fi, Shounen, Comedy | TV | 64 | 6.77 | 222
Dragon Ball | Dragon Ball Kai | Action, Super Power, Martial Arts, Adventure, Shounen, Fantasy | TV | 97 | 7.95 | 117
Dragon Ball | Dragon Ball Super | Action, Super Power, Martial Arts, Adventure, Shounen, Comedy | TV | Unknown | 7.41 | 112
Dragon Ball | Dragon Ball Z Movie 08: Moetsukiro!! Nessen, Ressen, Chougekisen | Action, Super Power, Martial Arts, Adventure, Shounen, Sci-Fi | Movie | 1 | 7.42 | 80
Dragon Ball | Dragon Ball Z Movie 12: Fukkatsu no Fusion!! Gokuu to Vegeta | Action, Super Power, Martial Arts, Adventure, Shounen, Comedy | Movie | 1 | 7.54 | 81
Dragon Ball | Dragon Ball Z Movie 14: Kami to Kami | Action, Super Power, Martial Arts, Adventure, Shounen, Comedy | Movie | 1 | 7.53 | 93
Dragon Ball | Dragon Ball Z: Zetsubou e no Hankou!! Nokosareta Chousenshi - Gohan to Trunks | Action, Super Power, Martial Arts, Adventure, Shounen, Drama | Special | 1 | 7.81 | 68
Naruto | Naruto | Action, Shounen, Martial Arts, Super Power, Comedy | TV | 220 | 7.81 | 684
Naruto | Naruto: Shippuuden | Action, Shounen, Martial Arts, Super Power, Comedy | TV | 500 | 7.94 | 534
Naruto | Naruto: Shippuuden Movie 1 | Action, Shounen, Martial Arts, Super Power, Comedy | Movie | 1 | 7.28 | 151
Naruto | The Last: Naruto the Movie | Action, Shounen, Martial Arts, Super Power, Romance | Movie | 1 | 7.98 | 146
Naruto | Boruto: Naruto the Movie | Action, Shounen, Martial Arts, Super Power, Comedy | Movie | 1 | 7.96 | 110
Bleach | Bleach | Action, Shounen, Supernatural, Super Power, Comedy | TV | 366 | 7.95 | 625
Bleach | Bleach Movie 1: Memories of Nobody | Action, Shounen, Supernatural, Super Power, Adventure | Movie | 1 | 7.51 | 133
Bleach | Bleach Movie 4: Jigoku-hen | Action, Shounen, Supernatural, Super Power, Adventure | Movie | 1 | 7.76 | 95
One Piece | One Piece | Adventure, Action, Shounen, Super Power, Comedy, Fantasy | TV | Unknown | 8.58 | 505
One Piece | One Piece: Strong World | Adventure, Action, Shounen, Super Power, Comedy, Fantasy | Movie | 1 | 8.41 | 71
One Piece | One Piece Film: Z | Adventure, Action, Shounen, Super Power, Drama, Fantasy | Movie | 1 | 8.39 | 76
One Piece | One Piece: Episode of Merry - Mou Hitori no Nakama no Monogatari | Adventure, Action, Shounen, Super Power, Drama, Fantasy | Special | 1 | 8.29 | 32
Hunter x Hunter | Hunter x Hunter | Adventure, Action, Shounen, Super Power | TV | 62 | 8.48 | 167
Hunter x Hunter | Hunter x Hunter (2011) | Adventure, Action, Shounen, Super Power | TV | 148 | 9.13 | 426
Fairy Tail | Fairy Tail | Action, Magic, Fantasy, Shounen, Adventure, Comedy | TV | 175 | 8.22 | 585
Fairy Tail | Fairy Tail (2014) | Action, Magic, Fantasy, Shounen, Adventure, Comedy | TV | 102 | 8.25 | 255
Fairy Tail | Fairy Tail Movie 1: Houou no Miko | Action, Magic, Fantasy, Shounen, Adventure, Comedy | Movie | 1 | 7.72 | 126
Yu Yu Hakusho | Yuu Yuu Hakusho | Action, Martial Arts, Supernatural, Shounen, Comedy | TV | 112 | 8.47 | 219
Rurouni Kenshin | Rurouni Kenshin: Meiji Kenkaku Romantan | Samurai, Action, Historical, Romance, Shounen, Comedy | TV | 94 | 8.31 | 228
Rurouni Kenshin | Rurouni Kenshin: Meiji Kenkaku Romantan - Tsuioku-hen | Samurai, Historical, Drama, Action, Romance, Martial Arts | OVA | 4 | 8.83 | 129
Saint Seiya | Saint Seiya | Action, Super Power, Martial Arts, Adventure, Fantasy, Shounen | TV | 114 | 7.87 | 64
Saint Seiya | Saint Seiya: The Lost Canvas - Meiou Shinwa | Action, Super Power, Martial Arts, Adventure, Fantasy, Shounen | OVA | 13 | 8.17 | 48
Hokuto no Ken | Hokuto no Ken | Action, Martial Arts, Super Power, Drama, Sci-Fi, Shounen | TV | 109 | 8.05 | 43
JoJo | JoJo no Kimyou na Bouken (TV) | Action, Adventure, Super Power, Vampire, Shounen | TV | 26 | 8.38 | 234
JoJo | JoJo no Kimyou na Bouken: Stardust Crusaders | Action, Adventure, Super Power, Supernatural, Shounen, Drama | TV | 24 | 8.37 | 175
JoJo | JoJo no Kimyou na Bouken: Diamond wa Kudakenai | Action, Comedy, Super Power, Supernatural, Shounen, Drama | TV | 39 | 8.65 | 117
Boku no Hero | Boku no Hero Academia | Action, Super Power, School, Shounen, Comedy | TV | 13 | 8.36 | 281
One Punch Man | One Punch Man | Action, Parody, Super Power, Comedy, Sci-Fi, Seinen | TV | 12 | 8.82 | 553
Soul Eater | Soul Eater | Action, Supernatural, Fantasy, Comedy, Adventure, Shounen | TV | 51 | 8.08 | 518
D.Gray-man | D.Gray-man | Action, Supernatural, Super Power, Adventure, Demons, Shounen | TV | 103 | 8.19 | 225
Ao no Exorcist | Ao no Exorcist | Action, Demons, Supernatural, Fantasy, Shounen | TV | 25 | 7.92 | 536
Ao no Exorcist | Ao no Exorcist Movie | Action, Demons, Supernatural, Fantasy, Shounen | Movie | 1 | 7.92 | 132
Katekyo Hitman Reborn | Katekyo Hitman Reborn! | Action, Comedy, Super Power, Shounen | TV | 203 | 8.37 | 258
Magi | Magi: The Labyrinth of Magic | Adventure, Magic, Fantasy, Action, Shounen | TV | 25 | 8.20 | 322
Magi | Magi: The Kingdom of Magic | Adventure, Magic, Fantasy, Action, Shounen | TV | 25 | 8.40 | 243
Nanatsu no Taizai | Nanatsu no Taizai | Adventure, Action, Fantasy, Magic, Shounen, Ecchi | TV | 24 | 8.32 | 384
Toriko | Toriko | Action, Adventure, Super Power, Fantasy, Comedy, Shounen | TV | 147 | 7.86 | 48
InuYasha | InuYasha | Adventure, Romance, Demons, Magic, Historical, Shounen, Comedy | TV | 167 | 7.89 | 251
InuYasha | InuYasha: Kanketsu-hen | Adventure, Romance, Demons, Magic, Historical, Shounen, Comedy | TV | 26 | 8.32 | 114
InuYasha | InuYasha: Toki wo Koeru Omoi | Adventure, Romance, Demons, Magic, Historical, Shounen | Movie | 1 | 7.72 | 64
Ranma | Ranma ½ | Comedy, Martial Arts, Romance, School, Slice of Life, Fantasy | TV | 161 | 7.87 | 106
Urusei Yatsura | Urusei Yatsura | Comedy, Romance, Sci-Fi, School, Slice of Life | TV | 195 | 7.85 | 22
Great Teacher Onizuka | Great Teacher Onizuka | Comedy, School, Drama, Slice of Life, Shounen | TV | 43 | 8.77 | 268
Gintama | Gintama | Comedy, Parody, Samurai, Action, Sci-Fi, Historical, Shounen | TV | 201 | 9.04 | 336
Gintama | Gintama' | Comedy, Parody, Samurai, Action, Sci-Fi, Historical, Shounen | TV | 51 | 9.16 | 151
Gintama | Gintama° | Comedy, Parody, Samurai, Action, Sci-Fi, Historical, Shounen | TV | 51 | 9.25 | 114
Gintama | Gintama Movie: Kanketsu-hen - Yorozuya yo Eien Nare | Comedy, Parody, Samurai, Action, Sci-Fi, Historical, Shounen | Movie | 1 | 9.10 | 73
Fullmetal Alchemist | Fullmetal Alchemist | Adventure, Action, Magic, Drama, Fantasy, Military, Shounen | TV | 51 | 8.33 | 601
Fullmetal Alchemist | Fullmetal Alchemist: Brotherhood | Adventure, Action, Magic, Drama, Fantasy, Military, Shounen | TV | 64 | 9.26 | 794
Fullmetal Alchemist | Fullmetal Alchemist: The Conqueror of Shamballa | Adventure, Drama, Magic, Fantasy, Historical, Military | Movie | 1 | 7.75 | 184
Attack on Titan | Shingeki no Kyojin | Action, Drama, Fantasy, Military, Shounen, Super Power | TV | 25 | 8.54 | 896
Attack on Titan | Shingeki no Kyojin Season 2 | Action, Drama, Fantasy, Military, Shounen, Super Power | TV | 12 | 8.60 | 171
Attack on Titan | Shingeki no Kyojin OVA | Action, Drama, Fantasy, Military, Shounen, Super Power | OVA | 3 | 8.07 | 160
Attack on Titan | Shingeki! Kyojin Chuugakkou | Comedy, Parody, School, Shounen | TV | 12 | 7.07 | 60
Tokyo Ghoul | Tokyo Ghoul | Horror, Action, Supernatural, Psychological, Drama, Seinen | TV | 12 | 8.07 | 618
Tokyo Ghoul | Tokyo Ghoul √A | Horror, Action, Supernatural, Psychological, Drama, Seinen | TV | 12 | 7.51 | 439
Code Geass | Code Geass: Hangyaku no Lelouch | Mecha, Military, Sci-Fi, Super Power, Drama, School | TV | 25 | 8.83 | 716
Code Geass | Code Geass: Hangyaku no Lelouch R2 | Mecha, Military, Sci-Fi, Super Power, Drama, Action | TV | 25 | 8.98 | 573
Code Geass | Code Geass: Boukoku no Akito 1 - Yokuryuu wa Maiorita | Mecha, Military, Sci-Fi, Action | Movie | 1 | 7.77 | 93
Evangelion | Neon Genesis Evangelion | Mecha, Psychological, Sci-Fi, Drama, Dementia, Action | TV | 26 | 8.32 | 461
Evangelion | Neon Genesis Evangelion: The End of Evangelion | Mecha, Psychological, Dementia, Sci-Fi, Drama | Movie | 1 | 8.45 | 215
Evangelion | Evangelion: 1.0 You Are (Not) Alone | Mecha, Sci-Fi, Action | Movie | 1 | 8.10 | 205
Evangelion | Evangelion: 2.0 You Can (Not) Advance | Mecha, Sci-Fi, Action | Movie | 1 | 8.40 | 178
Evangelion | Evangelion: 3.0 You Can (Not) Redo | Mecha, Psychological, Sci-Fi, Action | Movie | 1 | 7.93 | 122
Gundam | Mobile Suit Gundam | Mecha, Space, Military, Sci-Fi, Action, Drama | TV | 43 | 7.82 | 44
Gundam | Mobile Suit Zeta Gundam | Mecha, Space, Military, Sci-Fi, Action, Drama | TV | 50 | 8.05 | 35
Gundam | Mobile Suit Gundam: Char's Counterattack | Mecha, Space, Military, Sci-Fi, Drama | Movie | 1 | 7.86 | 26
Gundam | Mobile Suit Gundam Wing | Mecha, Space, Military, Sci-Fi, Action, Drama | TV | 49 | 7.80 | 98
Gundam | Mobile Suit Gundam: The 08th MS Team | Mecha, Military, Sci-Fi, Romance, Drama | OVA | 12 | 8.14 | 36
Gundam | Mobile Suit Gundam Seed | Mecha, Space, Military, Sci-Fi, Action, Romance | TV | 50 | 7.86 | 100
Gundam | Mobile Suit Gundam Seed Destiny | Mecha, Space, Military, Sci-Fi, Action, Romance | TV | 50 | 7.29 | 77
Gundam | Mobile Suit Gundam 00 | Mecha, Space, Military, Sci-Fi, Action, Drama | TV | 25 | 8.20 | 106
Gundam | Mobile Suit Gundam Unicorn | Mecha, Space, Military, Sci-Fi, Action, Drama | OVA | 7 | 8.36 | 51
Gundam | Mobile Suit Gundam: Iron-Blooded Orphans | Mecha, Space, Sci-Fi, Action, Drama | TV | 25 | 8.15 | 62
Macross | Macross Frontier | Mecha, Space, Music, Sci-Fi, Romance, Action | TV | 25 | 8.01 | 93
Macross | Macross: Do You Remember Love? | Mecha, Space, Music, Sci-Fi, Romance, Military | Movie | 1 | 8.05 | 19
Gurren Lagann | Tengen Toppa Gurren Lagann | Mecha, Action, Sci-Fi, Adventure, Comedy | TV | 27 | 8.78 | 562
Gurren Lagann | Tengen Toppa Gurren Lagann Movie: Lagann-hen | Mecha, Action, Sci-Fi, Space | Movie | 1 | 8.64 | 88
Eureka Seven | Koukyoushihen Eureka Seven | Mecha, Sci-Fi, Romance, Adventure, Drama | TV | 50 | 8.20 | 218
- | RahXephon | Mecha, Sci-Fi, Psychological, Romance, Drama, Mystery | TV | 26 | 7.59 | 57
Full Metal Panic | Full Metal Panic! | Mecha, Military, Action, Comedy, Sci-Fi | TV | 24 | 7.85 | 224
Full Metal Panic | Full Metal Panic? Fumoffu | Comedy, School, Action | TV | 12 | 8.30 | 178
Full Metal Panic | Full Metal Panic! The Second Raid | Mecha, Military, Action, Sci-Fi, Drama | TV | 13 | 8.16 | 153
- | Suisei no Gargantia | Mecha, Sci-Fi, Adventure, Action | TV | 13 | 7.67 | 186
- | Darker than Black: Kuro no Keiyakusha | Super Power, Sci-Fi, Mystery, Action | TV | 25 | 8.24 | 376
- | Aldnoah.Zero | Mecha, Military, Sci-Fi, Action | TV | 12 | 7.58 | 256
- | Ginga Eiyuu Densetsu | Space, Military, Sci-Fi, Drama, Historical | OVA | 110 | 9.11 | 81
Cowboy Bebop | Cowboy Bebop | Space, Sci-Fi, Action, Adventure, Drama, Comedy | TV | 26 | 8.82 | 487
Cowboy Bebop | Cowboy Bebop: Tengoku no Tobira | Space, Sci-Fi, Action, Drama, Mystery | Movie | 1 | 8.42 | 138
- | Trigun | Sci-Fi, Action, Adventure, Comedy, Drama | TV | 26 | 8.32 | 283
Outlaw Star | Seihou Bukyou Outlaw Star | Space, Sci-Fi, Adventure, Action, Comedy | TV | 26 | 7.94 | 75
- | Planetes | Space, Sci-Fi, Romance, Slice of Life, Drama, Seinen | TV | 26 | 8.33 | 76
Ghost in the Shell | Ghost in the Shell | Sci-Fi, Police, Psychological, Action, Mecha, Seinen | Movie | 1 | 8.33 | 226
Ghost in the Shell | Ghost in the Shell: Stand Alone Complex | Sci-Fi, Police, Military, Action, Mecha, Seinen | TV | 26 | 8.48 | 192
Ghost in the Shell | Ghost in the Shell: Stand Alone Complex 2nd GIG | Sci-Fi, Police, Military, Action, Mystery, Seinen | TV | 26 | 8.57 | 91
- | Akira | Sci-Fi, Horror, Action, Military, Super Power, Seinen | Movie | 1 | 8.16 | 216
Psycho-Pass | Psycho-Pass | Sci-Fi, Police, Psychological, Action | TV | 22 | 8.50 | 527
Psycho-Pass | Psycho-Pass 2 | Sci-Fi, Police, Psychological, Action | TV | 11 | 7.66 | 270
- | Serial Experiments Lain | Psychological, Dementia, Sci-Fi, Mystery, Drama | TV | 13 | 8.01 | 184
- | Ergo Proxy | Psychological, Sci-Fi, Mystery, Dementia | TV | 23 | 8.02 | 223
- | Texhnolyze | Psychological, Sci-Fi, Dementia, Drama, Action | TV | 22 | 7.76 | 52
Steins;Gate | Steins;Gate | Sci-Fi, Thriller, Psychological, Drama | TV | 24 | 9.17 | 674
Steins;Gate | Steins;Gate Movie: Fuka Ryouiki no Déjà vu | Sci-Fi, Drama, Thriller, Romance | Movie | 1 | 8.61 | 182
Death Note | Death Note | Psychological, Mystery, Thriller, Police, Supernatural, Shounen | TV | 37 | 8.71 | 1014
Death Note | Death Note Rewrite | Psychological, Mystery, Thriller, Police, Supernatural, Shounen | Special | 2 | 7.84 | 88
- | Monster | Psychological, Mystery, Thriller, Police, Horror, Drama, Seinen | TV | 74 | 8.72 | 247
- | Zankyou no Terror | Thriller, Psychological, Mystery | TV | 11 | 8.26 | 296
- | Perfect Blue | Psychological, Horror, Dementia, Mystery, Drama | Movie | 1 | 8.26 | 105
- | Paprika | Psychological, Dementia, Sci-Fi, Fantasy, Mystery | Movie | 1 | 8.15 | 145
- | Mousou Dairinin | Psychological, Mystery, Police, Dementia, Supernatural, Drama | TV | 13 | 7.86 | 121
- | Tokyo Godfathers | Drama, Comedy, Adventure | Movie | 1 | 8.27 | 77
- | Sennen Joyuu | Drama, Romance, Historical, Fantasy, Adventure | Movie | 1 | 8.28 | 72
Higurashi | Higurashi no Naku Koro ni | Horror, Mystery, Psychological, Thriller, Supernatural | TV | 26 | 8.17 | 278
Higurashi | Higurashi no Naku Koro ni Kai | Mystery, Psychological, Thriller, Horror, Supernatural | TV | 24 | 8.41 | 147
- | Another | Horror, Mystery, Thriller, School, Supernatural | TV | 12 | 7.88 | 474
- | Mirai Nikki (TV) | Psychological, Thriller, Action, Mystery, Supernatural, Shounen | TV | 26 | 8.07 | 657
- | Elfen Lied | Horror, Psychological, Drama, Supernatural, Romance, Seinen | TV | 13 | 7.85 | 624
- | Shiki | Horror, Vampire, Mystery, Supernatural, Thriller | TV | 22 | 8.02 | 217
- | Deadman Wonderland | Horror, Action, Sci-Fi, Super Power, Shounen | TV | 12 | 7.45 | 459
- | Corpse Party: Tortured Souls | Horror, Supernatural | OVA | 4 | 7.05 | 139
Parasyte | Kiseijuu: Sei no Kakuritsu | Horror, Sci-Fi, Action, Psychological, Drama, Seinen | TV | 24 | 8.59 | 425
Hellsing | Hellsing | Vampire, Horror, Action, Supernatural, Seinen | TV | 13 | 7.64 | 278
Hellsing | Hellsing Ultimate | Vampire, Horror, Action, Military, Supernatural, Seinen | OVA | 10 | 8.59 | 325
- | Black Lagoon | Action, Seinen | TV | 12 | 8.19 | 298
Berserk | Kenpuu Denki Berserk | Action, Fantasy, Horror, Military, Demons, Drama, Seinen | TV | 25 | 8.43 | 204
Berserk | Berserk: Ougon Jidai-hen III - Kourin | Action, Fantasy, Horror, Military, Demons, Seinen | Movie | 1 | 8.28 | 80
Claymore | Claymore | Action, Fantasy, Demons, Super Power, Supernatural, Shounen | TV | 26 | 7.94 | 291
- | Samurai Champloo | Samurai, Action, Historical, Adventure, Comedy, Shounen | TV | 26 | 8.50 | 391
- | Afro Samurai | Samurai, Action, Adventure | TV | 5 | 7.58 | 156
- | Katanagatari | Samurai, Historical, Romance, Adventure, Action | TV | 12 | 8.51 | 201
- | Jin-Rou | Military, Psychological, Drama, Police, Romance | Movie | 1 | 7.85 | 41
- | Kara no Kyoukai 5: Mujun Rasen | Mystery, Supernatural, Action, Thriller, Romance | Movie | 1 | 8.68 | 92
Fate | Fate/stay night | Magic, Fantasy, Action, Supernatural, Romance | TV | 24 | 7.58 | 334
Fate | Fate/Zero | Magic, Fantasy, Action, Supernatural, Thriller | TV | 13 | 8.51 | 454
Fate | Fate/Zero 2nd Season | Magic, Fantasy, Action, Supernatural, Thriller | TV | 12 | 8.73 | 362
Fate | Fate/stay night: Unlimited Blade Works | Magic, Fantasy, Action, Supernatural | TV | 12 | 8.43 | 277
Fate | Fate/stay night: Unlimited Blade Works 2nd Season | Magic, Fantasy, Action, Supernatural | TV | 13 | 8.52 | 215
Fate | Fate/kaleid liner Prisma☆Illya | Magic, Fantasy, Comedy, Action | TV | 10 | 7.28 | 100
Durarara | Durarara!! | Mystery, Supernatural, Action | TV | 24 | 8.38 | 492
Durarara | Durarara!!x2 Shou | Mystery, Supernatural, Action | TV | 12 | 8.13 | 200
Baccano | Baccano! | Mystery, Historical, Supernatural, Action, Comedy | TV | 13 | 8.56 | 335
Monogatari | Bakemonogatari | Supernatural, Mystery, Romance, Vampire | TV | 15 | 8.45 | 375
Monogatari | Nisemonogatari | Supernatural, Mystery, Ecchi, Vampire | TV | 11 | 8.21 | 257
Monogatari | Monogatari Series: Second Season | Supernatural, Mystery, Romance, Comedy, Vampire | TV | 26 | 8.80 | 205
Monogatari | Kizumonogatari I: Tekketsu-hen | Supernatural, Mystery, Vampire, Action | Movie | 1 | 8.52 | 83
Sword Art Online | Sword Art Online | Game, Adventure, Fantasy, Romance, Action | TV | 25 | 7.83 | 893
Sword Art Online | Sword Art Online II | Game, Adventure, Fantasy, Romance, Action | TV | 24 | 7.35 | 537
Sword Art Online | Sword Art Online: Extra Edition | Game, Adventure, Fantasy, Ecchi, School | Special | 1 | 6.84 | 190
- | Log Horizon | Game, Adventure, Fantasy, Magic, Action | TV | 25 | 8.16 | 387
- | No Game No Life | Game, Fantasy, Comedy, Ecchi, Adventure, Supernatural | TV | 12 | 8.47 | 602
- | Overlord | Game, Fantasy, Adventure, Magic, Supernatural, Action | TV | 13 | 8.13 | 300
.hack | .hack//Sign | Game, Fantasy, Mystery, Adventure, Magic | TV | 26 | 7.16 | 101
- | Re:Zero kara Hajimeru Isekai Seikatsu | Fantasy, Psychological, Drama, Thriller | TV | 25 | 8.64 | 356
KonoSuba | Kono Subarashii Sekai ni Shukufuku wo! | Comedy, Fantasy, Parody, Adventure, Magic | TV | 10 | 8.24 | 294
KonoSuba | Kono Subarashii Sekai ni Shukufuku wo! 2 | Comedy, Fantasy, Parody, Adventure, Magic | TV | 10 | 8.44 | 110
- | Slayers | Fantasy, Comedy, Magic, Adventure, Demons | TV | 26 | 7.81 | 72
- | Hataraku Maou-sama! | Comedy, Demons, Fantasy, Supernatural, Romance | TV | 13 | 8.07 | 400
Spice and Wolf | Ookami to Koushinryou | Romance, Fantasy, Adventure, Historical | TV | 13 | 8.39 | 299
Spice and Wolf | Ookami to Koushinryou II | Romance, Fantasy, Adventure, Historical | TV | 12 | 8.44 | 168
- | Akame ga Kill! | Action, Fantasy, Adventure, Shounen | TV | 24 | 7.84 | 472
Mushishi | Mushishi | Slice of Life, Supernatural, Mystery, Historical, Fantasy, Seinen | TV | 26 | 8.78 | 283
Mushishi | Mushishi Zoku Shou | Slice of Life, Supernatural, Mystery, Historical, Fantasy, Seinen | TV | 10 | 8.80 | 101
Natsume | Natsume Yuujinchou | Slice of Life, Supernatural, Demons, Fantasy, Drama, Shoujo | TV | 13 | 8.42 | 166
Natsume | Zoku Natsume Yuujinchou | Slice of Life, Supernatural, Demons, Fantasy, Drama, Shoujo | TV | 13 | 8.60 | 97
Natsume | Natsume Yuujinchou San | Slice of Life, Supernatural, Demons, Fantasy, Drama, Shoujo | TV | 13 | 8.66 | 89
- | Hotarubi no Mori e | Romance, Supernatural, Drama, Shoujo | Movie | 1 | 8.61 | 197
Kino no Tabi | Kino no Tabi: The Beautiful World | Adventure, Slice of Life, Psychological, Mystery | TV | 13 | 8.45 | 134
- | Haibane Renmei | Slice of Life, Mystery, Psychological, Fantasy, Drama | TV | 13 | 8.15 | 122
- | Mononoke | Mystery, Horror, Supernatural, Psychological, Historical, Demons | TV | 12 | 8.49 | 124
Aria | Aria The Animation | Slice of Life, Sci-Fi, Fantasy, Shounen | TV | 13 | 7.84 | 83
Aria | Aria The Natural | Slice of Life, Sci-Fi, Fantasy, Shounen | TV | 26 | 8.29 | 43
Aria | Aria The Origination | Slice of Life, Sci-Fi, Fantasy, Drama, Shounen | TV | 13 | 8.64 | 40
Ghibli | Sen to Chihiro no Kamikakushi | Adventure, Fantasy, Supernatural, Drama | Movie | 1 | 8.93 | 466
Ghibli | Mononoke Hime | Adventure, Fantasy, Action | Movie | 1 | 8.81 | 340
Ghibli | Howl no Ugoku Shiro | Adventure, Fantasy, Romance, Drama | Movie | 1 | 8.74 | 334
Ghibli | Tonari no Totoro | Fantasy, Adventure, Comedy, Kids | Movie | 1 | 8.48 | 271
Ghibli | Tenkuu no Shiro Laputa | Adventure, Fantasy, Romance, Sci-Fi | Movie | 1 | 8.38 | 147
Ghibli | Kaze no Tani no Nausicaä | Adventure, Fantasy, Sci-Fi | Movie | 1 | 8.47 | 142
Ghibli | Majo no Takkyuubin | Adventure, Fantasy, Magic, Comedy, Kids | Movie | 1 | 8.28 | 144
Ghibli | Hotaru no Haka | Drama, Historical, Military | Movie | 1 | 8.58 | 175
Ghibli | Mimi wo Sumaseba | Romance, Slice of Life, Drama | Movie | 1 | 8.31 | 124
Ghibli | Kurenai no Buta | Adventure, Historical, Military, Comedy | Movie | 1 | 8.08 | 79
Ghibli | Gake no Ue no Ponyo | Fantasy, Adventure, Kids, Comedy | Movie | 1 | 8.01 | 136
Ghibli | Kaguya-hime no Monogatari | Fantasy, Historical, Drama | Movie | 1 | 8.29 | 63
Hosoda | Toki wo Kakeru Shoujo | Romance, Sci-Fi, Adventure, Drama | Movie | 1 | 8.44 | 224
Hosoda | Summer Wars | Sci-Fi, Comedy, Adventure | Movie | 1 | 8.28 | 187
Hosoda | Ookami Kodomo no Ame to Yuki | Slice of Life, Fantasy, Drama | Movie | 1 | 8.84 | 227
Shinkai | Kimi no Na wa. | Romance, Drama, Supernatural, School | Movie | 1 | 9.37 | 201
Shinkai | Byousoku 5 Centimeter | Romance, Drama, Slice of Life | Movie | 1 | 8.10 | 325
Shinkai | Kotonoha no Niwa | Romance, Drama, Slice of Life, Psychological | Movie | 1 | 8.22 | 265
Shinkai | Hoshi no Koe | Sci-Fi, Romance, Drama, Space, Mecha | OVA | 1 | 7.28 | 72
- | Koe no Katachi | Drama, School, Romance, Shounen | Movie | 1 | 9.05 | 103
Clannad | Clannad | Romance, Drama, School, Slice of Life, Comedy, Supernatural | TV | 23 | 8.32 | 567
Clannad | Clannad: After Story | Romance, Drama, Slice of Life, Supernatural, Comedy | TV | 24 | 9.06 | 457
Clannad | Clannad Movie | Romance, Drama, School, Fantasy | Movie | 1 | 7.45 | 84
Kanon | Kanon (2006) | Romance, Drama, School, Slice of Life, Supernatural | TV | 24 | 8.22 | 188
Air | Air | Romance, Drama, Slice of Life, Supernatural | TV | 13 | 7.53 | 157
Angel Beats | Angel Beats! | Drama, School, Supernatural, Comedy, Action | TV | 13 | 8.39 | 717
Little Busters | Little Busters! | School, Slice of Life, Comedy, Drama, Supernatural | TV | 26 | 7.66 | 156
- | Charlotte | Drama, School, Super Power, Comedy | TV | 13 | 7.90 | 394
- | Ano Hi Mita Hana no Namae wo Bokutachi wa Mada Shiranai. | Drama, Slice of Life, Romance, Supernatural | TV | 11 | 8.58 | 488
- | Shigatsu wa Kimi no Uso | Romance, Drama, Music, School, Shounen | TV | 22 | 8.92 | 406
- | Plastic Memories | Romance, Drama, Sci-Fi | TV | 13 | 8.25 | 226
- | Golden Time | Romance, Comedy, Drama | TV | 24 | 7.91 | 313
Toradora | Toradora! | Romance, Comedy, School, Slice of Life | TV | 25 | 8.45 | 633
Toradora | Toradora!: Bentou no Gokui | Romance, Comedy, School, Slice of Life | OVA | 1 | 7.67 | 68
Oregairu | Yahari Ore no Seishun Love Comedy wa Machigatteiru. | Romance, Comedy, School, Slice of Life | TV | 13 | 8.18 | 355
Oregairu | Yahari Ore no Seishun Love Comedy wa Machigatteiru. Zoku | Romance, Comedy, School, Drama | TV | 13 | 8.51 | 216
- | Sakurasou no Pet na Kanojo | Romance, Comedy, School, Slice of Life, Drama | TV | 24 | 8.40 | 374
- | Tonari no Kaibutsu-kun | Romance, Comedy, School, Shoujo | TV | 13 | 7.77 | 282
- | Ookami Shoujo to Kuro Ouji | Romance, Comedy, School, Shoujo | TV | 12 | 7.39 | 131
- | Ao Haru Ride | Romance, Drama, School, Shoujo, Slice of Life | TV | 12 | 7.94 | 219
- | Sukitte Ii na yo. | Romance, School, Shoujo, Slice of Life | TV | 13 | 7.59 | 209
Kimi ni Todoke | Kimi ni Todoke | Romance, School, Shoujo, Slice of Life | TV | 25 | 8.19 | 254
Kimi ni Todoke | Kimi ni Todoke 2nd Season | Romance, School, Shoujo, Slice of Life | TV | 12 | 8.15 | 143
- | Lovely★Complex | Romance, Comedy, Shoujo, School | TV | 24 | 8.24 | 186
- | Kaichou wa Maid-sama! | Romance, Comedy, Shoujo, School | TV | 26 | 8.26 | 355
- | Gekkan Shoujo Nozaki-kun | Comedy, Romance, School | TV | 12 | 8.23 | 245
- | Ouran Koukou Host Club | Comedy, Romance, Shoujo, Harem, School | TV | 26 | 8.34 | 381
- | Fruits Basket | Romance, Shoujo, Comedy, Drama, Slice of Life, Fantasy | TV | 26 | 7.87 | 229
- | Kareshi Kanojo no Jijou | Romance, Shoujo, School, Comedy, Drama | TV | 26 | 7.88 | 97
- | Akatsuki no Yona | Shoujo, Adventure, Romance, Fantasy, Action | TV | 24 | 8.29 | 146
- | Kamisama Hajimemashita | Romance, Shoujo, Supernatural, Demons, Comedy | TV | 13 | 8.18 | 211
Vampire Knight | Vampire Knight | Vampire, Romance, Shoujo, Supernatural, Drama | TV | 13 | 7.34 | 226
Vampire Knight | Vampire Knight Guilty | Vampire, Romance, Shoujo, Supernatural, Drama | TV | 13 | 7.41 | 143
Nodame | Nodame Cantabile | Music, Romance, Comedy, Josei, Slice of Life | TV | 23 | 8.47 | 141
Nodame | Nodame Cantabile Finale | Music, Romance, Comedy, Josei, Slice of Life | TV | 11 | 8.40 | 62
Nana | Nana | Romance, Music, Drama, Shoujo, Slice of Life | TV | 47 | 8.52 | 147
- | Honey and Clover | Romance, Josei, Slice of Life, Drama, Comedy | TV | 24 | 8.16 | 101
- | Chihayafuru | Josei, Game, School, Drama, Slice of Life | TV | 25 | 8.36 | 160
- | Usagi Drop | Slice of Life, Josei | TV | 11 | 8.58 | 221
- | Sakamichi no Apollon | Music, Romance, Josei, Drama, School | TV | 12 | 8.44 | 184
- | Maison Ikkoku | Romance, Comedy, Drama, Slice of Life, Seinen | TV | 96 | 8.25 | 35
- | School Days | Romance, Drama, Harem, School | TV | 12 | 5.95 | 312
K-On | K-On! | Music, Slice of Life, School, Comedy | TV | 13 | 7.88 | 366
K-On | K-On!! | Music, Slice of Life, School, Comedy | TV | 26 | 8.18 | 231
K-On | K-On! Movie | Music, Slice of Life, School, Comedy | Movie | 1 | 8.43 | 110
Love Live | Love Live! School Idol Project | Music, School, Slice of Life | TV | 13 | 7.63 | 151
Love Live | Love Live! School Idol Project 2nd Season | Music, School, Slice of Life | TV | 13 | 7.98 | 101
Love Live | Love Live! The School Idol Movie | Music, School, Slice of Life | Movie | 1 | 8.10 | 45
Love Live | Love Live! Sunshine!! | Music, School, Slice of Life | TV | 13 | 7.65 | 54
Lucky Star | Lucky☆Star | Slice of Life, Comedy, Parody, School | TV | 24 | 7.85 | 265
Haruhi | Suzumiya Haruhi no Yuuutsu | School, Comedy, Mystery, Sci-Fi, Slice of Life | TV | 14 | 8.06 | 381
Haruhi | Suzumiya Haruhi no Shoushitsu | School, Mystery, Sci-Fi, Romance, Comedy | Movie | 1 | 8.81 | 241
Azumanga | Azumanga Daioh | Slice of Life, Comedy, School | TV | 26 | 8.08 | 162
Nichijou | Nichijou | Comedy, Slice of Life, School, Shounen | TV | 26 | 8.47 | 260
Non Non Biyori | Non Non Biyori | Slice of Life, Comedy, School, Seinen | TV | 12 | 8.12 | 120
Hidamari Sketch | Hidamari Sketch | Slice of Life, Comedy, School | TV | 12 | 7.50 | 51
Yuru Yuri | Yuru Yuri | Slice of Life, Comedy, School, Shoujo Ai | TV | 12 | 7.77 | 138
- | Gochuumon wa Usagi Desu ka? | Slice of Life, Comedy | TV | 12 | 7.68 | 85
- | Hyouka | Mystery, School, Slice of Life | TV | 22 | 8.20 | 299
- | Barakamon | Slice of Life, Comedy | TV | 12 | 8.50 | 230
- | Danshi Koukousei no Nichijou | Comedy, Slice of Life, School, Shounen | TV | 12 | 8.39 | 216
- | Kyoukai no Kanata | Supernatural, Fantasy, Slice of Life | TV | 12 | 7.96 | 350
Cardcaptor | Cardcaptor Sakura | Magic, Shoujo, Adventure, Fantasy, Romance, School | TV | 70 | 8.20 | 155
Cardcaptor | Cardcaptor Sakura Movie 2: Fuuin Sareta Card | Magic, Shoujo, Adventure, Fantasy, Romance | Movie | 1 | 8.15 | 50
Cardcaptor | Tsubasa Chronicle | Adventure, Magic, Fantasy, Romance, Supernatural, Shounen | TV | 26 | 7.73 | 121
- | Chobits | Romance, Sci-Fi, Comedy, Ecchi, Seinen | TV | 26 | 7.61 | 286
Sailor Moon | Bishoujo Senshi Sailor Moon | Magic, Shoujo, Romance, Demons, Adventure | TV | 46 | 7.71 | 147
Sailor Moon | Bishoujo Senshi Sailor Moon R | Magic, Shoujo, Romance, Demons, Adventure | TV | 43 | 7.78 | 76
Sailor Moon | Bishoujo Senshi Sailor Moon S | Magic, Shoujo, Romance, Demons, Adventure | TV | 38 | 7.92 | 68
Sailor Moon | Bishoujo Senshi Sailor Moon Crystal | Magic, Shoujo, Romance, Demons, Fantasy | ONA | 26 | 7.21 | 78
Utena | Shoujo Kakumei Utena | Shoujo, Drama, Fantasy, Dementia, Psychological | TV | 39 | 8.23 | 67
Madoka | Mahou Shoujo Madoka★Magica | Magic, Psychological, Drama, Thriller | TV | 12 | 8.51 | 472
Madoka | Mahou Shoujo Madoka★Magica Movie 3: Hangyaku no Monogatari | Magic, Psychological, Drama, Thriller | Movie | 1 | 8.48 | 146
Nanoha | Mahou Shoujo Lyrical Nanoha | Magic, Drama, Action, Comedy | TV | 13 | 7.54 | 57
Nanoha | Mahou Shoujo Lyrical Nanoha A's | Magic, Drama, Action, Super Power | TV | 13 | 8.10 | 44
Precure | Futari wa Precure | Magic, Shoujo, Kids, Action, Fantasy | TV | 49 | 7.01 | 17
Pokemon | Pokemon | Kids, Adventure, Comedy, Fantasy, Action | TV | 276 | 7.43 | 229
Pokemon | Pokemon: Mewtwo no Gyakushuu | Kids, Adventure, Fantasy, Action, Drama | Movie | 1 | 7.69 | 97
Pokemon | Pokemon Best Wishes! | Kids, Adventure, Comedy, Fantasy, Action | TV | 84 | 6.75 | 24
Pokemon | Pokemon XY | Kids, Adventure, Comedy, Fantasy, Action | TV | 93 | 7.51 | 34
Digimon | Digimon Adventure | Kids, Adventure, Action, Fantasy, Comedy | TV | 54 | 7.89 | 143
Digimon | Digimon Adventure 02 | Kids, Adventure, Action, Fantasy, Comedy | TV | 50 | 7.36 | 88
Digimon | Digimon Tamers | Kids, Adventure, Action, Fantasy, Drama | TV | 51 | 7.64 | 63
Yu-Gi-Oh | Yu☆Gi☆Oh! Duel Monsters | Game, Adventure, Fantasy, Shounen | TV | 224 | 7.50 | 97
Yu-Gi-Oh | Yu☆Gi☆Oh! Duel Monsters GX | Game, Action, Fantasy, Comedy, Shounen | TV | 180 | 7.16 | 53
Shaman King | Shaman King | Supernatural, Action, Super Power, Adventure, Shounen | TV | 64 | 7.82 | 89
Beyblade | Bakuten Shoot Beyblade | Kids, Sports, Adventure, Shounen | TV | 51 | 6.84 | 41
Doraemon | Doraemon (1979) | Kids, Comedy, Sci-Fi, Slice of Life | TV | Unknown | 7.76 | 18
Crayon Shin-chan | Crayon Shin-chan | Comedy, Kids, Slice of Life, School | TV | Unknown | 7.65 | 27
Detective Conan | Detective Conan | Mystery, Police, Comedy, Adventure, Shounen | TV | Unknown | 8.25 | 115
Detective Conan | Detective Conan Movie 06: The Phantom of Baker Street | Mystery, Police, Adventure, Shounen | Movie | 1 | 8.37 | 25
Lupin | Lupin III: Cagliostro no Shiro | Adventure, Comedy, Mystery, Action | Movie | 1 | 8.26 | 51
Lupin | Lupin III: Part II | Adventure, Comedy, Action, Mystery, Seinen | TV | 155 | 7.72 | 13
- | Akage no Anne | Slice of Life, Drama, Historical, Kids | TV | 50 | 7.75 | 12
- | Alps no Shoujo Heidi | Slice of Life, Drama, Kids | TV | 52 | 7.58 | 13
Haikyuu | Haikyuu!! | Sports, School, Comedy, Drama, Shounen | TV | 25 | 8.61 | 224
Haikyuu | Haikyuu!! Second Season | Sports, School, Comedy, Drama, Shounen | TV | 25 | 8.93 | 178
Haikyuu | Haikyuu!!: Karasuno Koukou VS Shiratorizawa Gakuen Koukou | Sports, School, Comedy, Drama, Shounen | TV | 10 | 9.15 | 93
Kuroko no Basket | Kuroko no Basket | Sports, School, Comedy, Shounen | TV | 25 | 8.46 | 339
Kuroko no Basket | Kuroko no Basket 2nd Season | Sports, School, Comedy, Shounen | TV | 25 | 8.58 | 243
Slam Dunk | Slam Dunk | Sports, School, Comedy, Drama, Shounen | TV | 101 | 8.56 | 83
Hajime no Ippo | Hajime no Ippo | Sports, Drama, Comedy, Shounen | TV | 75 | 8.83 | 157
Hajime no Ippo | Hajime no Ippo: New Challenger | Sports, Drama, Comedy, Shounen | TV | 26 | 8.75 | 80
Prince of Tennis | Tennis no Ouji-sama | Sports, School, Comedy, Action, Shounen | TV | 178 | 7.92 | 78
Diamond no Ace | Diamond no Ace | Sports, School, Comedy, Shounen | TV | 75 | 8.25 | 68
Eyeshield 21 | Eyeshield 21 | Sports, School, Comedy, Action, Shounen | TV | 145 | 8.04 | 68
- | Ping Pong the Animation | Sports, Psychological, Drama, Seinen | TV | 11 | 8.59 | 81
Free | Free! | Sports, School, Slice of Life, Comedy | TV | 12 | 7.64 | 251
Yuri on Ice | Yuri!!! on Ice | Sports, Comedy | TV | 12 | 8.53 | 161
- | Ashita no Joe | Sports, Drama, Slice of Life, Shounen | TV | 79 | 8.38 | 15
Initial D | Initial D First Stage | Cars, Sports, Action, Drama, Seinen | TV | 26 | 8.37 | 121
Initial D | Initial D Second Stage | Cars, Sports, Action, Drama, Seinen | TV | 13 | 8.19 | 76
- | Redline | Cars, Sports, Sci-Fi, Action | Movie | 1 | 8.34 | 125
High School DxD | High School DxD | Ecchi, Harem, Demons, Romance, Comedy, School | TV | 12 | 7.70 | 399
High School DxD | High School DxD New | Ecchi, Harem, Demons, Romance, Comedy, School | TV | 12 | 7.87 | 268
To LOVE-Ru | To LOVE-Ru | Ecchi, Harem, Comedy, Romance, School, Sci-Fi | TV | 26 | 7.36 | 223
To LOVE-Ru | To LOVE-Ru Darkness | Ecchi, Harem, Comedy, Romance, School, Sci-Fi | TV | 12 | 7.67 | 156
- | Zero no Tsukaima | Romance, Harem, Magic, Fantasy, Ecchi, Comedy | TV | 13 | 7.64 | 292
Date A Live | Date A Live | Harem, Romance, Sci-Fi, Comedy, School, Mecha | TV | 12 | 7.47 | 333
- | Infinite Stratos | Harem, Mecha, Comedy, School, Sci-Fi, Ecchi | TV | 12 | 7.28 | 315
- | Highschool of the Dead | Ecchi, Horror, Action, Supernatural | TV | 12 | 7.46 | 535
- | Shokugeki no Souma | Ecchi, School, Comedy, Shounen | TV | 24 | 8.62 | 344
- | Prison School | Ecchi, Comedy, School, Romance, Seinen | TV | 12 | 8.14 | 238
- | Kill la Kill | Action, Ecchi, Comedy, Super Power, School | TV | 24 | 8.23 | 508
FLCL | FLCL | Comedy, Dementia, Sci-Fi, Mecha, Parody, Action | OVA | 6 | 8.06 | 306
- | Panty & Stocking with Garterbelt | Ecchi, Comedy, Parody, Action, Supernatural | TV | 13 | 7.88 | 248
Love Hina | Love Hina | Harem, Romance, Comedy, Ecchi, Slice of Life | TV | 24 | 7.44 | 170
Bakuman | Bakuman. | Romance, Comedy, Drama, Shounen | TV | 25 | 8.32 | 225
- | Welcome to the N.H.K. | Psychological, Comedy, Drama, Romance | TV | 24 | 8.40 | 317
Kuroshitsuji | Kuroshitsuji | Demons, Historical, Supernatural, Comedy, Action, Shounen | TV | 24 | 8.03 | 382
Kuroshitsuji | Kuroshitsuji: Book of Circus | Demons, Historical, Supernatural, Comedy, Shounen | TV | 10 | 8.42 | 144
"""


class Title(NamedTuple):
    """Hold one line of the table.

    Parameters
    ----------
    franchise : str
        Titles of one franchise share it; a title alone has its own name here.

    name, genre, type, episodes : str
        As in the catalog.

    site_rating : float
        Mean score on a site, 1 to 10.

    members : int
        Members of that site who list the title, in thousands.

    Examples
    --------
    >>> Title("Akira", "Akira", "Sci-Fi, Horror", "Movie", "1", 8.16, 216).name
    'Akira'
    """

    franchise: str
    name: str
    genre: str
    type: str
    episodes: str
    site_rating: float
    members: int


def parse_titles(text: str = TITLES) -> list[Title]:
    """Parse the table of titles.

    Parameters
    ----------
    text : str, default=TITLES
        One title a line.

    Returns
    -------
    list of Title
        In the order of the lines.

    Examples
    --------
    >>> parse_titles()[1].name
    'Dragon Ball Z'
    """
    return [_parse_line(line) for line in text.splitlines()]


def _parse_line(line):
    franchise, name, genre, kind, episodes, site_rating, members = line.split(" | ")
    franchise = name if franchise == "-" else franchise
    return Title(franchise, name, genre, kind, episodes, float(site_rating), int(members))
