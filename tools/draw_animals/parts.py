"""The mask beside a picture: for each pixel the part of the animal that it shows.

Every part has a colour of light. The scene is drawn once more with all surfaces glowing in the colour of their part,
all else black, and no blur; the brightest part of a pixel is its number.
"""

import numpy as np

PARTS = ("background", "head", "body", "legs", "eyes and nose")  # numbers 0 to 4 in the mask
LIGHT = {"head": (1, 0, 0), "body": (0, 1, 0), "legs": (0, 0, 1), "eyes and nose": (1, 1, 1)}
REGIONS = {  # what is no part of the body, by region of the coat
    "head": ("skull", "cheek", "brow", "bridge", "muzzle", "chin", "ear", "inner ear", "head"),
    "legs": ("leg", "paw", "limb", "pad"),
}
OBJECTS = {  # what has no coat, by the object's name
    "eyes": "eyes and nose",
    "nose": "eyes and nose",
    "nostrils": "eyes and nose",
    "gape": "head",
    "tongue": "head",
    "lips": "head",
    "stitches": "head",
    "buttons": "eyes and nose",
    **dict.fromkeys(("skin", "bow", "scarf", "ribbon", "heart", "shirt", "collar"), "body"),
}


def light_of(region: str) -> tuple:
    "The light of the part to which a region of the coat belongs."
    return LIGHT[next((part for part, regions in REGIONS.items() if region in regions), "body")]


def numbers_of(light: np.ndarray) -> np.ndarray:
    "The mask (height, width) of part numbers that belongs to drawn light (height, width, 3)."
    face = light.min(2, keepdims=True)
    shares = np.concatenate([light - face, face], 2)
    return np.where(shares.sum(2) >= 0.5, shares.argmax(2) + 1, 0).astype("uint8")
