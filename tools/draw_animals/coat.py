"""Coats: for each region of a body the colours of a hair's root and tip and its length."""

import numpy as np


def linear(hexcode: str) -> np.ndarray:
    "Linear light of a colour written as six hex digits."
    c = np.array([int(hexcode[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    return np.where(c < 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def jitter(colour: np.ndarray, rng, amount: float = 0.15) -> np.ndarray:
    "The colour a little lighter or darker, and a little off in hue."
    return np.clip(colour * np.exp(rng.normal(0, amount) + rng.normal(0, amount * 0.3) * np.array([1, 0, -1])), 0.002, 0.95)


GRIZZLY = {  # name: (share, body, tip, legs)
    "brown": (0.29, "664c37", "a08465", "3a2c22"),
    "dark brown": (0.25, "443225", "836b54", "271e18"),
    "very dark": (0.14, "2b231e", "6f6051", "191411"),
    "blond": (0.10, "8f7655", "c8b08a", "50402f"),
    "reddish": (0.08, "6e4a32", "a17a56", "442c1f"),
    "silver": (0.14, "4c4138", "a3978a", "2a231f"),
}
BLACK = {
    "black": (0.85, "09090c", "13141a", "070709"),
    "brownish black": (0.09, "1d1613", "33271f", "120e0c"),
    "cinnamon": (0.05, "643f2a", "7f563a", "4a2f20"),
    "chocolate": (0.05, "39251a", "4b3324", "261912"),
}
LENGTH = {
    "back": 0.085,
    "belly": 0.10,
    "hump": 0.10,
    "neck": 0.085,
    "leg": 0.06,
    "paw": 0.028,
    "skull": 0.034,
    "cheek": 0.06,
    "brow": 0.02,
    "bridge": 0.016,
    "muzzle": 0.009,
    "chin": 0.014,
    "ear": 0.032,
    "inner ear": 0.022,
}


def pick(table: dict, rng) -> str:
    "A name drawn by its share."
    share = np.array([row[0] for row in table.values()])
    return str(rng.choice(list(table), p=share / share.sum()))


def grizzly_coat(name: str, rng) -> dict:
    "Grizzled: pale tips on back, hump and head; dark legs; a paler face."
    _, body, tip, legs = GRIZZLY[name]
    body, tip, legs = (jitter(linear(c), rng) for c in (body, tip, legs))
    tip = body + (tip - body) * rng.uniform(0.6, 1.25)
    face = body + (tip - body) * rng.uniform(0.15, 0.6)
    muzzle = face * rng.uniform(0.65, 1.15)
    coat = {r: (body, tip) for r in LENGTH}
    coat |= {
        "belly": (legs * 0.6 + body * 0.4, body),
        "leg": (legs, legs * 0.7 + body * 0.3),
        "paw": (legs * 0.8, legs),
        "hump": (body * 0.85, tip * 1.08),
        "skull": (face * 0.8, tip),
        "cheek": (face * 0.8, tip),
        "brow": (face * 0.8, face),
        "bridge": (face * 0.85, face),
        "muzzle": (muzzle * 0.8, muzzle),
        "chin": (muzzle * 0.7, muzzle * 0.9),
        "ear": (body * 0.7, body + (tip - body) * rng.uniform(0, 0.7)),
        "inner ear": (body * 0.4, body * 0.8),
    }
    return with_lengths(coat, rng.uniform(0.6, 1.05))


def black_coat(name: str, rng) -> dict:
    "Glossy and even, with a tan muzzle; now and then a pale blaze on the chest."
    _, body, tip, legs = BLACK[name]
    body, tip, legs = (jitter(linear(c), rng) for c in (body, tip, legs))
    tan = jitter(linear(rng.choice(["857058", "6f5c48", "97826a", "5a4a3b"])), rng)
    if rng.random() < 0.1:
        tan = body * 1.3 + 0.02
    coat = {r: (body, tip) for r in LENGTH}
    coat |= {
        "leg": (legs, body),
        "paw": (legs, body),
        "muzzle": (tan * 0.7, tan),
        "chin": (tan * 0.55, tan * 0.9),
        "bridge": (tan * 0.3 + body * 0.5, tan * 0.35 + tip * 0.4),
        "brow": (body, tip + tan * 0.06),
        "inner ear": (body, tip + 0.01),
        "blaze": (linear("b9a98c"), linear("e6dcc6")),
    }
    return with_lengths(coat, rng.uniform(0.5, 0.9))


def with_lengths(coat: dict, shag: float) -> dict:
    "Add the hair's length to each region; the face stays short whatever the coat."
    face = {"brow", "bridge", "muzzle", "chin", "paw"}
    return {r: (*c, LENGTH.get(r, 0.06) * (1 if r in face else shag)) for r, c in coat.items()}
