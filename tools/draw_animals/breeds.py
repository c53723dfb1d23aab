"""Cats and dogs by breed: what differs between them, in a few strong cues."""

from dataclasses import dataclass


@dataclass
class Breed:
    "Proportions and coat of one breed. Lengths are metres of an animal as large as a teddy; `head` scales the skull."

    kind: str  # cat or dog
    coat: str  # the name of its painter in pet_coat.py
    hair: tuple  # length on body, face, ruff and tail
    lift: float = 0.28  # how far the hair stands off
    lock: float = 0.03  # size of its locks
    length: float = 0.5  # of the trunk
    girth: float = 0.13  # radius of the trunk
    leg: float = 0.34
    bone: float = 0.04  # radius of a leg
    neck: float = 0.18
    head: float = 0.85
    skull: float = 0.16  # half width
    muzzle: float = 0.04  # how far it stands out
    snout: float = 0.06  # its half width
    stop: float = 0.5  # how far the muzzle's bridge lies below the brow, 0 to 1
    cheek: float = 0.08
    ear: tuple = ("prick", 0.075, 0.15, 0.1, 18)  # kind, half width, length, sideways place, tilt in degrees
    eye: tuple = (0.036, 0.072, 0.015)  # radius, sideways place, height
    iris: tuple = ("a8a23c",)
    nose: tuple = ("3a2622",)
    tail: tuple = ("long", 0.5, 0.03)  # kind, length, radius


BREEDS = {
    "Bengal": Breed(
        "cat", "bengal", (0.026, 0.013, 0.024, 0.026), skull=0.15, muzzle=0.05, girth=0.125,
        ear=("prick", 0.066, 0.13, 0.105, 24), iris=("8fa04a", "b59a3c", "6f9a6a"), nose=("a0584a",)),
    "Bombay": Breed(
        "cat", "bombay", (0.028, 0.014, 0.028, 0.028), skull=0.155, iris=("c98a1e", "b8a028", "9aa43a"), nose=("0c0a0a",)),
    "British_Shorthair": Breed(
        "cat", "british", (0.016, 0.008, 0.016, 0.018), lift=0.3, lock=0.012, girth=0.16, bone=0.05, neck=0.15, head=0.9,
        skull=0.178, cheek=0.105, muzzle=0.035, ear=("prick", 0.066, 0.105, 0.125, 26), eye=(0.037, 0.08, 0.01),
        iris=("c8761a", "b8641a", "c89630"), nose=("4a4448",), tail=("long", 0.42, 0.045)),
    "Persian": Breed(
        "cat", "persian", (0.14, 0.03, 0.16, 0.16), lift=0.5, lock=0.07, girth=0.15, leg=0.26, bone=0.045, neck=0.12, head=0.92,
        skull=0.175, cheek=0.11, muzzle=0.0, snout=0.065, ear=("prick", 0.05, 0.085, 0.135, 34), eye=(0.040, 0.082, 0.0),
        iris=("c8741a", "b9661c", "8a9a4a"), nose=("a8605a", "7a4640"), tail=("long", 0.35, 0.05)),
    "Siamese": Breed(
        "cat", "siamese", (0.018, 0.01, 0.018, 0.018), girth=0.105, bone=0.032, skull=0.142, cheek=0.062, muzzle=0.065,
        snout=0.052, stop=0.2, ear=("prick", 0.085, 0.165, 0.11, 30), eye=(0.034, 0.068, 0.015),
        iris=("4a8ad0", "6aa4e0", "3a78c4"), nose=("1a1210",), tail=("long", 0.55, 0.02)),
    "Sphynx": Breed(
        "cat", "sphynx", (0, 0, 0, 0), girth=0.115, bone=0.03, neck=0.16, head=0.9, skull=0.14, cheek=0.082, muzzle=0.045,
        ear=("prick", 0.105, 0.2, 0.12, 34), eye=(0.042, 0.07, 0.02), iris=("a8b45a", "7ab0c0", "c0a848"), nose=("c08078",),
        tail=("long", 0.55, 0.014)),
    "beagle": Breed(
        "dog", "beagle", (0.02, 0.011, 0.02, 0.024), leg=0.4, bone=0.042, neck=0.24, skull=0.145, muzzle=0.17, snout=0.07,
        cheek=0.07, ear=("drop", 0.1, 0.27, 0.135, 0), eye=(0.034, 0.07, 0.04), iris=("4a2a14",), nose=("0b0909",),
        tail=("up", 0.36, 0.024)),
    "chihuahua": Breed(
        "dog", "chihuahua", (0.02, 0.011, 0.024, 0.03), length=0.42, girth=0.1, leg=0.36, bone=0.026, neck=0.22, head=0.82,
        skull=0.152, muzzle=0.10, snout=0.046, stop=1.0, cheek=0.062, ear=("prick", 0.09, 0.2, 0.125, 42),
        eye=(0.036, 0.078, 0.02), iris=("2a160c",), nose=("0e0b0b", "5a3a30"), tail=("up", 0.32, 0.02)),
    "newfoundland": Breed(
        "dog", "newfoundland", (0.10, 0.028, 0.12, 0.14), lift=0.32, lock=0.04, length=0.56, girth=0.17, leg=0.42, bone=0.065, neck=0.2,
        head=1.0, skull=0.165, muzzle=0.16, snout=0.095, cheek=0.09, ear=("drop", 0.095, 0.22, 0.145, 0),
        eye=(0.027, 0.07, 0.038), iris=("2a180e",), nose=("090808",), tail=("down", 0.4, 0.05)),
    "pug": Breed(
        "dog", "pug", (0.018, 0.01, 0.02, 0.02), length=0.44, girth=0.15, leg=0.3, bone=0.042, neck=0.14, head=1.0,
        skull=0.165, muzzle=0.04, snout=0.092, stop=0.9, cheek=0.085, ear=("fold", 0.062, 0.1, 0.135, 0),
        eye=(0.041, 0.094, 0.0), iris=("1c0f08",), nose=("080707",), tail=("curl", 0.3, 0.03)),
    "samoyed": Breed(
        "dog", "samoyed", (0.11, 0.03, 0.14, 0.16), lift=0.7, lock=0.045, girth=0.15, leg=0.42, bone=0.05, neck=0.22, head=0.92,
        skull=0.158, muzzle=0.14, snout=0.062, stop=0.5, cheek=0.095, ear=("prick", 0.06, 0.105, 0.115, 18),
        eye=(0.029, 0.064, 0.032), iris=("24140c",), nose=("0b0a0a",), tail=("curl", 0.42, 0.05)),
    "shiba_inu": Breed(
        "dog", "shiba", (0.042, 0.018, 0.055, 0.07), lift=0.55, lock=0.02, leg=0.4, bone=0.04, neck=0.23, head=0.86, skull=0.158,
        muzzle=0.13, snout=0.055, stop=0.55, cheek=0.095, ear=("prick", 0.062, 0.115, 0.115, 14), eye=(0.028, 0.066, 0.03),
        iris=("2a160c",), nose=("0c0a0a",), tail=("curl", 0.36, 0.045)),
}
