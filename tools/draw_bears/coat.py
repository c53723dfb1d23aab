"""Coats: for each region of a body the colours of a hair's root and tip and its length."""
import numpy as np


def linear(hexcode: str) -> np.ndarray:
    "Linear light of a colour written as six hex digits."
    c = np.array([int(hexcode[i:i + 2], 16) for i in (0, 2, 4)]) / 255
    return np.where(c < .04045, c / 12.92, ((c + .055) / 1.055)**2.4)


def jitter(colour: np.ndarray, rng, amount: float = .15) -> np.ndarray:
    "The colour a little lighter or darker, and a little off in hue."
    return np.clip(colour * np.exp(rng.normal(0, amount) + rng.normal(0, amount * .3, 3)), 0.002, .95)


GRIZZLY = {  # name: (share, body, tip, legs)
    "brown": (.34, "6a4a30", "a37e55", "3c2a1e"),
    "dark brown": (.22, "49331f", "86684a", "281c15"),
    "blond": (.16, "93744c", "cfb283", "523c28"),
    "reddish": (.16, "7b4a2a", "b57f4c", "47291a"),
    "silver": (.12, "5c4f44", "b3a592", "382e27"),
}
BLACK = {
    "black": (.78, "100f11", "1f1e21", "0c0b0c"),
    "brownish black": (.10, "1d1613", "33271f", "120e0c"),
    "cinnamon": (.07, "6d3d21", "8b5530", "4f2c1a"),
    "chocolate": (.05, "39251a", "4b3324", "261912"),
}
LENGTH = {"back": .085, "belly": .10, "hump": .10, "neck": .085, "leg": .06, "paw": .028, "skull": .034, "cheek": .06,
          "brow": .02, "bridge": .016, "muzzle": .009, "chin": .014, "ear": .032, "inner ear": .022}


def pick(table: dict, rng) -> str:
    "A name drawn by its share."
    share = np.array([row[0] for row in table.values()])
    return str(rng.choice(list(table), p=share / share.sum()))


def grizzly_coat(name: str, rng) -> dict:
    "Grizzled: pale tips on back, hump and head; dark legs; a paler face."
    _, body, tip, legs = GRIZZLY[name]
    body, tip, legs = (jitter(linear(c), rng) for c in (body, tip, legs))
    tip = body + (tip - body) * rng.uniform(.6, 1.25)
    face = body + (tip - body) * rng.uniform(.15, .6)
    muzzle = face * rng.uniform(.65, 1.15)
    coat = {r: (body, tip) for r in LENGTH}
    coat |= {"belly": (legs * .6 + body * .4, body), "leg": (legs, legs * .7 + body * .3), "paw": (legs * .8, legs),
             "hump": (body * .85, tip * 1.08), "skull": (face * .8, tip), "cheek": (face * .8, tip),
             "brow": (face * .8, face), "bridge": (face * .85, face), "muzzle": (muzzle * .8, muzzle),
             "chin": (muzzle * .7, muzzle * .9), "ear": (body * .7, body + (tip - body) * rng.uniform(0, .7)),
             "inner ear": (body * .4, body * .8)}
    return with_lengths(coat, rng.uniform(.85, 1.3))


def black_coat(name: str, rng) -> dict:
    "Glossy and even, with a tan muzzle; now and then a pale blaze on the chest."
    _, body, tip, legs = BLACK[name]
    body, tip, legs = (jitter(linear(c), rng) for c in (body, tip, legs))
    tan = jitter(linear(rng.choice(["8a6a48", "77573a", "9a7b58", "5e452f"])), rng)
    if rng.random() < .1:
        tan = body * 1.3 + .02
    coat = {r: (body, tip) for r in LENGTH}
    coat |= {"leg": (legs, body), "paw": (legs, body), "muzzle": (tan * .7, tan), "chin": (tan * .55, tan * .9),
             "bridge": (tan * .5 + body * .3, tan * .7), "brow": (body + tan * .12, tip + tan * .1),
             "inner ear": (body, tip + .01), "blaze": (linear("b9a98c"), linear("e6dcc6"))}
    return with_lengths(coat, rng.uniform(.55, .85))


def with_lengths(coat: dict, shag: float) -> dict:
    "Add the hair's length to each region; the face stays short whatever the coat."
    face = {"brow", "bridge", "muzzle", "chin", "paw"}
    return {r: (*c, LENGTH.get(r, .06) * (1 if r in face else shag)) for r, c in coat.items()}
