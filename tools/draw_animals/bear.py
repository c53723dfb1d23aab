"""Real bears: the skeletons, poses and marks of grizzlies and black bears."""

from dataclasses import dataclass, field

import numpy as np

from shapes import Blobs, elbow, turn, unit, vec


@dataclass
class Build:
    "Proportions of one bear in metres for an adult; `size` scales the whole."

    hump: float  # height of the shoulder hump
    fat: float  # 1 is lean, 1.3 is an autumn bear
    leg: float  # length of the legs
    head: float  # scale of the head against the body
    ear: tuple  # (half width, half height, sideways place, tilt in degrees)
    dish: float  # how far the muzzle's bridge lies below the brow
    muzzle: float  # length of the muzzle
    face: float  # width of the skull
    claw: float  # length of the claws
    size: float = 1.0


@dataclass
class Figure:
    "A posed animal: skin blobs for body and head, and the small hard parts."

    body: Blobs = field(default_factory=Blobs)
    head: Blobs = field(default_factory=Blobs)
    eyes: list = field(default_factory=list)  # (centre, radius)
    nose: tuple = ()  # (centre, radii, rotation)
    claws: list = field(default_factory=list)  # (root, tip, radius)
    mouth: list = field(default_factory=list)  # polyline of the lips
    gape: tuple = ()  # (centre, radii, rotation) of an open mouth
    teeth: list = field(default_factory=list)  # (root, tip, radius)
    face: np.ndarray = None  # frame of the head: forward, left, up
    face_at: np.ndarray = None


def build_of(species: str, age: str, rng) -> Build:
    "Proportions drawn for a species and an age."
    u = rng.uniform
    if species == "grizzly":
        b = Build(
            hump=u(0.75, 1.25),
            fat=u(0.95, 1.25),
            leg=u(0.92, 1.05),
            head=u(1.0, 1.16),
            ear=(u(0.058, 0.07), u(0.058, 0.07), u(0.150, 0.168), u(25, 40)),
            dish=u(0.8, 1.25),
            muzzle=u(0.145, 0.175),
            face=u(1.02, 1.16),
            claw=u(0.07, 0.10),
            size=u(0.95, 1.15),
        )
    else:
        b = Build(
            hump=0,
            fat=u(0.92, 1.28),
            leg=u(0.92, 1.06),
            head=u(0.88, 1.0),
            ear=(u(0.048, 0.058), u(0.072, 0.09), u(0.105, 0.125), u(14, 28)),
            dish=0,
            muzzle=u(0.175, 0.21),
            face=u(0.82, 0.94),
            claw=u(0.03, 0.045),
            size=u(0.8, 0.95),
        )
    if age == "cub":
        b.size *= u(0.38, 0.55)
        b.head *= u(1.25, 1.45)
        b.muzzle *= u(0.72, 0.88)
        b.hump *= 0.5
        b.fat *= u(0.85, 0.95)
        b.ear = (b.ear[0] * 1.1, b.ear[1] * 1.12, *b.ear[2:])
    return b


POSES = ("walk", "stand", "graze", "sit", "upright", "lie", "wade")


def feet_of(pose: str, b: Build, rng):
    "Pelvis height, spine pitch and the four paws (hind left, hind right, fore left, fore right)."
    u = rng.uniform
    wide, stride = u(0.15, 0.2), u(0.12, 0.3) if pose in ("walk", "wade", "graze") else u(0, 0.08)
    s = rng.choice([-1, 1])
    if pose == "sit":
        pitch, fore = u(52, 74), u(0.55, 0.8)
        lift = [u(0.1, 0.5) if rng.random() < 0.2 else 0.06 for _ in "lr"]
        return (
            0.27,
            pitch,
            [vec(u(0.35, 0.5), 0.33, 0.08), vec(u(0.35, 0.5), -0.33, 0.08), vec(fore, 0.14, lift[0]), vec(fore, -0.14, lift[1])],
        )
    if pose == "upright":
        z = b.leg * 0.66
        hang = [vec(u(0.2, 0.45), u(0.12, 0.3), z + u(0.25, 0.75)), vec(u(0.2, 0.45), -u(0.12, 0.3), z + u(0.25, 0.75))]
        return z, u(76, 92), [vec(0.05, 0.2, 0.06), vec(0.02, -0.2, 0.06), *hang]
    if pose == "lie":
        return (
            0.27,
            u(-2, 8),
            [
                vec(u(0.2, 0.45), 0.4, 0.07),
                vec(u(0.2, 0.45), -0.4, 0.07),
                vec(u(1.3, 1.6), u(0.1, 0.3), 0.07),
                vec(u(1.3, 1.6), -u(0.1, 0.3), 0.07),
            ],
        )
    z = b.leg * 0.68
    return (
        z,
        u(-5, 5),
        [
            vec(-0.02 + s * stride, wide, 0.06),
            vec(-0.02 - s * stride, -wide, 0.06),
            vec(0.95 - s * stride, wide, 0.06),
            vec(0.95 + s * stride, -wide, 0.06),
        ],
    )


def add_torso(fig: Figure, b: Build, pelvis, along, up):
    "Rump, belly, chest, shoulders and, for grizzlies, the hump."
    side = np.cross(up, along)
    f, back = b.fat, -along * 0.8 - up * 0.6
    at = lambda t, h=0.0, y=0.0: pelvis + along * t + up * h + side * y
    fig.body.chain(
        "back",
        [
            (at(-0.16, -0.05), (0.2, 0.2, 0.22)),
            (at(0, 0.0), (0.25, 0.25 * f, 0.28)),
            (at(0.35, -0.03 * f), (0.27, 0.29 * f, 0.31 * f)),
            (at(0.68, -0.02), (0.27, 0.28 * f, 0.33)),
            (at(0.9, 0.03), (0.24, 0.25, 0.3)),
        ],
        flow=back,
        steps=5,
        up=up,
    )
    fig.body.chain(
        "belly", [(at(0.15, -0.14), (0.2, 0.2 * f, 0.2 * f)), (at(0.6, -0.13), (0.2, 0.2 * f, 0.22 * f))], flow=back, up=up
    )
    if b.hump:
        h = b.hump
        fig.body.chain(
            "hump",
            [
                (at(0.55, 0.2), (0.16, 0.13, 0.13)),
                (at(0.78, 0.24 + 0.07 * h), (0.18, 0.15, 0.15)),
                (at(0.98, 0.18), (0.14, 0.13, 0.14)),
            ],
            flow=back,
            up=up,
        )
    fig.body.add("back", at(-0.36, 0.02), (0.07, 0.06, 0.07), back)
    return at


def add_legs(fig: Figure, b: Build, at, along, feet):
    "Four legs by two-bone joints, paws and claws."
    forward = vec(1, 0, 0)
    for k, foot in enumerate(feet):
        hind, side = k < 2, 1 if k % 2 == 0 else -1
        root = at(0.0, -0.06, side * 0.17) if hind else at(0.86, -0.1, side * 0.19)
        length = 0.40 * b.leg
        bend = forward * (1 if hind else -1) + vec(0, side * 0.35, 0.1)
        foot = root + unit(foot - root) * min(np.linalg.norm(foot - root), 2 * length)
        joint = elbow(root, foot, length, length, bend)
        thick = (0.2, 0.125, 0.085) if hind else (0.17, 0.12, 0.09)
        fig.body.limb("leg", [root, joint, foot], list(thick))
        toe = forward if foot[2] < 0.3 else unit(foot - joint) * 0.8 + forward * 0.2
        toe = unit(toe * vec(1, 1, 0) if foot[2] < 0.3 else toe)
        paw = foot + toe * 0.09 - vec(0, 0, 0.015)
        fig.body.chain("paw", [(foot, (0.085, 0.09, 0.065)), (paw, (0.08, 0.095, 0.055))], flow=toe, steps=3)
        across = np.cross(vec(0, 0, 1), toe)
        for j in np.linspace(-0.068, 0.068, 5):
            base = paw + toe * 0.07 + across * j + vec(0, 0, 0.01)
            fig.claws.append((base, base + toe * b.claw - vec(0, 0, b.claw * 0.45), 0.011))


def add_head(fig: Figure, b: Build, at, h, gape: float):
    "Skull, muzzle, ears, eyes, nose and mouth; `h` is the head's frame, `at` its place."
    k, w, m, d = b.head, b.face, b.muzzle, b.dish
    p = lambda x, y, z: at + h @ vec(x, y, z) * k
    back = lambda x=-1.0, y=0.0, z=0.0: h @ vec(x, y, z)
    fig.face, fig.face_at = h, at
    add = lambda region, c, r, fl: fig.head.add(region, p(*c), np.array(r) * k, fl, h)
    add("skull", (0, 0, 0.0), (0.18, 0.155 * w, 0.15), back(-1, 0, 0.1))
    add("neck", (-0.17, 0, -0.05), (0.19, 0.175, 0.18), back(-1, 0, -0.5))
    add("skull", (0.08, 0, 0.035 + 0.03 * d), (0.10, 0.105 * w, 0.085), back(-1, 0, 0.2))
    for s in (1, -1):
        add("cheek", (0.0, s * 0.085 * w, -0.06), (0.12, 0.095, 0.11), back(-0.8, s * 0.5, -0.5))
        add("brow", (0.125, s * 0.055 * w, 0.045 + 0.018 * d), (0.045, 0.04, 0.032), back(-0.8, s * 0.3, 0.5))
    brow, tip = 0.03 - 0.045 * d, -0.045 - 0.004 * d
    for t in np.linspace(0, 1, 7):
        r = 0.092 - 0.028 * t
        x = 0.12 + t * m
        region = "bridge" if t < 0.3 else "muzzle"
        add(region, (x, 0, brow + t * (tip - brow) - 0.012), (0.06, r * (1 - 0.08 * t), r * 0.82), back(-1, 0, 0.15))
    jaw = turn(1, gape)
    hinge = vec(0.08, 0, -0.09)
    for t in np.linspace(0, 1, 5):
        c = hinge + jaw @ vec(t * (m + 0.005), 0, -0.01)
        add("chin" if t > 0.3 else "cheek", c, (0.06, 0.062 - 0.022 * t, 0.042 - 0.012 * t), back(-1, 0, -0.2))
    add_ears(fig, b, p, h, k)
    add_face(fig, b, p, h, k, (brow, tip), gape, hinge, jaw)


def add_ears(fig: Figure, b: Build, p, h, k: float):
    "Two cupped ears, turned a little outward."
    wide, high, place, tilt = b.ear
    for s in (1, -1):
        m = h @ turn(0, -s * tilt) @ turn(2, s * 20)
        c = p(-0.035, s * place * b.face, 0.135 - (0.01 if b.hump else 0))
        fig.head.add("ear", c, np.array((0.028, wide, high)) * k, m @ vec(-0.3, 0, 1), m)
        fig.head.add("ear", c - m @ vec(0.01, 0, 0.04) * k, np.array((0.04, wide * 0.8, 0.05)) * k, m @ vec(-0.3, 0, 1), m)
        fig.head.add(
            "inner ear", c + m @ vec(0.022, 0, 0.004) * k, np.array((0.012, wide * 0.55, high * 0.55)) * k, m @ vec(0.2, 0, 1), m
        )


def add_face(fig: Figure, b: Build, p, h, k: float, bridge, gape: float, hinge, jaw):
    "Eyes, nose, lips, and the inside of an open mouth."
    m, (brow, tip) = b.muzzle, bridge
    for s in (1, -1):
        fig.eyes.append((p(0.157, s * 0.072 * b.face, brow + 0.052), 0.023 * k))
    end = 0.12 + m + 0.045
    fig.nose = (p(end, 0, tip + 0.014), np.array((0.03, 0.043, 0.033)) * k, h)
    drop = tip - 0.045
    fig.mouth = [
        p(end - 0.125 + 0.1 * (1 - abs(t)) ** 0.5 - 0.05 * abs(t), t * 0.068, drop - 0.015 * abs(t))
        for t in np.linspace(-1, 1, 13)
    ]
    if gape > 8:
        c = (hinge + jaw @ vec(m * 0.55, 0, 0) + vec(0.08 + m * 0.55, 0, drop)) / 2
        fig.gape = (p(*c), np.array((0.1, 0.045, 0.02 + gape * 0.0012)) * k, h @ turn(1, gape / 2))
        for s in (1, -1):
            upper = vec(0.12 + m - 0.005, s * 0.036, drop + 0.01)
            lower = hinge + jaw @ vec(m - 0.01, s * 0.028, 0.02)
            fig.teeth += [
                (p(*upper), p(*(upper - vec(0, 0, 0.05))), 0.009 * k),
                (p(*lower), p(*(lower + jaw @ vec(0, 0, 0.045))), 0.008 * k),
            ]


def pose_bear(b: Build, pose: str, rng, look: tuple | None = None, gape: float = 0, blaze: bool = False) -> Figure:
    """The posed bear, heading +x and standing on z=0, in metres.

    `look` is (yaw, pitch) of the face in degrees against the heading; drawn when None.
    """
    fig = Figure()
    height, pitch, feet = feet_of(pose, b, rng)
    along = turn(1, -pitch) @ turn(2, rng.uniform(-12, 12)) @ vec(1, 0, 0)
    up = unit(vec(0, 0, 1) - along * along[2]) if pitch < 70 else unit(turn(1, -pitch) @ vec(0, 0, 1))
    pelvis = vec(0, 0, height)
    at = add_torso(fig, b, pelvis, along, up)
    add_legs(fig, b, at, along, feet)
    if blaze:
        fig.body.add("blaze", at(1.05, -0.1), (0.08, 0.15, 0.08), vec(0, 0, -1))
    if look is None:
        look = (rng.uniform(-45, 45), rng.uniform(-22, 12))
    neck = {
        "graze": rng.uniform(-58, -30),
        "sit": rng.uniform(35, 65),
        "upright": rng.uniform(45, 75),
        "lie": rng.uniform(0, 35),
        "wade": rng.uniform(5, 30),
    }.get(pose, rng.uniform(-22, 22))
    if pose == "graze":
        look = (look[0] * 0.6, rng.uniform(-60, -30))
    if pose == "wade":
        look = (look[0], rng.uniform(-10, 8))
    root = at(0.92, 0.08)
    yaw = look[0] * 0.5
    reach = turn(2, yaw) @ turn(1, -neck) @ vec(0.40 + 0.05 * b.head, 0, 0)
    face_at = root + reach
    h = turn(2, look[0]) @ turn(1, -look[1]) @ turn(0, rng.normal() * 6)
    thick = b.fat**0.5
    fig.body.chain(
        "neck",
        [
            (at(0.8, 0.05), (0.22, 0.25 * thick, 0.27)),
            (root + reach * 0.45, (0.2, 0.21 * thick, 0.23)),
            (face_at - h @ vec(0.1, 0, 0.03) * b.head, (0.16, 0.165 * b.head, 0.165 * b.head)),
        ],
        flow=-unit(reach) * 0.8 - vec(0, 0, 0.7),
        steps=5,
    )
    add_head(fig, b, face_at, h, gape)
    return scaled(fig, b.size)


def scaled(fig: Figure, size: float, matrix=np.eye(3), shift=np.zeros(3)) -> Figure:
    "The figure scaled, turned and moved."
    go = lambda p: matrix @ np.asarray(p) * size + shift
    ball = lambda t: (go(t[0]), t[1] * size, matrix @ t[2]) if len(t) else ()
    cone = lambda t: (go(t[0]), go(t[1]), t[2] * size)
    return Figure(
        fig.body.moved(matrix, shift, size),
        fig.head.moved(matrix, shift, size),
        [(go(c), r * size) for c, r in fig.eyes],
        ball(fig.nose),
        [cone(t) for t in fig.claws],
        [go(p) for p in fig.mouth],
        ball(fig.gape),
        [cone(t) for t in fig.teeth],
        matrix @ fig.face,
        go(fig.face_at),
    )
