"""The skeletons and poses of cats and dogs."""

import numpy as np

from bear import Figure
from breeds import Breed
from shapes import elbow, turn, unit, vec

POSES = {"stand": 0.22, "sit": 0.46, "lie": 0.32}
NOSES = {"cat": (0.018, 0.024, 0.016), "dog": (0.03, 0.038, 0.03)}


def feet_of(pose: str, b: Breed, rng) -> tuple:
    "Height of the pelvis, pitch of the spine, and the four feet (hind left, hind right, fore left, fore right)."
    u, wide = rng.uniform, b.girth * 0.7
    low = b.bone * 0.8
    if pose == "sit":
        pitch = u(48, 62)
        fore = b.length * np.cos(np.radians(pitch)) + u(0.0, 0.1)
        hind = [vec(u(0.12, 0.2), s * (b.girth + 0.06), low) for s in (1, -1)]
        return b.girth * 1.1, pitch, [*hind, *(vec(fore + u(-0.02, 0.03), s * wide * 0.75, low) for s in (1, -1))]
    if pose == "lie":
        hind = [vec(u(0.05, 0.18), s * (b.girth + 0.05), low) for s in (1, -1)]
        return b.girth, u(4, 14), [*hind, *(vec(b.length + u(0.12, 0.24), s * wide * 0.9, low) for s in (1, -1))]
    step = u(0, 0.09) * rng.choice([-1, 1])
    hind = [vec(-0.04 + s * step, s * wide, low) for s in (1, -1)]
    return b.leg + 0.03, u(-3, 4), [*hind, *(vec(b.length * 0.92 - s * step, s * wide, low) for s in (1, -1))]


def add_torso(fig: Figure, b: Breed, pelvis, along, up):
    "Rump, belly and chest; dogs have a deep chest and a narrow waist."
    g, side, back = b.girth, np.cross(up, along), -along * 0.85 - up * 0.5
    at = lambda t, h=0.0, y=0.0: pelvis + along * t * b.length + up * h + side * y
    waist = 0.98 if b.kind == "cat" else 0.88
    nodes = [(-0.12, 0, 0.8), (0.15, 0, 1.0), (0.5, 0, waist), (0.82, -0.01, 1.06), (1.0, 0.01, 0.85)]
    fig.body.chain("back", [(at(t, h), (g, g * r * 0.92, g * r)) for t, h, r in nodes], flow=back, steps=4, up=up)
    fig.body.chain("belly", [(at(t, -g * 0.35), g * 0.78 * waist) for t in (0.15, 0.6)], flow=back, up=up)
    fig.body.chain("chest", [(at(0.86, -g * 0.4), g * 0.8), (at(1.02, -g * 0.15), g * 0.72)], flow=vec(0.1, 0, -1), up=up)
    return at


def add_legs(fig: Figure, b: Breed, at, along, feet):
    "Four legs by two-bone joints; a bone is as long as it must be for its paw to stand on the ground."
    forward = vec(1, 0, 0)
    for k, foot in enumerate(feet):
        hind, side = k < 2, 1 if k % 2 == 0 else -1
        root = at(0.05, -b.girth * 0.15, side * b.girth * 0.62) if hind else at(0.9, -b.girth * 0.3, side * b.girth * 0.6)
        bone = max(b.leg * 0.52, np.linalg.norm(foot - root) / 1.97)
        joint = elbow(root, foot, bone, bone, forward * (1 if hind else -1) + vec(0, side * 0.3, 0.1))
        thick = (b.girth * 0.78, b.bone * 1.35, b.bone) if hind else (b.girth * 0.6, b.bone * 1.2, b.bone)
        fig.body.limb("leg", [root, joint, foot + vec(0, 0, b.bone * 0.3)], list(thick))
        toe = foot + forward * b.bone * 0.9
        fig.body.chain("paw", [(foot, b.bone * vec(1.1, 1.1, 0.85)), (toe, b.bone * vec(1.1, 1.2, 0.75))], flow=forward, steps=3)
        for j in (-0.75, -0.25, 0.25, 0.75):
            fig.body.add("paw", toe + b.bone * vec(0.7 - 0.25 * abs(j), j, -0.1), b.bone * vec(0.5, 0.3, 0.5), forward)


def add_tail(fig: Figure, b: Breed, at, pose: str, rng):
    "A tail: long and low, raised, hanging, or curled over the back."
    kind, length, thick = b.tail
    t, s = np.linspace(0, 1, 12), rng.choice([-1, 1])
    if kind == "curl":
        a = t * 5.0
        x, z, y = -0.10 * np.sin(a), 0.16 * (1 - np.cos(a)) * 0.8, s * 0.04 * t
        x, z = x + 0.05 * t, z + 0.02
    elif kind == "up":
        x, z, y = -length * 0.45 * t, length * (t**1.5) * 0.85, s * 0.05 * t
    elif kind == "down" or pose == "stand":
        x, z, y = -length * (0.25 * t + 0.3 * t * t), -length * 0.75 * t, s * 0.1 * t
    else:  # along the ground, round the body
        x, z, y = -0.12 + 0.12 * np.cos(t * 3.4), -t, s * (0.05 + b.girth * 2.0) * np.sin(t * 2.0)
    root = at(-0.14, b.girth * 0.4 if kind != "curl" else b.girth * 0.75)
    points = root + np.stack([x, y, z], 1)
    points[:, 2] = np.maximum(points[:, 2], thick)
    radii = thick * (1.15 - 0.45 * t)
    nodes = list(zip(points, radii))
    fig.body.chain("tail", nodes[:9], steps=3)
    fig.body.chain("tail tip", nodes[8:], steps=3)


def add_head(fig: Figure, b: Breed, at, h, gape: float):
    "Skull, muzzle, ears, eyes, nose and mouth; `h` is the head's frame, `at` its place."
    k, w = b.head, b.skull
    p = lambda x, y, z: at + h @ vec(x, y, z) * k
    back = lambda x=-1.0, y=0.0, z=0.0: h @ vec(x, y, z)
    fig.face, fig.face_at = h, at
    add = lambda region, c, r, fl=back(): fig.head.add(region, p(*c), np.array(r) * k, fl, h)
    add("skull", (-0.02, 0, 0.01), (0.155, w, 0.145), back(-1, 0, 0.1))
    add("neck", (-0.1, 0, -0.09), (0.12, w * 0.8, 0.12), back(-0.8, 0, -0.6))
    for s in (1, -1):
        add("cheek", (0.01, s * w * 0.55, -0.055), (b.cheek * 1.2, b.cheek, b.cheek), back(-0.7, s * 0.6, -0.5))
        add("brow", (0.075, s * w * 0.4, 0.075), (0.045, 0.045, 0.03), back(-0.6, s * 0.4, 0.6))
    (add_cat_face if b.kind == "cat" else add_dog_face)(fig, b, add, p, h, gape)
    add_ears(fig, b, p, h)
    r, y, z = b.eye
    for s in (1, -1):
        fig.eyes.append((p(0.13, s * y, z), r * k))


def add_cat_face(fig: Figure, b: Breed, add, p, h, gape: float):
    "A short nose above two whisker pads."
    back = lambda x=-1.0, y=0.0, z=0.0: h @ vec(x, y, z)
    m, s_ = b.muzzle, b.snout
    flat = m <= 0.01
    tip = 0.135 + m
    add("bridge", (0.09, 0, 0.02), (0.05, 0.04, 0.05), back(-0.5, 0, 0.8))
    if not flat:
        for t in np.linspace(0, 1, 4):
            add("bridge", (0.09 + t * (tip - 0.115), 0, 0.02 - 0.05 * t), (0.04, 0.036 - 0.008 * t, 0.034), back(-0.6, 0, 0.7))
    for s in (1, -1):
        add("muzzle", (tip - 0.045, s * s_ * 0.6, -0.064), (0.05, s_ * 0.75, 0.04), back(-0.7, s * 0.6, -0.1))
    add("muzzle", (tip - 0.04, 0, -0.05), (0.04, 0.03, 0.035), back(-0.5, 0, -0.6))
    add("chin", (tip - 0.05, 0, -0.105), (0.045, 0.045, 0.032), back(-0.6, 0, -0.6))
    fig.nose = (p(tip - 0.002, 0, -0.028 if not flat else -0.015), np.array(NOSES["cat"]) * b.head, h)
    low = -0.088
    y = np.linspace(-1, 1, 21)
    fig.mouth = [p(tip + 0.002 - 0.025 * abs(v), v * s_ * 0.95, low - 0.012 * np.sin(abs(v) * 3.1)) for v in y]


def add_dog_face(fig: Figure, b: Breed, add, p, h, gape: float):
    "A muzzle below the brow, with lips, chin and a broad nose; an open mouth shows the tongue."
    back = lambda x=-1.0, y=0.0, z=0.0: h @ vec(x, y, z)
    m, wide = b.muzzle, b.snout
    top = 0.025 - 0.035 * b.stop
    for t in np.linspace(0, 1, 6):
        r = wide * (1.1 - 0.3 * t)
        add("bridge" if t < 0.3 else "muzzle", (0.09 + t * m, 0, top - 0.035 - 0.022 * t), (0.055, r, 0.058 - 0.006 * t), back(-1, 0, 0.1))
    for s in (1, -1):
        add("muzzle", (0.085 + m * 0.8, s * wide * 0.5, top - 0.075), (0.055, wide * 0.5, 0.042), back(-0.8, s * 0.4, -0.3))
    jaw, hinge = turn(1, gape), vec(0.03, 0, -0.1)
    for t in np.linspace(0.2, 1, 5):
        c = hinge + jaw @ vec(t * (m + 0.06), 0, -0.005)
        add("chin" if t > 0.3 else "cheek", c, (0.05, wide * (0.85 - 0.25 * t), 0.032), back(-1, 0, -0.2))
    end = 0.09 + m + 0.035
    fig.nose = (p(end, 0, top - 0.022), np.array(NOSES["dog"]) * b.head * (0.75 + wide * 3.6) , h)
    drop = top - 0.105
    fig.mouth = [p(end - 0.02 - 0.13 * abs(v) ** 1.5, v * wide * 1.0, drop - 0.014 * np.sin(abs(v) * 3.1)) for v in np.linspace(-1, 1, 21)]
    if gape > 8:
        mid = (hinge + jaw @ vec(m * 0.6 + 0.05, 0, 0) + vec(0.07 + m * 0.6, 0, drop)) / 2
        fig.gape = (p(*mid), np.array((0.06 + m * 0.3, wide * 0.62, 0.02 + gape * 0.0013)) * b.head, h @ turn(1, gape / 2))


def add_ears(fig: Figure, b: Breed, p, h):
    "Pricked ears open to the front; drop and folded ears hang beside the cheek."
    kind, wide, long, place, tilt = b.ear
    k = b.head
    for s in (1, -1):
        if kind == "prick":
            m = h @ turn(0, -s * tilt) @ turn(2, s * 22)
            foot = p(-0.035, s * place, 0.10)
            for t in np.linspace(0, 1, 9):
                r = np.array((0.026 - 0.012 * t, wide * (1 - 0.9 * t) + 0.006, 0.03)) * k
                fig.head.add("ear", foot + m @ vec(-0.012 * t, 0, long * t) * k, r, m @ vec(-0.3, 0, 1), m)
            for t in np.linspace(0.12, 0.72, 6):
                r = np.array((0.012, wide * (0.72 - 0.75 * t) + 0.004, 0.02)) * k
                fig.head.add("inner ear", foot + m @ vec(0.019 - 0.022 * t, 0, long * t) * k, r, m @ vec(0.1, 0, 1), m)
            continue
        out = 0.02 if kind == "drop" else 0.045
        root = vec(-0.02 if kind == "drop" else 0.0, s * place * 0.82, 0.11 if kind == "fold" else 0.075)
        for t in np.linspace(0, 1, 9):
            x = root[0] + (0.03 if kind == "drop" else 0.07) * t
            c = (x, root[1] + s * (out * np.sin(t * 2.2) + 0.035 * min(t * 4, 1)), root[2] + 0.02 * np.sin(t * 3.1) - long * t**1.3)
            r = np.array((wide * (0.55 + 0.5 * np.sin(t * 3.0)) * (1 - 0.25 * t), 0.02, 0.04)) * k
            fig.head.add("ear", p(*c), r, h @ vec(0.1, s * 0.3, -1), h @ turn(2, -s * 20))


def pose_pet(b: Breed, pose: str, rng, look: tuple, gape: float = 0) -> Figure:
    "The posed animal, heading +x and resting on z=0; `look` is (yaw, pitch) of the face in degrees against the heading."
    fig = Figure()
    height, pitch, feet = feet_of(pose, b, rng)
    along = turn(1, -pitch) @ turn(2, rng.uniform(-10, 10)) @ vec(1, 0, 0)
    up = unit(vec(0, 0, 1) - along * along[2])
    at = add_torso(fig, b, vec(0, 0, height), along, up)
    add_legs(fig, b, at, along, feet)
    add_tail(fig, b, at, pose, rng)
    rise = {"stand": rng.uniform(25, 55), "sit": rng.uniform(55, 80), "lie": rng.uniform(45, 75)}[pose]
    root = at(0.95, b.girth * 0.35)
    reach = turn(2, look[0] * 0.4) @ turn(1, -rise) @ vec(b.neck + b.head * 0.1, 0, 0)
    h = turn(2, look[0]) @ turn(1, -look[1]) @ turn(0, rng.normal() * 7)
    face_at = root + reach
    nape = face_at - h @ vec(0.09, 0, 0.06) * b.head
    thick = b.girth * (0.72 if b.kind == "cat" else 0.7)
    flow = -unit(reach) * 0.9 - vec(0.1, 0, 0.4)
    fig.body.chain("neck", [(at(0.86), b.girth * 0.85), (root + reach * 0.4, thick), (nape, b.skull * b.head * 0.72)], flow=flow, steps=5)
    front = h @ vec(0.03, 0, -0.02) * b.head
    fig.body.chain("ruff", [(at(0.98, -b.girth * 0.3) + vec(0.02, 0, 0), thick * 0.85), (nape + front - vec(0, 0, 0.05), thick * 0.8)], flow=vec(0.25, 0, -1), steps=4)
    add_head(fig, b, face_at, h, gape)
    return fig
