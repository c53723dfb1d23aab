"""One picture of a cat or a dog: drawing lots for the scene, then building it."""

import numpy as np

import fur
import stage
from bear import Figure
from breeds import BREEDS, Breed
from coat import jitter, linear
from finish import finish
from pet import POSES, pose_pet
from pet_coat import bare_round_eyes, coat_of, painter
from places import View, wild_place
from rooms import box, clutter, cloth_stuff, shade, sofa
from shapes import turn, unit, vec
from wild import choose

FRAMES = {"head": 0.42, "bust": 0.28, "whole": 0.30}
PLACES = {"sofa": 0.22, "bed": 0.15, "carpet": 0.16, "wooden floor": 0.15, "lawn": 0.28, "snow": 0.04}
LIGHTS = {"overcast": 0.5, "sun": 0.4, "backlit": 0.1}
SIDES = {"front": (0.42, 0, 22), "three-quarter": (0.40, 22, 58), "side": (0.18, 58, 100)}  # share; degrees from the heading


def draw_lots(breed: str, rng) -> dict:
    "What is in the picture. Places, light and framing do not depend on the breed."
    lots = dict(breed=breed, pose=choose(POSES, rng), frame=choose(FRAMES, rng), place=choose(PLACES, rng))
    lots |= dict(light=choose(LIGHTS, rng), side=choose({k: v[0] for k, v in SIDES.items()}, rng))
    mouth, _ = rng.random(2)  # the second lot is spare: without it all pictures would change
    return lots | {"open": mouth < 0.35}


def describe(lots: dict) -> str:
    "An honest one-line description of the drawn scene."
    view = {"head": "head close-up", "bust": "head and shoulders", "whole": "whole body"}[lots["frame"]]
    pose = {"stand": "standing", "sit": "sitting", "lie": "lying"}[lots["pose"]]
    name = lots["breed"].replace("_", " ")
    return f"drawn {BREEDS[lots['breed']].kind}, {name}, {pose}, {view}, {lots['side']} view, {lots['place']}"


def set_face(fig: Figure, verts: np.ndarray):
    "Sink the eyes into the surface of the melted head, and set the lips on it."
    h = fig.face
    local = (verts - fig.face_at) @ h

    def front(y, z, count=6):
        near = np.hypot(local[:, 1] - y, local[:, 2] - z) + (local[:, 0] < 0) * 9
        return local[np.argsort(near)[:count], 0].mean()

    for i, (c, r) in enumerate(fig.eyes):
        e = (np.asarray(c) - fig.face_at) @ h
        e[0] = front(e[1], e[2]) - r * 0.5
        fig.eyes[i] = (fig.face_at + h @ e, r)


def eyeballs(b: Breed, fig: Figure, rng):
    "Eyes with iris, pupil and a bright point of light."
    v, f = stage.ball(5)
    h, iris = fig.face, jitter(linear(rng.choice(b.iris)), rng, 0.15)
    cat = b.kind == "cat"
    slit = rng.uniform(0.2, 0.6)
    verts, faces, colours, lights = [], [], [], []
    spark = unit(vec(0.8, rng.uniform(-0.35, 0.35), rng.uniform(0.25, 0.45)))
    for k, (c, r) in enumerate(fig.eyes):
        s = 1 if k == 0 else -1
        m = h @ turn(2, s * (19 if cat else 4)) @ turn(0, s * 12)
        shape = r * (vec(0.8, 1.0, 0.86) if cat else vec(0.8, 1, 0.9))
        away = np.hypot(v[:, 1], v[:, 2])
        pupil = np.hypot(v[:, 1] / (slit if cat else 0.4), v[:, 2] / (0.68 if cat else 0.4)) < 1
        shine = (1.15 - 0.5 * away + 0.25 * v[:, 2])[:, None]
        colour = np.where((away < (0.92 if cat else 0.72))[:, None], iris * shine, linear("1a120e"))
        verts.append(c + (v * shape) @ m.T)
        faces.append(f + k * len(v))
        colours.append(np.where(pupil[:, None] & (v[:, :1] > 0), 0.004, colour))
        lights.append((c + m @ (spark * shape), (r * 0.11,) * 3, m))
    stage.mesh_of("eyes", np.concatenate(verts), np.concatenate(faces), stage.matt(None, 0.12, 0.35), np.concatenate(colours))
    stage.mesh_of("eyes", *stage.balls(lights, 2), stage.matt((0.9, 0.92, 0.95), 0.5, 0.1, 0.5))


def nose_and_mouth(b: Breed, fig: Figure, verts: np.ndarray, rng):
    "Nose, lips, an open mouth with its tongue, and whiskers."
    c, r, m = fig.nose
    colour = linear(rng.choice(b.nose))
    if b.kind == "cat":
        nose = [(c + m @ vec(0, 0, 0.2) * r, r * vec(0.9, 1, 0.6), m), (c - m @ (vec(0.1, 0, 0.5) * r), r * vec(0.8, 0.5, 0.8), m)]
    else:
        nose = [(c, r, m), (c - m @ (vec(0.3, 0, 0.55) * r), r * vec(0.8, 0.6, 0.7), m)]
        nostril = [(c + m @ (vec(0.82, s * 0.45, -0.1) * r), r * vec(0.25, 0.26, 0.3), m) for s in (1, -1)]
        stage.mesh_of("nostrils", *stage.balls(nostril, 2), stage.matt((0.001, 0.001, 0.001), 1, 0))
    stage.mesh_of("nose", *stage.balls(nose, 3), stage.matt(colour, 0.4, 0.5))
    if fig.gape:
        stage.mesh_of("gape", *stage.balls([fig.gape], 3), stage.matt(linear("3a1414"), 0.5, 0.4))
        g, s, gm = fig.gape
        tongue = [(g + gm @ (vec(0.45 + 0.45 * t, 0, -0.35 - 0.9 * t * t) * s), s * vec(0.3, 0.68 - 0.1 * t, 0.3), gm) for t in np.linspace(0, 1, 6)]
        stage.mesh_of("tongue", *stage.balls(tongue, 3), stage.matt(linear("d07a80"), 0.35, 0.5))
    lips = on_skin(fig, verts, np.array(fig.mouth))[None]
    size = b.head * 0.0045 * (1 if b.kind == "cat" else 1.5)
    dark = np.full(lips.shape, 0.012) if b.kind == "dog" else np.tile(colour * 0.4, (1, lips.shape[1], 1))
    stage.curves_of("lips", fur.Strands(lips, dark, np.full(lips.shape[:2], size)), stage.matt(None, 0.6, 0.3))
    if b.kind == "cat":
        whiskers(b, fig, rng)


def on_skin(fig: Figure, verts, points):
    "Points of the face moved along the face's direction onto the skin."
    local, p = (verts - fig.face_at) @ fig.face, (points - fig.face_at) @ fig.face
    for q in p:
        near = np.argsort(np.hypot(local[:, 1] - q[1], local[:, 2] - q[2]) + (local[:, 0] < 0) * 9)[:4]
        q[0] = local[near, 0].max() + 0.002
    return fig.face_at + p @ fig.face.T


def whiskers(b: Breed, fig: Figure, rng):
    "Long pale hairs beside the nose and over the eyes."
    c, _, h = fig.nose
    t, lines = np.linspace(0, 1, 6)[:, None], []
    for s in (1, -1):
        for _ in range(6):
            root = c + h @ vec(-0.02, s * rng.uniform(0.03, 0.055), rng.uniform(-0.05, -0.015)) * b.head
            way = h @ unit(vec(rng.uniform(-0.1, 0.35), s, rng.uniform(-0.25, 0.25)))
            lines.append(root + t * way * rng.uniform(0.14, 0.24) * b.head + t * t * (h @ vec(-0.03, 0, -0.03)))
    p = np.array(lines)
    dark = b.coat in ("bombay",)
    stage.curves_of("whiskers", fur.Strands(p, np.full(p.shape, 0.25 if dark else 0.7), np.repeat(0.0006 * (1.1 - t.T), len(p), 0)), stage.matt(None, 0.4, 0.4))


def daylight(kind: str, rng, toward) -> float:
    "Light out of doors; returns how bright the surroundings are."
    stage.soft_light(rng.uniform(0.7, 1.1) if kind == "overcast" else 0.6, (0.95, 1.0, 1.1), (0.5, 0.55, 0.4), (0.65, 0.7, 0.75))
    turned = rng.uniform(-75, 75) if kind != "backlit" else rng.uniform(120, 240)
    flat = turn(2, turned) @ unit(toward * vec(1, 1, 0))
    power, soft = (1.0, 60) if kind == "overcast" else (rng.uniform(2.5, 4), rng.uniform(1, 5))
    stage.sun(flat - vec(0, 0, np.tan(np.radians(rng.uniform(30, 65)))), power, soft, (1, 0.95, 0.87))
    return 0.75 if kind == "overcast" else 1.0


def place_of(view: View, lots: dict, rng):
    "The surroundings, indoors or out."
    m = turn(2, np.degrees(np.arctan2(-view.ahead[1], -view.ahead[0])) + rng.normal() * 8)
    close = lots["frame"] == "head"
    if lots["place"] in ("lawn", "snow"):
        light = daylight(lots["light"], rng, view.look.toward)
        wild_place(view, {"lawn": "park", "snow": "snow"}[lots["place"]], rng, light, 0.0, close)
        return
    warm = rng.uniform(0.9, 1.05)
    stage.soft_light(rng.uniform(0.75, 1.15), (1.1, 1.05 * warm, 1.0 * warm), (0.6, 0.52, 0.45), (0.5, 0.45, 0.4))
    stage.sun(m @ vec(-1, rng.uniform(-1.2, 1.2), -1.0), rng.uniform(1.0, 3.0), 20, (1, 0.96, 0.9))
    back = 0.75 if lots["frame"] == "whole" else 0.55
    wall = cloth_stuff(shade(rng, "white", "grey", "beige", "rose", "green", "blue", "dark"), rng, "paint")
    far = rng.uniform(0.9, 2.4) * max(view.width, 0.8) + back
    centre = view.target * vec(1, 1, 0)
    box(centre + m @ vec(-far - 0.1, 0, 1), (0.1, 9, 6), wall, m)
    if lots["place"] == "sofa":
        sofa_behind(m, centre, back, rng)
    else:
        soft = lots["place"] in ("bed", "carpet")
        tones = ("white", "rose", "blue", "beige", "grey", "green") if soft else ("wood", "pale wood", "white", "dark")
        box(centre + vec(0, 0, -0.1), (9, 9, 0.1), cloth_stuff(shade(rng, *tones), rng, "fabric" if soft else "wood"), m, 0.02)
    if rng.random() < 0.5:
        clutter(m, far, view.width, rng)


def sofa_behind(m, centre, back: float, rng):
    "A seat under the animal, a rest behind it, and at times a cushion."
    cloth = cloth_stuff(shade(rng, "grey", "blue", "beige", "rose", "green", "dark", "white"), rng, "fabric")
    box(centre + m @ vec(0.3, 0, -0.3), (1.4, 3, 0.3), cloth, m, 0.12)
    box(centre + m @ vec(-back - 0.25, 0, 0.3), (0.2, 3, 0.6), cloth, m @ turn(1, -8), 0.15)
    if rng.random() < 0.5:
        spot = centre + m @ vec(-back, rng.choice([-1, 1]) * rng.uniform(0.4, 0.8), 0.3)
        box(spot, (0.1, 0.33, 0.33), cloth_stuff(shade(rng, "white", "blue", "rose", "green", "dark", "beige"), rng, "fabric"), m @ turn(1, -18), 0.09)


def picture(breed: str, seed: int, index: int, scratch: str, samples: int = 4, threads: int = 1):
    "Draw one pet; returns the picture and its description."
    rng = np.random.default_rng([seed, index])
    lots, b = draw_lots(breed, rng), BREEDS[breed]
    stage.empty_scene(samples, threads, seed * 1000 + index)
    coat, mark = coat_of(b, rng)
    gape = rng.uniform(14, 24) * min(1, b.muzzle / 0.15 + 0.2) if lots["open"] and b.kind == "dog" else 0
    angle = rng.uniform(*SIDES[lots["side"]][1:]) * rng.choice([-1, 1])
    rise = rng.uniform(-4, 16) if lots["frame"] != "head" else rng.uniform(-8, 20)
    yaw = np.clip(angle * (0.9 if rng.random() < 0.75 else 0.4) + rng.normal(0, 14), -72, 72)
    fig = pose_pet(b, lots["pose"], rng, (float(yaw), rise * 0.5 + rng.normal(-2, 8)), gape)
    bald = b.hair[0] == 0
    skin, hair = stage.matt(None, 0.55 if bald else 0.8, 0.3 if bald else 0.1), stage.matt(None, rng.uniform(0.45, 0.65), rng.uniform(0.2, 0.45))
    body = stage.skin_of(fig.body, coat, 0.017, 3, 0.5, skin, 1.0 if bald else 0.75, painter(b, fig, mark, rng, False))
    head = stage.skin_of(fig.head, coat, 0.0066 * b.head, 3, 0.5 * b.head, skin, 1.0 if bald else 0.75, painter(b, fig, mark, rng, True))
    set_face(fig, head.verts)
    bare_round_eyes(head, fig, linear("120d0b"), 0.85)
    eye, target, fov, width, distance = aim(b, fig, np.concatenate([body.verts, head.verts]), lots["frame"], angle, rise, rng)
    blur = min(rng.uniform(0.005, 0.05) * width, 0.02 * distance) if rng.random() < 0.7 else 0.0
    look = stage.set_camera(eye, target, fov, blur, (fig.face_at + fig.face[:, 0] * 0.1 - eye) @ unit(target - eye), rng.normal(0, 3))
    if not bald:
        clothe(b, body, head, look, hair, rng)
    eyeballs(b, fig, rng)
    nose_and_mouth(b, fig, head.verts, rng)
    place_of(View(look, target, distance, width), lots, rng)
    image = finish(stage.render(scratch), rng, gain=0.32, meter=0.4, grain=2.0)
    return image, describe(lots)


def aim(b: Breed, fig: Figure, verts, frame: str, angle: float, rise: float, rng) -> tuple:
    "Camera place, target, field of view, width of the frame at the animal, and distance."
    ray = turn(2, angle) @ turn(1, -rise) @ vec(1, 0, 0)
    right, up = np.cross(vec(0, 0, 1), ray), vec(0, 0, 1)
    face = fig.face_at + fig.face @ vec(0.05, 0, 0.01) * b.head
    if frame == "whole":
        across, high = verts @ right, verts[:, 2]
        target = verts.mean(0)
        target += right * ((across.max() + across.min()) / 2 - target @ right)
        target[2] = (high.max() + high.min()) / 2
        width = max(np.ptp(across), np.ptp(high)) / rng.uniform(0.68, 0.94)
    else:
        width = b.head * (rng.uniform(0.46, 0.72) if frame == "head" else rng.uniform(0.75, 1.2)) * (1 + b.hair[2])
        target = face - up * width * (0.02 if frame == "head" else 0.2)
    target = target + (right * rng.uniform(-0.08, 0.08) + up * rng.uniform(-0.05, 0.05)) * width
    fov = rng.uniform(12, 36)
    distance = width / 2 / np.tan(np.radians(fov) / 2)
    eye = target + ray * distance
    eye[2] = max(eye[2], 0.12)
    return eye, target, fov, width, distance


def clothe(b: Breed, body, head, look, hair, rng):
    "Grow the fur on body and head."
    long = b.hair[0] > 0.05
    kw = dict(clump=rng.uniform(0.25, 0.5) if long else 0.1, lift=b.lift * rng.uniform(0.9, 1.1), mess=rng.uniform(0.15, 0.3) if long else 0.12)
    parts = [
        fur.grow(body, 30000, look, rng, lock=b.lock, thick=0.75, **kw),
        fur.grow(head, 24000, look, rng, lock=b.lock * 0.6, thick=0.72, **kw),
    ]
    stage.curves_of("fur", fur.Strands.joined(parts), hair)
