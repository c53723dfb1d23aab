"""Teddy bears: sewn plush with button eyes, stitched noses and seams, mostly indoors."""

from dataclasses import dataclass, field

import numpy as np

import fur
import stage
from coat import jitter, linear
from finish import finish
from places import View
from rooms import CLOTH, room_of
from shapes import Blobs, frame, turn, unit, vec

COLOURS = {  # name: (share, body, pale parts)
    "tan": (0.20, "b98a5a", "e0c49c"),
    "honey": (0.13, "c4873f", "e6bf83"),
    "brown": (0.15, "74482a", "b98d62"),
    "dark brown": (0.07, "43291b", "8d6647"),
    "beige": (0.11, "d3b893", "efe0c8"),
    "cream": (0.07, "eadcc2", "f6efe2"),
    "white": (0.06, "eeece8", "faf8f4"),
    "grey": (0.04, "96918b", "cfcac3"),
    "pink": (0.06, "e79ab4", "f8d9e2"),
    "red": (0.04, "b8202c", "e8a0a0"),
    "blue": (0.03, "7fa6d2", "d5e4f2"),
    "purple": (0.02, "8f6fc0", "d9cbee"),
    "golden": (0.02, "e0a62c", "f4d98f"),
}
PILES = {  # name: (share, length, curl, lift, lock)
    "short plush": (0.42, 0.022, 0.10, 0.75, 0.018),
    "long plush": (0.22, 0.045, 0.15, 0.55, 0.03),
    "curly mohair": (0.22, 0.040, 0.45, 0.8, 0.022),
    "velvet": (0.14, 0.009, 0.0, 0.9, 0.012),
}
POSES = {"sitting": 0.72, "standing": 0.17, "lying": 0.11}
FRAMES = {"whole": 0.78, "bust": 0.14, "head": 0.08}
ROOMS = {
    "white studio": 0.44,
    "pastel studio": 0.08,
    "wooden table": 0.09,
    "sofa": 0.10,
    "bed": 0.08,
    "shelf": 0.06,
    "shop": 0.07,
    "window sill": 0.03,
    "lawn": 0.04,
}
CLOTHES = {"nothing": 0.44, "bow": 0.26, "scarf": 0.06, "shirt": 0.13, "heart": 0.08, "ribbon": 0.03}


def lot(table: dict, rng) -> str:
    "A name drawn by its share, which stands alone or first in the row."
    share = np.array([v[0] if isinstance(v, tuple) else v for v in table.values()])
    return str(rng.choice(list(table), p=share / share.sum()))


def draw_lots(rng) -> dict:
    "What is in the picture."
    room = lot(ROOMS, rng)
    others = int(rng.integers(2, 5)) if room == "shop" else int(rng.random() < 0.13) * int(rng.integers(1, 3))
    return dict(
        colour=lot(COLOURS, rng),
        pile=lot(PILES, rng),
        pose=lot(POSES, rng),
        frame=lot(FRAMES, rng),
        room=room,
        clothes=lot(CLOTHES, rng),
        others=others,
    )


def describe(lots: dict) -> str:
    "An honest one-line description of the drawn scene."
    wear = "" if lots["clothes"] == "nothing" else f", {lots['clothes']}"
    with_ = f", {lots['others'] + 1} teddies" if lots["others"] else ""
    view = {"whole": "whole body", "bust": "head and chest", "head": "head close-up"}[lots["frame"]]
    return f"drawn teddy, {lots['colour']}, {lots['pile']}, {lots['pose']}{wear}{with_}, {view}, {lots['room']}"


@dataclass
class Toy:
    "A teddy: skin blobs and what is sewn on. It faces +x and rests on z=0."

    blobs: Blobs
    torso: Blobs
    face_at: np.ndarray
    face: np.ndarray
    scale: float
    muzzle: tuple  # centre and radii in the frame of the face
    neck: tuple = ()
    belly: np.ndarray = None
    extras: list = field(default_factory=list)


def limbs(pose: str, rng) -> tuple:
    "Ends of arms and legs (left side; the right is mirrored with its own jitter)."
    u = rng.uniform
    if pose == "standing":
        return (
            [vec(u(0.0, 0.22), u(0.28, 0.42), u(0.38, 0.62)) for _ in "lr"],
            [vec(u(-0.02, 0.06), u(0.11, 0.17), 0.10) for _ in "lr"],
            0.36,
        )
    arms = [vec(u(0.1, 0.3), u(0.24, 0.36), u(0.16, 0.34)) for _ in "lr"]
    if rng.random() < 0.15:
        arms[int(rng.integers(2))] = vec(0.05, 0.42, u(0.5, 0.75))
    return arms, [vec(u(0.36, 0.5), u(0.15, 0.32), u(0.09, 0.13)) for _ in "lr"], 0.0


def sew(lots: dict, rng) -> Toy:
    "The blobs of a teddy."
    u = rng.uniform
    arms, legs, rise = limbs(lots["pose"], rng)
    fat, head = u(0.88, 1.12), u(0.85, 1.22)
    b = Blobs()
    down = (0.15, 0, -1)
    torso = [
        (vec(0, 0, 0.18 + rise), (0.19 * fat, 0.22 * fat, 0.19)),
        (vec(0.01, 0, 0.36 + rise), (0.165 * fat, 0.18 * fat, 0.19)),
        (vec(0, 0, 0.47 + rise), (0.13, 0.15, 0.12)),
    ]
    b.chain("body", torso, flow=down)
    clothes = Blobs()
    clothes.chain("cloth", torso, flow=down)
    face = turn(2, rng.normal(0, 9)) @ turn(1, rng.normal(0, 7)) @ turn(0, rng.normal(0, 7))
    at = vec(0.02, 0, 0.53 + rise + 0.165 * head)
    for k, side in enumerate((1, -1)):
        mirror = vec(1, side, 1)
        shoulder, hand = vec(0, 0.15, 0.46 + rise) * mirror, (arms[k] + vec(0, 0, rise * 0.2)) * mirror
        middle = (shoulder + hand) / 2 + vec(-0.02, 0.05 * side, 0)
        b.limb("limb", [shoulder, middle, hand], [0.075, 0.082 * fat, 0.085])
        clothes.limb("cloth", [shoulder, (shoulder * 2 + middle) / 3, (shoulder + middle * 2) / 3], [0.075, 0.08, 0.083])
        b.add("pad", hand + unit(hand - middle) * 0.045 + vec(0.02, 0, -0.02), (0.058, 0.06, 0.06), unit(hand - middle))
        add_leg(b, vec(0.02, 0.12, 0.13 + rise) * mirror, legs[k] * mirror, fat, lots["pose"], rng)
    muzzle = add_head(b, at, face, head, rng)
    toy = Toy(
        b, clothes, at, face, head, muzzle, (vec(0.01, 0, 0.535 + rise), 0.12 + 0.02 * fat), vec(0.19 * fat, 0, 0.27 + rise)
    )
    return lie_down(toy, rng) if lots["pose"] == "lying" else toy


def add_leg(b: Blobs, hip, foot, fat: float, pose: str, rng):
    "A stubby leg with a round sole."
    b.limb("limb", [hip, (hip + foot) / 2, foot], [0.11, 0.105 * fat, 0.095])
    if pose == "standing":
        b.add("limb", foot + vec(0.06, 0, -0.035), (0.12, 0.085, 0.065), (1, 0, 0))
        return
    toe = unit((foot - hip) * vec(1, 1, 0))
    m = frame(toe)
    b.add("limb", foot + toe * 0.02 + vec(0, 0, 0.045), (0.07, 0.095, 0.13), toe, m)
    b.add("pad", foot + toe * 0.06 + vec(0, 0, 0.045), (0.045, 0.07, 0.10), toe, m)


def add_head(b: Blobs, at, h, k: float, rng) -> tuple:
    "A round head with ears and snout; returns the snout's place and radii in the face's frame."
    u = rng.uniform
    wide, ear = u(0.95, 1.12), u(0.062, 0.09)
    b.add("head", at, np.array((0.175, 0.2 * wide, 0.175)) * k, h @ vec(-1, 0, -0.3), h)
    b.add("head", at + h @ vec(0.03, 0, -0.06) * k, np.array((0.15, 0.2 * wide, 0.12)) * k, h @ vec(-1, 0, -0.5), h)
    spot, size = (vec(u(0.12, 0.17), 0, u(-0.075, -0.04)) * k, np.array((u(0.07, 0.11), u(0.085, 0.11), u(0.07, 0.085))) * k)
    b.add("muzzle", at + h @ spot, size, h @ vec(-1, 0, 0), h)
    for s in (1, -1):
        m = h @ turn(2, s * 14)
        c = at + h @ vec(-0.02, s * u(0.145, 0.165) * wide, u(0.13, 0.165)) * k
        b.add("ear", c, np.array((0.04, ear, ear)) * k, m @ vec(-0.4, 0, 1), m)
        b.add(
            "inner ear", c + m @ vec(0.022, 0, -0.004) * k, np.array((0.026, ear * 0.62, ear * 0.62)) * k, m @ vec(1, 0, 0.2), m
        )
    return spot, size


def lie_down(toy: Toy, rng) -> Toy:
    "The toy on its back or its front."
    m = turn(1, rng.choice([-62, -75, 75])) if rng.random() < 0.6 else turn(0, rng.choice([-70, 70]))
    low = min((m @ c)[2] - r.min() for c, r in zip(toy.blobs.centre, toy.blobs.radii))
    shift = vec(0, 0, -low)
    go = lambda p: m @ p + shift
    return Toy(
        toy.blobs.moved(m, shift),
        toy.torso.moved(m, shift),
        go(toy.face_at),
        m @ toy.face,
        toy.scale,
        toy.muzzle,
        (go(toy.neck[0]), toy.neck[1], m),
        go(toy.belly),
    )


def plush(lots: dict, rng) -> dict:
    "The coat of a teddy by region."
    _, body, pale = COLOURS[lots["colour"]]
    body, pale = jitter(linear(body), rng, 0.14), jitter(linear(pale), rng, 0.1)
    length = PILES[lots["pile"]][1] * rng.uniform(0.8, 1.25)
    pad = [pale, body * 0.45, body, jitter(linear("c9a27a"), rng)][rng.choice(4, p=[0.5, 0.1, 0.2, 0.2])]
    snout = pale if rng.random() < 0.62 else body
    inner = pale if rng.random() < 0.55 else body * 0.8
    of = lambda c, l: (c * 0.85, np.clip(c * 1.15, 0, 0.82), l)
    return {
        "body": of(body, length),
        "limb": of(body, length),
        "head": of(body, length * 0.9),
        "ear": of(body, length * 0.7),
        "muzzle": of(snout, length * 0.5),
        "pad": of(pad, min(length * 0.3, 0.008)),
        "inner ear": of(inner, length * 0.45),
    }


def part_hair_at_seams(skin, toy: Toy):
    "Shorter, darker hair along the sewing lines down the middle of face and belly."
    local = (skin.verts - toy.face_at) @ toy.face
    seam = np.exp(-((local[:, 1] / 0.008) ** 2)) * (local[:, 0] > 0)
    skin.length *= 1 - 0.75 * seam
    skin.root *= (1 - 0.45 * seam)[:, None]
    skin.tip *= (1 - 0.4 * seam)[:, None]


def surface(skin, toy: Toy, y: float, z: float) -> np.ndarray:
    "The foremost spot of the head at (y, z) of the face's frame, in world coordinates."
    local = (skin.verts - toy.face_at) @ toy.face
    near = np.linalg.norm(local[:, 1:] - (y, z), axis=1) + (local[:, 0] < 0) * 9
    k = np.argsort(near)[:5]
    return toy.face_at + toy.face @ vec(local[k, 0].max(), y, z)


def sew_face(skin, toy: Toy, rng, length: float):
    "Button eyes, nose and stitched mouth."
    k, h, (spot, size) = toy.scale, toy.face, toy.muzzle
    gap, r = rng.uniform(0.07, 0.095) * k, rng.uniform(0.018, 0.032) * k
    eyes = [
        (
            surface(skin, toy, s * gap, spot[2] + size[2] + rng.uniform(0.0, 0.012)) + h @ vec(length * 0.35, 0, 0),
            (r * 0.8, r, r),
            h,
        )
        for s in (1, -1)
    ]
    stage.mesh_of(
        "buttons",
        *stage.balls(eyes, 3),
        stage.matt((0.012, 0.008, 0.006) if rng.random() < 0.8 else (0.10, 0.045, 0.015), 0.08, 0.8),
    )
    top = spot[2] + size[2] * 0.35
    nose = surface(skin, toy, 0, top) + h @ vec(length * 0.3, 0, 0)
    wide = rng.uniform(0.028, 0.042) * k
    colour = (0.018, 0.013, 0.012) if rng.random() < 0.75 else (0.09, 0.04, 0.025) if rng.random() < 0.7 else (0.55, 0.2, 0.25)
    stage.mesh_of("nose", *stage.balls([(nose, (0.016 * k, wide, wide * 0.68), h)], 3), stage.matt(colour, 0.45, 0.5))
    down = [surface(skin, toy, 0, top - t * size[2] * 0.75) + h @ vec(length * 0.4, 0, 0) for t in np.linspace(0, 1, 6)]
    lines = [down]
    for s in (1, -1):
        lines.append(
            [
                surface(skin, toy, s * t * wide * 1.3, top - size[2] * (0.75 + 0.22 * np.sin(t * 2.6)))
                + h @ vec(length * 0.4, 0, 0)
                for t in np.linspace(0, 1, 6)
            ]
        )
    points = np.array(lines)
    stage.curves_of(
        "stitches",
        fur.Strands(points, np.full(points.shape, 0.012), np.full(points.shape[:2], 0.0055 * k)),
        stage.matt(None, 0.8, 0.2),
    )


def ring(centre, radius: float, thick: float, tall: float, m=np.eye(3)) -> list:
    "Balls set in a ring, for ribbons and scarves."
    return [
        (centre + m @ (vec(np.cos(a), np.sin(a), 0) * radius), (thick, thick * 2.2, tall), m @ turn(2, np.degrees(a)))
        for a in np.linspace(0, 2 * np.pi, 36, endpoint=False)
    ]


def dress(toy: Toy, clothes: str, length: float, rng):
    "Bow, ribbon, scarf, shirt or a heart over plush of the given length."
    if clothes == "nothing":
        return
    colour = jitter(linear(rng.choice(CLOTH)), rng, 0.12)
    cloth = stage.matt(colour, 0.35 if clothes in ("bow", "ribbon") else 0.85, 0.4)
    m = toy.neck[2] if len(toy.neck) > 2 else np.eye(3)
    if clothes == "heart":
        heart(toy.belly, m, rng)
    elif clothes == "shirt":
        shirt(toy, colour, length, rng)
    else:
        neckwear(toy, clothes, m, cloth, rng)


def neckwear(toy: Toy, clothes: str, m, cloth, rng):
    "A ring about the neck and what hangs from it."
    centre, radius = toy.neck[:2]
    scarf = clothes == "scarf"
    parts = ring(centre, radius + 0.02, 0.03 if scarf else 0.012, 0.045 if scarf else 0.026, m)
    front = centre + m @ vec(radius + 0.055, 0, -0.01)
    big = rng.uniform(0.8, 1.5)
    if clothes == "bow":
        for s in (1, -1):
            lobe, tail = vec(0, s * 0.07 * big, 0.012), vec(0, s * 0.035 * big, -0.075 * big)
            parts += [
                (front + m @ lobe, np.array((0.03, 0.065, 0.045)) * big, m @ turn(0, s * 15)),
                (front + m @ tail, np.array((0.012, 0.024, 0.075)) * big, m @ turn(0, s * 22)),
            ]
        parts.append((front + m @ vec(0.012, 0, 0), np.array((0.028, 0.026, 0.028)) * big, m))
    if scarf:
        parts.append((front + m @ vec(-0.01, 0.05, -0.1), (0.025, 0.05, 0.13), m @ turn(0, 8)))
    stage.mesh_of(clothes, *stage.balls(parts, 3), cloth)


def heart(belly, m, rng):
    "A plush heart held before the belly."
    at, s, blobs = belly + m @ vec(0.05, 0, -0.02), rng.uniform(0.8, 1.3), Blobs()
    for t in np.linspace(0, 1, 6):
        for y in (1, -1):
            wide = 0.072 - 0.045 * t
            blobs.add("heart", at + m @ vec(0, y * 0.062 * (1 - t), 0.05 - 0.14 * t) * s, np.array((0.05, wide, wide)) * s)
    stage.melt(blobs, 0.012, 4, stage.matt(linear(rng.choice(["b3101e", "d8344a", "e79ab4", "f4f0ea"])), 0.5, 0.4))


def shirt(toy: Toy, colour, length: float, rng):
    "A shirt: the trunk and upper arms a little thicker, plain or striped."
    t = toy.torso
    big = Blobs(t.centre, [r + 0.02 + length * 0.45 for r in t.radii], t.turned, t.flow, t.region)
    ob, verts, _ = stage.melt(big, 0.014, 4, stage.matt(None, 0.9, 0.1))
    stripes = np.zeros(len(verts), bool)
    if rng.random() < 0.4:
        stripes = np.sin(verts[:, 2] * rng.uniform(60, 140)) > rng.uniform(-0.2, 0.6)
    second = jitter(linear(rng.choice(CLOTH)), rng)
    stage.set_colours(ob.data, np.where(stripes[:, None], second, colour), "POINT")


def make_toy(lots: dict, rng, look_later: list, shift=np.zeros(3), yaw: float = 0.0):
    "Sew, melt and dress one teddy; fur is grown later, when the camera stands."
    toy = sew(lots, rng)
    m = turn(2, yaw)
    go = lambda p: m @ p + shift
    toy = Toy(
        toy.blobs.moved(m, shift),
        toy.torso.moved(m, shift),
        go(toy.face_at),
        m @ toy.face,
        toy.scale,
        toy.muzzle,
        (go(toy.neck[0]), toy.neck[1], m @ (toy.neck[2] if len(toy.neck) > 2 else np.eye(3))),
        go(toy.belly),
    )
    coat = plush(lots, rng)
    skin = stage.skin_of(toy.blobs, coat, 0.0145, 3, 1.0, stage.matt(None, 0.9, 0.05), under=0.9)
    part_hair_at_seams(skin, toy)
    sew_face(skin, toy, rng, coat["muzzle"][2])
    dress(toy, lots["clothes"], coat["body"][2], rng)
    look_later.append((lots, skin))
    return toy, skin


def grow_pile(lots: dict, skin, look, rng, many: float):
    "The plush of one teddy."
    _, length, curl, lift, lock = PILES[lots["pile"]]
    return fur.grow(
        skin,
        int((34000 if length > 0.015 else 42000) * many),
        look,
        rng,
        lift=lift,
        lock=lock,
        clump=rng.uniform(0.1, 0.5) if length > 0.015 else 0.0,
        curl=curl * rng.uniform(0.7, 1.2),
        mess=rng.uniform(0.15, 0.4),
    )


def picture(species: str, seed: int, index: int, scratch: str, samples: int = 8, threads: int = 1):
    "Draw one teddy picture; returns it and its description."
    rng = np.random.default_rng([seed, index])
    lots = draw_lots(rng)
    stage.empty_scene(samples, threads, seed * 1000 + index)
    later = []
    yaw = rng.normal(0, 18) if rng.random() < 0.85 else rng.uniform(-80, 80)
    toy, skin = make_toy(lots, rng, later, yaw=yaw)
    verts = [skin.verts]
    for k in range(lots["others"]):
        side = (1 if k % 2 else -1) * rng.uniform(0.62, 0.8) * (1 + k // 2)
        extra = dict(
            lots, colour=lot(COLOURS, rng) if rng.random() < 0.6 else lots["colour"], clothes=lot(CLOTHES, rng), pose="sitting"
        )
        verts.append(make_toy(extra, rng, later, vec(rng.uniform(-0.35, 0.0), side, 0), rng.normal(0, 15))[1].verts)
    eye, target, fov, width, distance = aim(lots, toy, verts if rng.random() < 0.75 else verts[:1], rng)
    blur = min(rng.uniform(0.01, 0.12) * width, 0.035 * distance) if rng.random() < 0.75 else 0.0
    look = stage.set_camera(eye, target, fov, blur, (toy.face_at - eye) @ unit(target - eye), rng.normal(0, 2))
    many = 1 / (1 + 0.6 * lots["others"])
    stage.curves_of("pile", fur.Strands.joined([grow_pile(l, s, look, rng, many) for l, s in later]), stage.matt(None, 0.7, 0.2))
    white = room_of(View(look, target, distance, width), lots["room"], rng, float(np.concatenate(verts)[:, 2].max()))
    return finish(stage.render(scratch), rng, white), describe(lots)


def aim(lots: dict, toy: Toy, verts: list, rng) -> tuple:
    "Camera place, target, field of view, width of the frame and distance."
    around = np.concatenate(verts)
    low, high = around.min(0), around.max(0)
    angle = rng.normal(0, 12)
    if lots["pose"] == "lying":
        f = toy.face[:, 0]
        angle += np.degrees(np.arctan2(f[1], f[0])) * 0.8
    rise = rng.uniform(0, 20) if lots["pose"] != "lying" else rng.uniform(15, 50)
    ray = turn(2, angle) @ turn(1, -rise) @ vec(1, 0, 0)
    target = (low + high) / 2
    width = max(np.linalg.norm((high - low)[:2]) * 0.85, high[2] - low[2]) / rng.uniform(0.68, 1.02)
    if lots["frame"] != "whole":
        close = lots["frame"] == "head"
        target = toy.face_at if close else toy.face_at * 0.7 + target * 0.3
        width = rng.uniform(0.42, 0.62) if close else rng.uniform(0.62, 0.85)
    fov = rng.uniform(10, 32)
    distance = width / 2 / np.tan(np.radians(fov) / 2)
    eye = target + ray * distance
    eye[2] = max(eye[2], 0.08)
    return eye, target, fov, width, distance
