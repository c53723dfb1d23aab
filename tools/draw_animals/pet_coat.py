"""Coats of cats and dogs: colours by region, and the markings painted over them.

A painter is given the random numbers and returns the base colours by region and a function that paints markings.
Markings are placed in the frame of the head: x forward, y to the left, z up, in units of the skull.
"""

import numpy as np

from bear import Figure
from breeds import Breed
from coat import jitter, linear
from fur import Skin, smooth_noise

HEAD = ("skull", "cheek", "brow", "bridge", "muzzle", "chin", "ear", "inner ear")
BODY = ("back", "belly", "chest", "neck", "ruff", "leg", "paw", "tail", "tail tip")
FACE = {"brow": 0.9, "bridge": 0.6, "muzzle": 0.7, "chin": 0.9, "skull": 1.3, "ear": 1.0, "inner ear": 0.6}
PINK = linear("c4a098")


def ease(x, low: float, high: float):
    "0 below `low`, 1 above `high`, smooth between."
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def even(colour, tip=None) -> dict:
    "One colour for all regions."
    tip = colour * 1.25 if tip is None else tip
    return {r: (colour, tip) for r in HEAD + BODY} | {"inner ear": (PINK * 0.8, PINK)}


def tinted(base: dict, colour, *regions: str) -> dict:
    "The same coat with another colour in some regions."
    return base | {r: (colour * 0.9, np.clip(colour * 1.1, 0, 0.95)) for r in regions}


def hue(rng, *codes: str, amount: float = 0.12):
    "One of the colours, a little off."
    return jitter(linear(rng.choice(codes)), rng, amount)


class Brush:
    "Paints colour over a skin where a weight (n,) says so."

    def __init__(self, skin: Skin, share: dict, place: np.ndarray | None):
        self.skin, self.share, self.place = skin, share, place

    def of(self, *regions: str):
        "How far each corner belongs to the regions."
        return sum((self.share[r] for r in regions if r in self.share), np.zeros(len(self.skin.verts)))

    def lay(self, colour, weight):
        "Blend towards a colour."
        w = np.clip(weight, 0, 1)[:, None]
        self.skin.root += (colour * 0.9 - self.skin.root) * w
        self.skin.tip += (np.clip(colour * 1.1, 0, 0.95) - self.skin.tip) * w


def bombay(rng):
    "Black all over."
    black = hue(rng, "0d0c0d", "121012", "0a0a0b")
    return tinted(even(black, black * 1.7), black * 1.2 + PINK * 0.05, "inner ear"), None


def british(rng):
    "Grey-blue plush; now and then lilac."
    c = hue(rng, "8c8a8c", "9a9696", "7c7a7e", "8a8788", "a69a94", amount=0.15)
    return tinted(even(c, c * 1.15), c * 0.5 + PINK * 0.45, "inner ear"), None


def persian(rng):
    "Long white, cream, orange or silver; paler on face and chest."
    c = hue(rng, "e6dfd2", "d4bd9c", "b98a5c", "b8aca0", "d8c8b0", "e8e4dc")
    pale = np.clip(c * 1.15 + 0.08, 0, 0.9)
    base = tinted(even(c, pale), pale, "chest", "ruff", "belly", "muzzle", "chin")
    patched = rng.random() < 0.35  # two colours: a dark or orange cap and saddle on white
    cap, white = hue(rng, "b98a5c", "6e6a68", "7d5a3c", "a8703c"), linear("e8e2d8")

    def mark(brush, q, rng):
        if patched:
            n = 0.02 * smooth_noise(brush.skin.verts, 0.2, rng)[:, 0]
            everywhere = np.ones(len(n))
            brush.lay(white, everywhere)
            where = ease(q[:, 2] + 0.5 * np.abs(q[:, 1]) + n, 0.0, 0.03) if q is not None else brush.of("back", "tail", "tail tip") * ease(n, -0.015, 0.0)
            brush.lay(cap, where * (1 - ease(0.02 - np.abs(q[:, 1]), 0, 0.015) if q is not None else 1))
        if q is not None:
            brush.lay(c * 0.55, 0.6 * ease(-np.abs(q[:, 0] - 0.13), -0.03, 0) * ease(-np.abs(np.abs(q[:, 1]) - 0.03), -0.02, 0))

    return base, mark


def siamese(rng):
    "Cream with dark face, ears, legs and tail."
    cream, dark = hue(rng, "d8c6a8", "e2d4bc", "c8b190"), hue(rng, "2c1e17", "231a16", "3a2a22")
    base = tinted(even(cream), dark, "muzzle", "chin", "bridge", "ear", "paw", "tail", "tail tip")
    base = tinted(base, dark * 0.7 + cream * 0.3, "leg") | {"inner ear": (dark, dark * 1.4 + PINK * 0.12)}
    wide = rng.uniform(0.85, 1.15)

    def mark(brush, q, rng):
        if q is not None:
            away = np.sqrt((0.8 * (q[:, 0] - 0.13)) ** 2 + (0.95 * q[:, 1]) ** 2 + (q[:, 2] + 0.02) ** 2)
            brush.lay(dark, (1 - ease(away, 0.11 * wide, 0.175 * wide)))
        else:
            z = brush.skin.verts[:, 2]
            brush.lay(dark, brush.of("leg", "paw") * (1 - ease(z, 0.1, 0.26)))
            brush.lay(cream, brush.of("leg") * ease(z, 0.2, 0.3))
            brush.lay(cream * 0.72, brush.of("back") * 0.5 * ease(brush.skin.verts @ np.array([-1, 0, 1]), 0.1, 0.5))

    return base, mark


def forehead_lines(brush, q, dark):
    "The M on the forehead and the lines that run from the eyes over the cheeks."
    x, y, z = q.T
    up = ease(z, 0.05, 0.075) * ease(x, -0.12, -0.02)
    brush.lay(dark, up * ease(np.cos(np.abs(y) * 145 + 0.4), 0.1, 0.5) * (np.abs(y) < 0.085))
    side = ease(np.abs(y), 0.085, 0.105) * ease(-z, -0.03, 0.0)
    brush.lay(dark, 0.9 * side * ease(np.cos((z + 0.35 * x) * 125), 0.3, 0.7))


def bengal(rng):
    "Golden with dark rosettes, a lined face and a ringed tail."
    gold, dark = hue(rng, "b08850", "bc955c", "a07a46"), hue(rng, "2a1a10", "3a2415")
    pale = gold * 0.35 + linear("f0e4d0") * 0.6
    base = tinted(even(gold), pale, "muzzle", "chin", "belly", "chest") | {"inner ear": (gold * 0.5, PINK * 0.8)}

    def mark(brush, q, rng):
        v = brush.skin.verts
        if q is not None:
            forehead_lines(brush, q, dark)
            x, y, z = q.T
            brush.lay(dark, brush.of("ear") * 0.55)
            ring = np.abs(np.hypot(np.abs(y) - 0.07, (z - 0.015) * 1.1) - 0.052)
            brush.lay(pale, 0.4 * (ring < 0.012) * (x > 0.05))
            return
        n = smooth_noise(v * np.array([0.75, 1, 1]), 0.058, rng, waves=10)
        spot = ease(n[:, 0], 0.2, 0.5)
        middle = ease(n[:, 0], 1.15, 1.5)
        brush.lay(dark, spot * (1 - 0.8 * middle) * brush.of("back", "belly", "neck", "leg"))
        bars = ease(np.sin(v[:, 2] * 62 + n[:, 1]), 0.25, 0.6)
        brush.lay(dark, bars * brush.of("leg", "chest", "ruff") * 0.9)
        rings = ease(np.sin((v[:, 0] + v[:, 1]) * 60), 0.0, 0.4)
        brush.lay(dark, rings * brush.of("tail"))
        brush.lay(dark, brush.of("tail tip"))

    return base, mark


def sphynx(rng):
    "Bare wrinkled skin, pink, grey or with dark patches."
    skin = hue(rng, "c89e8c", "bd9282", "ac8e80", "83726d", "d0aa98")
    dark = hue(rng, "5e5250", "4a403e", "a07868")
    base = {r: (skin, skin) for r in HEAD + BODY} | {"inner ear": (PINK * 1.1, PINK * 1.1), "ear": (skin * 0.85 + PINK * 0.2,) * 2}
    patched = rng.random() < 0.4

    def mark(brush, q, rng):
        v = brush.skin.verts
        n = smooth_noise(v, 0.22, rng)[:, 0]
        if patched:
            brush.lay(dark, ease(n, 0.3, 0.6) * 0.85)
        fine = smooth_noise(v, 0.05, rng)[:, 0]
        if q is not None:
            x, y, z = q.T
            fold = np.sin(z * 190 + 9 * y * y * 30 + fine * 0.8) * ease(z, 0.06, 0.09) * ease(x, -0.06, 0.03)
            fold += np.sin((np.abs(y) + 0.4 * z) * 150 + fine) * ease(np.abs(y), 0.1, 0.12) * ease(-z, 0, 0.04)
        else:
            fold = np.sin(v @ np.array([75, 25, 60]) + fine * 1.6) * (0.35 + brush.of("neck", "ruff", "chest") * 0.8)
        brush.lay(skin * 0.5, 0.55 * ease(fold, 0.3, 0.9))

    return base, mark


def beagle(rng):
    "Black saddle, tan head and flanks; white muzzle, blaze, chest, legs and tail tip."
    tan, black, white = hue(rng, "8a6444", "9a7350", "7a563c"), hue(rng, "120f0e"), hue(rng, "e6dfd4", amount=0.06)
    base = tinted(even(tan), white, "muzzle", "chin", "chest", "ruff", "belly", "leg", "paw", "tail tip")
    base = tinted(base, black, "tail")
    base |= {"ear": (tan * 0.62, tan * 0.75), "inner ear": (tan, tan)}
    blaze = rng.uniform(0.012, 0.035)

    def mark(brush, q, rng):
        v = brush.skin.verts
        if q is not None:
            x, y, z = q.T
            brush.lay(white, (1 - ease(np.abs(y), blaze, blaze + 0.016)) * ease(x, -0.02, 0.06) * (1 - brush.of("ear")))
            brush.lay(white, ease(x, 0.13, 0.17) * ease(0.05 - z, 0, 0.03))
            return
        n = smooth_noise(v, 0.3, rng)[:, 0] * 0.03
        brush.lay(black, brush.of("back") * ease(np.abs(v[:, 1]) + n, 0.13, 0.09))
        brush.lay(tan, brush.of("neck") * 0.9)

    return base, mark


def chihuahua(rng):
    "Fawn, cream, white, or black and tan; paler on muzzle and chest."
    kind = rng.choice(["fawn", "cream", "white", "black"], p=[0.45, 0.25, 0.12, 0.18])
    c = {"fawn": "b99d7c", "cream": "d8c6a8", "white": "e8e2d8", "black": "171210"}[kind]
    c = hue(rng, c)
    pale = linear("b5824e") if kind == "black" else np.clip(c * 0.5 + 0.42, 0, 0.88)
    base = tinted(even(c), pale, "muzzle", "chin", "chest", "belly", "paw") | {"inner ear": (PINK * 0.9, PINK * 1.05)}

    def mark(brush, q, rng):
        if q is not None:
            x, y, z = q.T
            brush.lay(pale, 0.85 * ease(-np.hypot(np.abs(y) - 0.045, z - 0.065), -0.03, -0.01) * (x > 0.05) * (kind == "black"))
            brush.lay(c * 0.8, 0.4 * ease(z, 0.0, 0.1) * brush.of("skull"))

    return base, mark


def newfoundland(rng):
    "Black, at times with a white chest, at times rusty."
    c = hue(rng, "0b0a0a", "0e0c0c", "120e0c")
    base = even(c, c * 1.8 + linear("2a1c14") * 0.2) | {"inner ear": (c, c)}
    return (tinted(base, linear("d8d2c8"), "chest") if rng.random() < 0.15 else base), None


def pug(rng):
    "Fawn with a black mask, black ears and folds on the forehead."
    c, black = hue(rng, "c2a886", "cdb898", "b49a78"), hue(rng, "141010")
    base = tinted(even(c), black, "muzzle", "chin", "ear", "bridge") | {"inner ear": (black, black)}

    def mark(brush, q, rng):
        if q is None:
            return
        x, y, z = q.T
        mask = np.sqrt((x - 0.15) ** 2 * 0.5 + (y * 0.9) ** 2 + ((z + 0.05) * 1.0) ** 2)
        brush.lay(black, (1 - ease(mask, 0.085, 0.12)) * ease(x, 0.0, 0.06))
        brush.lay(black, 0.9 * (1 - ease(np.hypot(np.abs(y) - 0.094, z), 0.04, 0.068)) * ease(x, 0.0, 0.05))
        front = ease(x, 0.03, 0.08)
        brush.lay(black, 0.75 * front * ease(np.sin((z - 0.5 * y * y * 8) * 130), 0.55, 0.9) * ease(z, 0.055, 0.07) * (np.abs(y) < 0.07) * (z < 0.13))
        brush.lay(black, 0.6 * front * (1 - ease(np.abs(y), 0.004, 0.012)) * ease(z, 0.04, 0.06) * (z < 0.12))
        brush.lay(c * 0.6, 0.6 * ease(np.sin((np.abs(y) - 0.2 * z) * 110), 0.5, 0.9) * ease(np.abs(y), 0.105, 0.12))

    return base, mark


def samoyed(rng):
    "White, a little cream on the ears."
    c = hue(rng, "f2efea", "f4f2ee", "ece6da", amount=0.05)
    return tinted(even(c, np.clip(c * 1.12, 0, 0.93)), c * 0.92, "ear") | {"inner ear": (PINK * 0.6 + c * 0.25, c * 0.85)}, None


def shiba(rng):
    "Red with white cheeks, muzzle, chest and belly, and two pale dots over the eyes."
    c, white = hue(rng, "b08054", "bd9066", "a5744c", "c49c74"), hue(rng, "eadfce", amount=0.06)
    base = tinted(even(c), white, "muzzle", "chin", "chest", "ruff", "belly", "paw") | {"inner ear": (c * 0.5 + PINK * 0.3, white * 0.8)}
    base = tinted(base, c * 0.45 + white * 0.55, "tail tip", "leg")

    def mark(brush, q, rng):
        if q is None:
            return
        x, y, z = q.T
        low = ease(-z - 0.25 * np.abs(y), 0.01, 0.045)
        brush.lay(white, 0.95 * low * ease(np.abs(y), 0.045, 0.075) * (1 - brush.of("ear")))
        brush.lay(c, (1 - ease(np.abs(y), 0.028, 0.045)) * ease(z, -0.045, -0.02) * (x < 0.24))
        brush.lay(white, 0.9 * (1 - ease(np.hypot(np.abs(y) - 0.045, z - 0.072), 0.014, 0.026)) * (x > 0.06))

    return base, mark


PAINTERS = {f.__name__: f for f in (bombay, british, persian, siamese, bengal, sphynx, beagle, chihuahua, newfoundland, pug, samoyed, shiba)}


def coat_of(b: Breed, rng) -> tuple:
    "The coat by region (root, tip, length) and the painter of its markings."
    base, mark = PAINTERS[b.coat](rng)
    body, face, ruff, tail = b.hair
    shag = rng.uniform(0.85, 1.15)
    length = dict.fromkeys(BODY, body) | {"ruff": ruff, "chest": ruff, "neck": ruff * 0.9, "tail": tail, "tail tip": tail}
    length |= {"leg": body * 0.7, "paw": min(body * 0.4, 0.015), "cheek": (face + ruff * 2) / 3 if ruff > 0.03 else face}
    length |= {r: face * f for r, f in FACE.items()}
    if b.ear[0] != "prick" and body > 0.05:
        length["ear"] = body * 0.6
    length["skull"] = max(length["skull"], body * 0.3)
    return {r: (*base[r], length[r] * shag) for r in base}, mark


def painter(b: Breed, fig: Figure, mark, rng, head: bool):
    "What skin_of is to call: markings, dark rims round the eyes, and no hair over eyes and nose."

    def paint(skin: Skin, share: dict):
        q = (skin.verts - fig.face_at) @ fig.face / b.head if head else None
        brush = Brush(skin, share, q)
        if mark is not None:
            mark(brush, q, rng)
        skin.root[:], skin.tip[:] = np.clip(skin.root, 0.002, 0.95), np.clip(skin.tip, 0.002, 0.95)

    return paint


def bare_round_eyes(skin: Skin, fig: Figure, rim, strength: float):
    "Hair gets short and dark round the eyes, and short round the nose."
    for at, r in fig.eyes:
        away = np.linalg.norm(skin.verts - at, axis=1) / r
        skin.length *= ease(away, 1.0, 2.2)
        w = (strength * (1 - ease(away, 1.2, 1.55)))[:, None]
        skin.root += (rim - skin.root) * w
        skin.tip += (rim - skin.tip) * w
    at, r, _ = fig.nose
    skin.length *= ease(np.linalg.norm(skin.verts - at, axis=1) / r.max(), 0.8, 2.0)
