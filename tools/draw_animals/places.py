"""Places: ground, grass, trees, rocks, water, snow, and rooms for the teddies.

Everything stands in camera terms: `View.at(depth, side)` is a spot on the ground
behind (+) or before (-) the animal and to the right (+) or left (-) of it.
"""

from dataclasses import dataclass

import bpy
import numpy as np

from coat import linear
from fur import Look, Strands, smooth_noise
from shapes import frame, unit, vec
from stage import ball, curves_of, finish, matt, mesh_of, node, nodes_of, rgba

LEAVES = {
    "green": ("1e2c17", "47602f", "93a56a"),
    "fresh": ("2d4420", "68853f", "b8c88e"),
    "conifer": ("0e170e", "22331f", "4a5c3c"),
    "autumn": ("4f3215", "a06a22", "d9ac4c"),
    "dry": ("5b4a30", "9c8556", "d0be90"),
    "dark": ("050605", "0e110d", "20251c"),
    "stone": ("45423e", "7c7872", "b8b3aa"),
    "frost": ("343d3a", "87908f", "dfe5e8"),
    "water": ("26353e", "587079", "a2b6be"),
    "pale": ("8d9699", "b9c1c3", "e3e8e9"),
}
SOIL = {
    "grass": ("33421c", "57692e", "7d8a48"),
    "lawn": ("3e5425", "5b7437", "80945a"),
    "straw": ("6a5a36", "96824f", "bda873"),
    "earth": ("33281d", "574634", "7e694f"),
    "litter": ("3a2918", "65472a", "94703f"),
    "gravel": ("5c5852", "8a867e", "b7b2a8"),
    "snow": ("b5bec6", "dde3e8", "f2f5f7"),
    "stone": ("4b4843", "79756d", "a5a096"),
    "asphalt": ("3c3d40", "55565a", "737478"),
    "sand": ("857457", "ad9a78", "cdbc9b"),
}
PLACES = {  # name: (share, soils, backdrops, grass height or 0, extras)
    "meadow": (
        0.24,
        ("grass", "grass", "straw", "lawn"),
        ("green", "fresh", "conifer", "autumn", "dry", "pale"),
        0.28,
        ("bush", "flowers"),
    ),
    "forest": (
        0.25,
        ("litter", "earth", "grass"),
        ("green", "conifer", "conifer", "autumn", "dark", "fresh"),
        0.12,
        ("trunks", "bush", "log"),
    ),
    "river": (
        0.13,
        ("gravel", "sand", "stone"),
        ("water", "conifer", "green", "stone", "autumn", "pale"),
        0,
        ("water", "rocks", "log"),
    ),
    "snow": (0.08, ("snow",), ("frost", "conifer", "pale", "frost"), 0.05, ("trunks", "rocks")),
    "rocks": (0.12, ("stone", "gravel", "earth", "sand"), ("stone", "green", "conifer", "dark", "dry"), 0.04, ("rocks", "log")),
    "roadside": (0.10, ("asphalt", "gravel", "lawn"), ("green", "fresh", "conifer", "autumn"), 0.06, ("bush", "trunks")),
    "park": (0.08, ("lawn", "earth", "straw"), ("green", "fresh", "stone", "dry"), 0.08, ("log", "rocks", "trunks")),
}


@dataclass
class View:
    "Where the camera stands in relation to the animal on the ground."

    look: Look
    target: np.ndarray
    distance: float
    width: float  # metres across the frame at the animal

    @property
    def ahead(self) -> np.ndarray:
        "Horizontal direction from the camera to the animal."
        return unit(self.look.toward * vec(1, 1, 0))

    @property
    def right(self) -> np.ndarray:
        "Horizontal direction to the right of the picture."
        return np.cross(self.ahead, vec(0, 0, 1))

    def at(self, depth: float, side: float, z: float = 0.0) -> np.ndarray:
        "A spot `depth` metres behind the animal and `side` metres to its right."
        return self.target * vec(1, 1, 0) + self.ahead * depth + self.right * side + vec(0, 0, z)


def triple(names: tuple, rng) -> list:
    "Three linear colours from hex codes, jittered together and apart."
    common = np.exp(rng.normal(0, 0.22) + rng.normal(0, 0.07) * vec(1, 0.2, -1))
    return [np.clip(linear(h) * common * np.exp(rng.normal(0, 0.06) + rng.normal(0, 0.02, 3)), 0.001, 0.95) for h in names]


def ramp(tree, fac, colours, at=(0.3, 0.5, 0.72)):
    "A colour ramp node over a noise value."
    n = node(tree, "ShaderNodeValToRGB", {"Fac": fac})
    e = n.color_ramp.elements
    e.new(at[1])
    for el, c, p in zip(e, colours, at):
        el.position, el.color = p, rgba(c)
    return n.outputs[0]


def noise(tree, where, scale: float, detail: float = 3.0, rough: float = 0.6):
    "A noise value over a coordinate socket."
    return node(tree, "ShaderNodeTexNoise", {"Vector": where, "Scale": scale, "Detail": detail, "Roughness": rough}).outputs[0]


def mix(tree, fac, a, b):
    "Blend of two colour sockets or colours."
    a, b = (c if isinstance(c, bpy.types.NodeSocket) else rgba(c) for c in (a, b))
    return node(tree, "ShaderNodeMix", {0: fac, 6: a, 7: b}, data_type="RGBA").outputs[2]


def sums(tree, kind: str, a, b):
    "Arithmetic on two values: ADD, SUBTRACT or MULTIPLY."
    return node(tree, "ShaderNodeMath", {0: a, 1: b}, operation=kind).outputs[0]


def step(tree, value, low: float, high: float):
    "0 below `low`, 1 above `high`, straight between."
    return node(tree, "ShaderNodeMapRange", {0: value, 1: low, 2: high}).outputs[0]


def backdrop(view: View, palette: tuple, sky, rng, horizon: float, light: float, stems: bool):
    "A far curtain of foliage (or stone, or water) with sky above it, already out of focus."
    far = max(view.width * rng.uniform(2.2, 6), 6)
    wide = (view.distance + far) * np.tan(view.look.half_angle) * 3
    corners = [view.at(far, s * wide, z) for s, z in ((-1, -wide * 0.3), (1, -wide * 0.3), (1, wide * 1.4), (-1, wide * 1.4))]
    mat, t = nodes_of("backdrop")
    where = node(t, "ShaderNodeNewGeometry").outputs["Position"]
    seen = view.width * (view.distance + far) / view.distance
    lumps = noise(t, where, rng.uniform(2.5, 7) / seen, 2.0)
    leaves = noise(t, where, rng.uniform(8, 40) / seen, rng.uniform(1, 6), 0.65)
    s = rng.uniform(0.12, 0.2)
    colour = mix(
        t,
        rng.uniform(0.1, 0.6),
        ramp(t, lumps, palette, (0.5 - s, 0.5, 0.5 + s)),
        ramp(t, leaves, palette, (0.5 - s, 0.5, 0.5 + s)),
    )
    if stems:
        tall = node(t, "ShaderNodeMapping", {"Vector": where, "Scale": (1, 1, 0.03)}).outputs[0]
        bark = step(t, noise(t, tall, rng.uniform(10, 26) / seen, 1.0), 0.6, 0.64)
        colour = mix(t, bark, colour, palette[0] * rng.uniform(0.5, 1.5))
    if horizon < 1.5:
        z = node(t, "ShaderNodeSeparateXYZ", {0: where}).outputs[2]
        edge = sums(t, "SUBTRACT", z, sums(t, "MULTIPLY", lumps, seen * 0.35))
        top = view.target[2] + seen * (horizon - 0.5) - seen * 0.17
        colour = mix(t, step(t, edge, top, top + seen * 0.05), colour, sky)
    glow = node(t, "ShaderNodeEmission", {"Color": colour, "Strength": light})
    ob = mesh_of("backdrop", corners, [[0, 1, 2, 3]], finish(mat, t, glow.outputs[0]))
    ob.visible_diffuse = ob.visible_shadow = False


def ground(view: View, palette, rng, rough: float, gloss: float = 0.1):
    "Uneven ground around the animal."
    n, half = 90, 30.0
    g = np.sinh(np.linspace(-1, 1, n) * 3.5) / np.sinh(3.5) * half
    x, y = np.meshgrid(g, g)
    p = np.stack([x.ravel(), y.ravel(), np.zeros(n * n)], 1)
    away = np.linalg.norm(p[:, :2], axis=1)
    p[:, 2] = smooth_noise(p, 1.2, rng)[:, 0] * rough * np.clip(away / 3, 0.15, 1) - 0.01
    p[:, :2] += view.target[:2]
    i = np.arange(n * n).reshape(n, n)
    quads = np.stack([i[:-1, :-1], i[:-1, 1:], i[1:, 1:], i[1:, :-1]], -1).reshape(-1, 4)
    mat, t = nodes_of("ground")
    where = node(t, "ShaderNodeNewGeometry").outputs["Position"]
    big, small = noise(t, where, rng.uniform(0.6, 2), 3), noise(t, where, rng.uniform(14, 40), 4, 0.75)
    value = sums(t, "MULTIPLY", sums(t, "ADD", big, small), 0.5)
    bump = node(t, "ShaderNodeBump", {"Height": small, "Strength": 0.8, "Distance": 0.05}).outputs[0]
    s = node(
        t,
        "ShaderNodeBsdfPrincipled",
        {"Base Color": ramp(t, value, palette, (0.4, 0.5, 0.6)), "Roughness": 0.9, "Specular IOR Level": gloss, "Normal": bump},
    )
    mesh_of("ground", p, quads, finish(mat, t, s.outputs[0]))


def grass(view: View, palette, height: float, count: int, rng, near: float = 0.25, flowers: bool = False):
    "Blades between the camera and the far ground, thinner toward the distance."
    reach = view.distance
    depth = reach * (near + (1 - near) * rng.random(count) ** 0.8 * 2.2)
    side = rng.uniform(-1, 1, count) * depth * np.tan(view.look.half_angle) * 1.1
    p = view.look.eye * vec(1, 1, 0) + depth[:, None] * view.ahead + side[:, None] * view.right
    tall = height * rng.uniform(0.35, 1.2, count) * (1 + 0.4 * smooth_noise(p, 0.8, rng)[:, 0].clip(-1, 1.5))
    tall *= np.clip(0.45 + 0.9 * np.abs(depth / reach - 1), 0.4, 1.3)
    lean = rng.normal(0, 0.35, (count, 3)) * vec(1, 1, 0) + smooth_noise(p, 2, rng) * vec(0.3, 0.3, 0)
    t = np.linspace(0, 1, 4)[None, :, None]
    points = p[:, None] + tall[:, None, None] * (t * vec(0, 0, 1) + t**2 * lean[:, None])
    pick = rng.random((count, 1)) * 2
    base = np.where(pick < 1, palette[0] + (palette[1] - palette[0]) * pick, palette[1] + (palette[2] - palette[1]) * (pick - 1))
    colours = base[:, None] * (0.45 + 0.75 * t)
    width = np.clip(rng.uniform(0.002, 0.006, count) * (height / 0.2) ** 0.5, view.look.pixel * depth * 0.35, 0.012)
    radii = width[:, None] * (1 - 0.8 * np.linspace(0, 1, 4)[None])
    if flowers:
        some = rng.random(count) < 0.03
        petal = linear(rng.choice(["f2efe6", "f0c828", "9a6fd0", "e58ab0"]))
        colours[some, 2:] = petal
        radii[some, 3] = radii[some, 2] = 0.012
    curves_of("grass", Strands(points, np.clip(colours, 0, 0.95), radii), matt(None, 0.7, 0.25))


def leaf_cloud(centres, sizes, count: int, leaf: float, palette, rng, name: str = "bush"):
    "Leaves (quads) scattered through balls: bushes and branches."
    which = rng.integers(len(centres), size=count)
    p = (
        np.asarray(centres)[which]
        + unit(rng.normal(size=(count, 3))) * (rng.random((count, 1)) ** 0.4) * np.asarray(sizes)[which]
    )
    a = unit(rng.normal(size=(count, 3))) * leaf * rng.uniform(0.6, 1.3, (count, 1))
    b = unit(np.cross(a, rng.normal(size=(count, 3)))) * leaf * 0.45
    verts = np.stack([p - a, p - b, p + a, p + b], 1).reshape(-1, 3)
    pick = rng.random((count, 1))
    colour = palette[1] * (1 - pick) + palette[2] * pick
    colour = colour * (0.35 + 0.8 * rng.random((count, 1)))
    mesh_of(name, verts, np.arange(count * 4).reshape(-1, 4), matt(None, 0.6, 0.3), np.repeat(colour, 4, 0), smooth=False)


def bushes(view: View, palette, rng):
    "A few bushes behind and beside the animal."
    w = view.width
    spots = [
        view.at(rng.uniform(0.6, 2.5) * max(w, 1.5), rng.uniform(-1, 1) * w, rng.uniform(0, 0.3) * w)
        for _ in range(rng.integers(2, 6))
    ]
    sizes = [np.full(3, rng.uniform(0.2, 0.5) * w) for _ in spots]
    leaf_cloud(spots, sizes, 2500, 0.022 * w, palette, rng)


def tube(a, b, ra: float, rb: float, rng, lumps: float = 0.08, n: int = 14, rings: int = 10):
    "Corners and faces of a lumpy tapered tube."
    f = frame(b - a, vec(0.1, 0.2, 0.97))
    ang = np.linspace(0, 2 * np.pi, n, endpoint=False)
    wob = 1 + rng.normal(0, lumps, (rings, n)) * 0.5 + np.sin(ang * 3 + rng.uniform(0, 6)) * lumps
    t = np.linspace(0, 1, rings)
    ring = np.cos(ang)[:, None] * f[:, 1] + np.sin(ang)[:, None] * f[:, 2]
    verts = (a + t[:, None] * (b - a))[:, None] + (ra + t * (rb - ra))[:, None, None] * wob[..., None] * ring
    i = np.arange(rings * n).reshape(rings, n)
    j = np.roll(i, -1, 1)
    return verts.reshape(-1, 3), np.stack([i[:-1], j[:-1], j[1:], i[1:]], -1).reshape(-1, 4)


def bark(palette, rng):
    "Wood with cracks."
    mat, t = nodes_of("bark")
    where = node(t, "ShaderNodeNewGeometry").outputs["Position"]
    tall = node(t, "ShaderNodeMapping", {"Vector": where, "Scale": (1, 1, 0.15)}).outputs[0]
    v = noise(t, tall, rng.uniform(12, 30), 4, 0.7)
    bump = node(t, "ShaderNodeBump", {"Height": v, "Strength": 1.0, "Distance": 0.04}).outputs[0]
    s = node(
        t, "ShaderNodeBsdfPrincipled", {"Base Color": ramp(t, v, palette, (0.38, 0.5, 0.64)), "Roughness": 0.95, "Normal": bump}
    )
    return finish(mat, t, s.outputs[0])


WOOD = (
    ("241c15", "4f4235", "85755f"),
    ("3a3733", "6f6a62", "a8a297"),
    ("2c2017", "5f432c", "8f6a45"),
    ("8a867c", "bcb8ae", "dedad1"),
)


def trunks(view: View, rng, count: int, before: bool = False):
    "Standing trunks behind the animal, or one before it near the frame's edge."
    mat = bark(triple(WOOD[rng.integers(len(WOOD))], rng), rng)
    w = max(view.width, 1.0)
    for _ in range(count):
        depth = -rng.uniform(0.3, 0.5) * view.distance if before else rng.uniform(0.9, 5) * w
        near = (view.distance + depth) / view.distance
        side = (
            rng.choice([-1, 1]) * rng.uniform(0.4, 0.55) * view.width * near
            if before
            else rng.uniform(-0.75, 0.75) * view.width * near
        )
        r = w * (rng.uniform(0.05, 0.12) * near if before else rng.uniform(0.04, 0.16))
        foot = view.at(depth, side, -0.3)
        mesh_of("trunk", *tube(foot, foot + vec(rng.normal() * 0.1, rng.normal() * 0.1, 1) * w * 5, r, r * 0.7, rng), mat)


def log(view: View, rng):
    "A fallen trunk behind or before the animal."
    w = max(view.width, 0.8)
    depth, r = (rng.choice([0.45, 0.7, -0.42]) * w, rng.uniform(0.05, 0.12) * w)
    a = view.at(depth, -w * rng.uniform(0.3, 1.2), r * 0.7)
    b = view.at(depth + rng.normal() * 0.2 * w, w * rng.uniform(0.3, 1.2), r * rng.uniform(0.5, 2))
    mesh_of("log", *tube(a, b, r, r * 0.75, rng), bark(triple(WOOD[rng.integers(len(WOOD))], rng), rng))


def rocks(view: View, rng, count: int, palette):
    "Boulders and stones about the animal."
    v, f = ball(3)
    mat, t = nodes_of("rock")
    where = node(t, "ShaderNodeNewGeometry").outputs["Position"]
    n = noise(t, where, rng.uniform(4, 12), 6, 0.7)
    bump = node(t, "ShaderNodeBump", {"Height": n, "Strength": 1.0, "Distance": 0.05}).outputs[0]
    s = node(
        t, "ShaderNodeBsdfPrincipled", {"Base Color": ramp(t, n, palette, (0.36, 0.5, 0.62)), "Roughness": 0.9, "Normal": bump}
    )
    mat = finish(mat, t, s.outputs[0])
    w = max(view.width, 0.8)
    for _ in range(count):
        r = w * rng.uniform(0.04, 0.28) * (1 if rng.random() < 0.5 else 0.4)
        depth = rng.uniform(0.5, 2.5) * w if r > 0.12 * w else rng.uniform(-0.5, 2) * w
        c = view.at(depth, rng.uniform(-0.9, 0.9) * w, r * 0.2)
        shape = v * r * rng.uniform(0.6, 1.3, 3)
        lump = 1 + 0.18 * smooth_noise(shape / r, 0.8, rng)[:, :1] + 0.05 * smooth_noise(shape / r, 0.2, rng)[:, :1]
        mesh_of("rock", c + shape * lump, f, mat)


def water(view: View, level: float, rng, tint):
    "A rippled surface at `level` metres."
    mat, t = nodes_of("water")
    where = node(t, "ShaderNodeNewGeometry").outputs["Position"]
    stretched = node(t, "ShaderNodeMapping", {"Vector": where, "Scale": (1, rng.uniform(0.4, 1), 1)}).outputs[0]
    v = noise(t, stretched, rng.uniform(2.5, 9), 3, 0.6)
    bump = node(t, "ShaderNodeBump", {"Height": v, "Strength": rng.uniform(0.3, 0.9), "Distance": 0.12}).outputs[0]
    foam = step(t, noise(t, stretched, rng.uniform(3, 7), 5, 0.75), rng.uniform(0.6, 0.8), 0.85)
    s = node(
        t,
        "ShaderNodeBsdfPrincipled",
        {"Base Color": mix(t, foam, tint, (0.8, 0.85, 0.88)), "Roughness": 0.06, "Specular IOR Level": 0.6, "Normal": bump},
    )
    c = view.target * vec(1, 1, 0)
    mesh_of(
        "water",
        [c + vec(x, y, level) for x, y in ((-40, -40), (40, -40), (40, 40), (-40, 40))],
        [[0, 1, 2, 3]],
        finish(mat, t, s.outputs[0]),
    )


def snowfall(view: View, rng, count: int = 260):
    "Flakes between the camera and the animal."
    v, f = ball(1)
    depth = view.distance * rng.uniform(0.3, 1.3, count)
    half = depth * np.tan(view.look.half_angle)
    up = np.cross(view.right, view.look.toward)
    c = (
        view.look.eye
        + depth[:, None] * view.look.toward
        + (half * rng.uniform(-1, 1, count))[:, None] * view.right
        + (half * rng.uniform(-1, 1, count))[:, None] * up
    )
    r = view.look.pixel * depth * rng.uniform(0.5, 1.6, count)
    verts = (c[:, None] + v[None] * r[:, None, None]).reshape(-1, 3)
    faces = (f[None] + (np.arange(count) * len(v))[:, None, None]).reshape(-1, 3)
    mesh_of("snow", verts, faces, matt((0.9, 0.92, 0.95), 0.9, 0.1, 0.4))


def branch_before(view: View, palette, rng):
    "Leaves close to the camera that cover a corner or an edge of the frame."
    near = rng.uniform(0.35, 0.6)
    w = view.width * near
    eye_to = view.look.eye + view.look.toward * view.distance * near
    up = np.cross(view.right, view.look.toward)
    spot = eye_to + view.right * rng.choice([-1, 1]) * w * rng.uniform(0.35, 0.55) + up * rng.uniform(-0.5, 0.5) * w
    leaf_cloud([spot, spot + up * 0.15 * w], [np.full(3, w * 0.2), np.full(3, w * 0.15)], 90, 0.05 * w, palette, rng, "branch")


def wild_place(view: View, place: str, rng, light: float, wade: float = 0.0, indistinct: bool = False):
    """Build a wild place around a real bear; the same for grizzlies and black bears.

    `wade` is the depth of water the animal stands in.
    """
    _, soils, drops, tall, extras = PLACES[place]
    leaves = str(rng.choice(drops))
    palette = triple(LEAVES[leaves], rng)
    sky = linear(rng.choice(["c9d4dc", "a9c3dc", "e6e8e8", "8fb3d9", "d9cfc0"]))
    horizon = rng.choice([0.62, 0.8, 2.0], p=[0.12, 0.16, 0.72])
    soil = str(rng.choice(soils))
    backdrop(view, palette, sky, rng, horizon, light * rng.uniform(0.45, 1.15), place in ("forest", "park", "snow"))
    ground(view, triple(SOIL[soil], rng), rng, 0.05 if soil in ("asphalt", "lawn") else rng.uniform(0.04, 0.16))
    blade = triple(LEAVES[rng.choice(["green", "fresh", "dry", "green", "autumn"])] if soil != "straw" else LEAVES["dry"], rng)
    if tall and not indistinct and soil not in ("asphalt",):
        grass(view, blade, tall * rng.uniform(0.3, 1.2), 13000, rng, flowers="flowers" in extras and rng.random() < 0.4)
    if "water" in extras and (wade or rng.random() < 0.6):
        water(view, wade or -0.02, rng, triple(LEAVES["water"], rng)[rng.integers(2)] * rng.uniform(0.2, 1))
    if "bush" in extras and rng.random() < 0.6:
        bushes(view, triple(LEAVES[leaves if leaves not in ("dark", "pale") else "green"], rng), rng)
    if "trunks" in extras and rng.random() < 0.65:
        trunks(view, rng, int(rng.integers(1, 6)))
    if "rocks" in extras and rng.random() < 0.7:
        rocks(view, rng, int(rng.integers(3, 12)), triple(LEAVES["stone"], rng))
    if "log" in extras and rng.random() < 0.35:
        log(view, rng)
    return leaves
