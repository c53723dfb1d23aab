"""Bodies as lists of blobs (ellipsoids), before Blender melts them into one skin.

A blob carries a region name ("back", "muzzle", ...), from which the coat takes
colour and hair length, and the direction in which the hair lies there.
"""

from dataclasses import dataclass, field

import numpy as np


def vec(*xyz: float) -> np.ndarray:
    "A point or direction of three floats."
    return np.array(xyz, float)


def unit(v: np.ndarray) -> np.ndarray:
    "`v` scaled to length 1 along its last axis."
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


def frame(forward: np.ndarray, up: np.ndarray = vec(0, 0, 1)) -> np.ndarray:
    "3x3 matrix whose columns are forward, left and up, orthonormal."
    f = unit(forward)
    left = unit(np.cross(up, f))
    return np.stack([f, left, np.cross(f, left)], axis=1)


def turn(axis: int, degrees: float) -> np.ndarray:
    "Rotation matrix about x (0), y (1) or z (2)."
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    m = np.eye(3)
    m[i, i] = m[j, j] = c
    m[i, j], m[j, i] = -s, s
    return m


@dataclass
class Blobs:
    "Ellipsoids with centres (n, 3), radii (n, 3), rotations (n, 3, 3), hair flow (n, 3) and regions."

    centre: list = field(default_factory=list)
    radii: list = field(default_factory=list)
    turned: list = field(default_factory=list)
    flow: list = field(default_factory=list)
    region: list = field(default_factory=list)

    def add(self, region: str, centre, radii, flow=(0, 0, -1), turned=None):
        "One ellipsoid; a single number for `radii` makes a ball."
        self.centre.append(np.asarray(centre, float))
        self.radii.append(np.broadcast_to(np.asarray(radii, float), 3))
        self.turned.append(np.eye(3) if turned is None else turned)
        self.flow.append(unit(np.asarray(flow, float)))
        self.region.append(region)

    def chain(self, region: str, nodes: list, flow=None, steps: int = 4, up=vec(0, 0, 1)):
        "Blobs along a path of `(point, (along, across, high))` nodes, radii blended between them."
        for (p, r), (q, s) in zip(nodes, nodes[1:]):
            p, q = np.asarray(p, float), np.asarray(q, float)
            r, s = np.broadcast_to(r, 3), np.broadcast_to(s, 3)
            d = q - p
            turned = frame(d if np.linalg.norm(d) > 1e-6 else vec(1, 0, 0), up)
            for t in np.linspace(0, 1, steps):
                self.add(region, p + t * d, r + t * (s - r), d if flow is None else flow, turned)

    def limb(self, region: str, points: list, radii: list, steps: int = 5):
        "Round blobs along a limb from body to foot."
        self.chain(region, list(zip(points, radii)), steps=steps, up=vec(1, 0.01, 0.02))

    def arrays(self):
        "Centres, radii, rotations and flows as arrays."
        return tuple(np.array(a) for a in (self.centre, self.radii, self.turned, self.flow))

    def moved(self, matrix: np.ndarray, shift: np.ndarray, scale: float = 1.0) -> "Blobs":
        "The same blobs scaled, rotated and shifted."
        return Blobs(
            [matrix @ c * scale + shift for c in self.centre],
            [r * scale for r in self.radii],
            [matrix @ m for m in self.turned],
            [matrix @ f for f in self.flow],
            list(self.region),
        )


def elbow(root: np.ndarray, foot: np.ndarray, upper: float, lower: float, toward: np.ndarray) -> np.ndarray:
    "Middle joint of a two-bone limb from `root` to `foot`, bent toward a direction."
    d = foot - root
    reach = min(np.linalg.norm(d), (upper + lower) * 0.995)
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    side = np.sqrt(max(upper**2 - along**2, 0))
    d = unit(d)
    out = toward - d * (toward @ d)
    return root + d * along + unit(out) * side


def near_blobs(points: np.ndarray, blobs: Blobs, softness: float = 0.03):
    "Weights (points, blobs) saying to which blobs each point of the skin belongs."
    centre, radii, turned, _ = blobs.arrays()
    out = np.empty((len(points), len(centre)), np.float32)
    for i, (c, r, m) in enumerate(zip(centre, radii, turned)):
        q = (points - c) @ m
        out[:, i] = (np.sqrt((q / r) ** 2 @ np.ones(3)) - 1) * r.min()
    out -= out.min(1, keepdims=True)
    w = np.exp(-out / softness)
    return w / w.sum(1, keepdims=True)
