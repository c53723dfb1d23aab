"""Hair: strands grown on a skin with numpy, handed to Blender as curves."""

from dataclasses import dataclass

import numpy as np

from shapes import unit


@dataclass
class Skin:
    "A triangulated surface: corners (n, 3), triangles (m, 3), and per-corner colours, hair length and flow."

    verts: np.ndarray
    tris: np.ndarray
    root: np.ndarray
    tip: np.ndarray
    length: np.ndarray
    flow: np.ndarray
    part: np.ndarray  # what the mask says: see parts.py


@dataclass
class Strands:
    "Hairs as points (n, k, 3), colours (n, k, 3) and radii (n, k); a hair of an animal also has its part of the mask (n, k, 3)."

    points: np.ndarray
    colours: np.ndarray
    radii: np.ndarray
    part: np.ndarray | None = None

    @staticmethod
    def joined(parts: list) -> "Strands":
        "Several bundles as one; all need the same number of points a hair."
        return Strands(*(np.concatenate([getattr(p, a) for p in parts]) for a in ("points", "colours", "radii", "part")))


@dataclass
class Look:
    "How the camera sees the fur: place, viewing direction, half-angle and the size of a pixel at distance 1."

    eye: np.ndarray
    toward: np.ndarray
    half_angle: float
    pixel: float

    def sees(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        "Which of the roots can matter to the picture: in the frame, and not on the far side."
        ray = unit(points - self.eye)
        inside = ray @ self.toward > np.cos(min(self.half_angle * 1.55, 1.5))
        return inside & ((ray * normals).sum(1) < 0.35)


def smooth_noise(points: np.ndarray, size: float, rng, waves: int = 6) -> np.ndarray:
    "A smooth random vector field (n, 3) with features of about `size` metres."
    k = rng.normal(0, 1, (waves, 3, 3)) / size * 2.2
    phase = rng.uniform(0, 6.28, (waves, 3))
    return np.sin(np.einsum("nd,wdo->nwo", points, k) + phase).sum(1) / waves**0.5


def roots(skin: Skin, count: int, rng):
    "Roots spread evenly over the skin: triangle number and barycentric coordinates."
    a, b, c = (skin.verts[skin.tris[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    area = np.linalg.norm(normal, axis=1)
    tri = rng.choice(len(area), count, p=area / area.sum())
    r1, r2 = np.sqrt(rng.random(count)), rng.random(count)
    bary = np.stack([1 - r1, r1 * (1 - r2), r1 * r2], 1)
    return tri, bary, unit(normal)[tri], area.sum() / 2


def grow(
    skin: Skin,
    count: int,
    look: Look,
    rng,
    lift: float = 0.45,
    lock: float = 0.05,
    clump: float = 0.35,
    curl: float = 0.0,
    mess: float = 0.25,
    steps: int = 4,
    thick: float = 0.78,
) -> Strands:
    """Hair on a skin, as much of it as the camera can see.

    `count` is for the whole skin; hairs are drawn thick enough to cover it. `lift` is how far
    hair stands off, `lock` the size in metres of locks, `clump` how tightly they close, `curl` how woolly,
    `thick` a hair's radius in pixels.
    """
    tri, bary, normal, area = roots(skin, count, rng)
    take = lambda a: np.einsum("nk,nk...->n...", bary, a[skin.tris[tri]])
    start = take(skin.verts)
    keep = look.sees(start, normal)
    tri, bary, normal, start = tri[keep], bary[keep], normal[keep], start[keep]
    if len(start) == 0:
        none = np.zeros((0, steps, 3))
        return Strands(none, none, none[..., 0], none)
    length = take(skin.length) * rng.uniform(0.65, 1.2, len(start))
    points = bend(start, normal, take(skin.flow), length, rng, lift, lock, mess, steps, curl)
    close_locks(points, lock, clump, rng)
    shade = np.exp(rng.normal(0, 0.16, (len(start), 1)) + 0.22 * smooth_noise(start, lock * 4, rng)[:, :1])
    t = np.linspace(0, 1, steps)
    mix = np.clip((t - 0.25) / 0.7, 0, 1)[None, :, None]
    colours = (take(skin.root)[:, None] * (1 - mix) + take(skin.tip)[:, None] * mix) * shade[:, None]
    far = np.linalg.norm(start - look.eye, axis=1)
    width = np.clip(thick * look.pixel * far, 0.0006 if area > 0.3 else 0.00025, 0.006)
    radii = width[:, None] * (1 - t**2 * 0.85)[None] * rng.uniform(0.7, 1.2, (len(start), 1))
    return Strands(points, np.clip(colours, 0, 0.97), radii, np.repeat(take(skin.part)[:, None], steps, 1))


def bend(start, normal, flow, length, rng, lift, lock, mess, steps, curl):
    "Points along each hair: it leaves along the skin's normal, then lies down along the flow."
    lie = unit(flow - normal * (flow * normal).sum(1, keepdims=True))
    wave = smooth_noise(start, lock, rng) * mess + rng.normal(0, mess * 0.5, start.shape)
    out = unit(normal * lift + lie * (1 - lift) + wave * 0.6)
    down = np.array([0, 0, -0.35]) + lie * 0.6 + wave * 0.3
    t = np.linspace(0, 1, steps)[None, :, None]
    points = start[:, None] + length[:, None, None] * (t * out[:, None] + 0.5 * t**2 * down[:, None])
    if curl:
        phase = rng.uniform(0, 6.28, (len(start), 1, 1)) + np.arange(3) * 2.1
        points += curl * length[:, None, None] * np.sin(t * 7 + phase) * t
    return points


def close_locks(points: np.ndarray, lock: float, clump: float, rng):
    "Draw the tips of neighbouring hairs together, in place."
    cell = np.floor((points[:, 0] + rng.normal(0, lock * 0.12, points[:, 0].shape)) / (lock * 0.55)).astype(np.int64)
    _, which = np.unique(cell @ np.array([73856093, 19349663, 83492791]), return_inverse=True)
    which = which.ravel()
    count = np.bincount(which).astype(float)
    steps = points.shape[1]
    for i in range(1, steps):
        mean = np.stack([np.bincount(which, points[:, i, d]) for d in range(3)], 1) / count[:, None]
        points[:, i] += (mean[which] - points[:, i]) * clump * (i / (steps - 1)) ** 1.5
