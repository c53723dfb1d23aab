"""One picture of a real bear: drawing lots for the scene, then building it."""

import numpy as np

import fur
import stage
from bear import Figure, build_of, pose_bear, scaled
from coat import BLACK, GRIZZLY, black_coat, grizzly_coat, pick
from finish import finish
from parts import LIGHT
from places import LEAVES, PLACES, WOOD, View, bark, branch_before, snowfall, triple, trunks, tube, wild_place
from shapes import turn, unit, vec

POSES = {
    "walking": ("walk", 0.25),
    "standing": ("stand", 0.25),
    "grazing": ("graze", 0.08),
    "sitting": ("sit", 0.16),
    "upright": ("upright", 0.09),
    "lying": ("lie", 0.09),
    "in water": ("wade", 0.08),
}
FRAMES = {"head": 0.25, "bust": 0.22, "whole": 0.46, "far": 0.07}
LIGHTS = {"overcast": 0.38, "sun": 0.32, "backlit": 0.10, "dusk": 0.08, "fog": 0.06, "snowfall": 0.06}


SIDES = {"front": 0.30, "three-quarter": 0.38, "side": 0.25, "behind": 0.07}
HEAD_SIDES = {"front": 0.44, "three-quarter": 0.40, "side": 0.16, "behind": 0}


def choose(table: dict, rng) -> str:
    "A key drawn by its share."
    return str(rng.choice(list(table), p=np.array(list(table.values())) / sum(table.values())))


def draw_lots(species: str, rng) -> dict:
    "What is in the picture. Places, light and framing do not depend on the species."
    pose = choose({k: v[1] for k, v in POSES.items()}, rng)
    frame = choose(FRAMES, rng)
    if frame == "head" and pose in ("grazing", "in water"):
        pose = "standing"
    place = "river" if pose == "in water" else choose({k: v[0] for k, v in PLACES.items()}, rng)
    light = choose(LIGHTS, rng)
    if light == "snowfall":
        place = "snow"
    age = "cub" if rng.random() < 0.15 else "adult"
    side = choose(HEAD_SIDES if frame == "head" else SIDES, rng)
    company = int(rng.integers(1, 3)) if rng.random() < 0.22 and frame in ("whole", "far") else 0
    coat = pick(GRIZZLY if species == "grizzly" else BLACK, rng)
    return dict(species=species, pose=pose, frame=frame, place=place, light=light, age=age, side=side, company=company, coat=coat)


def describe(lots: dict) -> str:
    "An honest one-line description of the drawn scene."
    name = "grizzly" if lots["species"] == "grizzly" else "black bear"
    with_ = ("", ", with another", ", with two others")[lots["company"]]
    view = {"head": "head close-up", "bust": "head and shoulders", "whole": "whole body", "far": "far off"}[lots["frame"]]
    return f"drawn {name}, {lots['coat']}, {lots['age']}, {lots['pose']}{with_}, {view}, {lots['side']} view, {lots['place']}, {lots['light']}"


def azimuth(side: str, rng) -> float:
    "Degrees between the animal's heading and the camera's direction."
    a = {
        "front": rng.uniform(0, 22),
        "three-quarter": rng.uniform(22, 62),
        "side": rng.uniform(62, 112),
        "behind": rng.uniform(125, 180),
    }[side]
    return a * rng.choice([-1, 1])


def lit(kind: str, rng, toward) -> float:
    "Light the scene; returns how bright the surroundings are."
    sky = {
        "overcast": ("city", "forest", "sunset"),
        "sun": ("forest", "sunrise", "city"),
        "backlit": ("sunrise", "forest"),
        "dusk": ("sunset",),
        "fog": ("city", "sunset"),
        "snowfall": ("city", "sunset"),
    }[kind]
    name = str(rng.choice(sky))
    level = {"city": 0.7, "forest": 0.95, "sunset": 1.5, "sunrise": 1.3}[name] * rng.uniform(0.75, 1.2)
    tint = {"city": (1, 1, 1), "forest": (1.08, 1.02, 0.88), "sunset": (1.2, 1.1, 0.8), "sunrise": (1, 1, 1.08)}[name]
    stage.sky_light(name, level * (0.55 if kind in ("sun", "backlit") else 1), rng.uniform(0, 6.28), (0.6, 0.65, 0.7), tint)
    if kind in ("sun", "dusk", "backlit"):
        turned = rng.uniform(-75, 75) if kind == "sun" else rng.uniform(120, 240) if kind == "backlit" else rng.uniform(-180, 180)
        flat = turn(2, turned) @ unit(toward * vec(1, 1, 0))
        height = rng.uniform(25, 65) if kind != "dusk" else rng.uniform(8, 20)
        colour = (1, 0.93, 0.82) if kind != "dusk" else (1, 0.72, 0.45)
        stage.sun(
            flat - vec(0, 0, np.tan(np.radians(height))),
            rng.uniform(2, 4.5) * (0.7 if kind == "dusk" else 1),
            rng.uniform(0.5, 4),
            colour,
        )
    return {"sun": 1.1, "backlit": 0.9, "overcast": 0.7, "dusk": 0.45, "fog": 0.8, "snowfall": 0.75}[kind]


def set_eyes(fig: Figure, verts: np.ndarray):
    "Sink the eyes and the nose into the surface of the melted head."
    h = fig.face
    local = (verts - fig.face_at) @ h
    for i, (c, r) in enumerate(fig.eyes):
        e = (np.asarray(c) - fig.face_at) @ h
        near = np.linalg.norm(local[:, 1:] - e[1:], axis=1) + (local[:, 0] < 0) * 9
        k = np.argsort(near)[:6]
        e[0] = local[k, 0].max() - r * 0.05
        fig.eyes[i] = (fig.face_at + h @ e, r)


def hard_parts(fig: Figure, species: str, rng):
    "Eyes, nose, claws, lips and teeth as plain meshes."
    still = np.eye(3)
    stage.mesh_of(
        "eyes", *stage.balls([(c, (r,) * 3, still) for c, r in fig.eyes], 2), stage.matt((0.012, 0.006, 0.003), 0.22, 0.35)
    )
    c, r, m = fig.nose
    nose = [(c, r, m), (c - m @ vec(0.3, 0, 0.55) * r, r * vec(0.8, 0.6, 0.7), m)]
    stage.mesh_of("nose", *stage.balls(nose, 3), stage.matt((0.014, 0.012, 0.012), 0.38, 0.6))
    nostril = [(c + m @ (vec(0.82, s * 0.45, -0.1) * r), r * vec(0.25, 0.26, 0.3), m) for s in (1, -1)]
    stage.mesh_of("nostrils", *stage.balls(nostril, 2), stage.matt((0.001, 0.001, 0.001), 1, 0))
    if fig.gape:
        stage.mesh_of("gape", *stage.balls([fig.gape], 2), stage.matt((0.22, 0.045, 0.04), 0.4, 0.5))
    lines = []
    for root, tip, thick in fig.teeth:
        lines.append((root, tip, thick, (0.75, 0.7, 0.58)))
    horn = (0.42, 0.33, 0.22) if species == "grizzly" else (0.02, 0.017, 0.015)
    for root, tip, thick in fig.claws:
        lines.append((root, tip, thick, horn))
    points = np.array(
        [[a + (b - a) * t - vec(0, 0, 0.1) * np.linalg.norm(b - a) * t * t for t in np.linspace(0, 1, 4)] for a, b, *_ in lines]
    )
    radii = np.array([w * np.array([1, 0.85, 0.55, 0.1]) for *_, w, _c in lines])
    colours = np.array([[c] * 4 for *_, c in lines])
    part = np.array([[LIGHT["head" if i < len(fig.teeth) else "legs"]] * 4 for i in range(len(lines))])
    stage.curves_of("horn", fur.Strands(points, colours, radii, part), stage.matt(None, 0.4, 0.5))
    lips = np.array(fig.mouth)[None]
    size = np.linalg.norm(np.ptp(lips[0], axis=0))
    stage.curves_of(
        "lips", fur.Strands(lips, np.full(lips.shape, 0.008), np.full(lips.shape[:2], size * 0.03)), stage.matt(None, 0.5, 0.4)
    )


def aim(frame: str, fig: Figure, bodies: list, lots: dict, rng):
    "Camera place, target, field of view and width of the frame at the animal."
    head = fig.face_at
    around = np.concatenate(bodies)
    angle = np.radians(azimuth(lots["side"], rng))
    if frame == "head":
        size = np.ptp(np.asarray(fig.head.centre), axis=0).max() + 0.2 * np.ptp(np.asarray(fig.head.centre)[:, 2])
        target, width = head + fig.face @ vec(0.04, 0, -0.02) * size, size * rng.uniform(1.15, 2.0)
    elif frame == "bust":
        size = np.ptp(np.asarray(fig.head.centre), axis=0).max()
        target, width = head * 0.75 + around.mean(0) * 0.25, size * rng.uniform(2.2, 3.2)
    else:
        low, high = around.min(0), around.max(0)
        target = (low + high) / 2
        ray = vec(np.cos(angle), np.sin(angle), 0)
        across = (around - target) @ np.cross(ray, vec(0, 0, 1))
        size = max(np.ptp(across), high[2] - low[2])
        width = size / (rng.uniform(0.62, 0.98) if frame == "whole" else rng.uniform(0.3, 0.55))
        target = target + np.cross(ray, vec(0, 0, 1)) * ((across.max() + across.min()) / 2)
        target = target * 0.88 + head * 0.12
    if frame == "head":  # the camera goes round the face, not round the body
        face = fig.face[:, 0]
        angle = np.arctan2(face[1], face[0]) + angle
    fov = rng.uniform(9, 34)
    rise = rng.uniform(-4, 18) if frame != "head" else rng.uniform(-8, 16)
    ray = vec(np.cos(angle) * np.cos(np.radians(rise)), np.sin(angle) * np.cos(np.radians(rise)), np.sin(np.radians(rise)))
    distance = width / 2 / np.tan(np.radians(fov) / 2)
    up = vec(0, 0, 1)
    target = target + (np.cross(ray, up) * rng.uniform(-0.09, 0.09) + up * rng.uniform(-0.06, 0.06)) * width
    eye = target + ray * distance
    eye[2] = max(eye[2], 0.22)
    return eye, target, fov, width, distance


def a_bear(species: str, lots: dict, rng, other: bool = False) -> tuple:
    "A posed figure and its coat."
    age, pose, coat = lots["age"], POSES[lots["pose"]][0], lots["coat"]
    if other:
        age = "cub" if lots["age"] == "adult" and rng.random() < 0.7 else lots["age"]
        pose = str(rng.choice(["walk", "stand", "sit"])) if pose != "wade" else "wade"
    b = build_of(species, age, rng)
    yaw = rng.normal(0, 28)
    if lots["side"] in ("side", "three-quarter") and lots["frame"] != "head" and rng.random() < 0.45:
        yaw = rng.uniform(30, 70) * rng.choice([-1, 1])
    look = (np.clip(yaw, -75, 75), rng.normal(-8, 10))
    gape = rng.uniform(15, 30) if rng.random() < 0.09 else 0
    make = grizzly_coat if species == "grizzly" else black_coat
    fig = pose_bear(b, pose, rng, look, gape, blaze=species == "black" and rng.random() < 0.2)
    return b, fig, make(coat, rng)


def water_depth(lots: dict, b, rng) -> float:
    "How deep the animal stands in water, in metres."
    return rng.uniform(0.15, 0.78) * b.size if lots["pose"] == "in water" else 0.0


def clothe(b, fig: Figure, coat: dict, look, skins, hair, rng):
    "Grow the fur on a melted body and head."
    body, head = skins
    wet = rng.random() < 0.06
    kw = dict(clump=0.8 if wet else rng.uniform(0.2, 0.55), lift=rng.uniform(0.3, 0.55), mess=rng.uniform(0.15, 0.38), thick=0.58)
    near = np.linalg.norm(fig.face_at - look.eye)
    many = np.clip((0.55 * b.size / (look.pixel * near)) ** 1.0 / 70, 0.35, 1.2)
    parts = [
        fur.grow(body, int(34000 * many), look, rng, lock=rng.uniform(0.04, 0.09) * b.size, **kw),
        fur.grow(head, int(16000 * many), look, rng, lock=rng.uniform(0.02, 0.04) * b.size, **kw),
    ]
    stage.curves_of("fur", fur.Strands.joined(parts), hair)


def picture(species: str, seed: int, index: int, scratch: str, samples: int = 8, threads: int = 1):
    "Draw one real bear; returns the picture and its description."
    rng = np.random.default_rng([seed, index])
    lots = draw_lots(species, rng)
    stage.empty_scene(samples, threads, seed * 1000 + index)
    skin, hair = stage.matt(None, 0.8, 0.1), stage.matt(None, rng.uniform(0.4, 0.6), rng.uniform(0.25, 0.5))
    herd = [a_bear(species, lots, rng)]
    for k in range(lots["company"]):
        b, fig, coat = a_bear(species, lots, rng, other=True)
        spot = vec(rng.uniform(-0.6, 0.6), (1 if k else -1) * rng.uniform(0.7, 1.2), 0)
        herd.append((b, scaled(fig, 1.0, turn(2, rng.uniform(-50, 50)), spot), coat))
    skins = [dress_skin(b, fig, coat, skin) for b, fig, coat in herd]
    for (b, fig, coat), (_, head) in zip(herd, skins):
        set_eyes(fig, head.verts)
    dip = water_depth(lots, herd[0][0], rng)
    bodies = [s.verts[s.verts[:, 2] > dip] for pair in skins for s in pair]
    eye, target, fov, width, distance = aim(lots["frame"], herd[0][1], bodies, lots, rng)
    eye[2] = max(eye[2], dip + 0.2)
    blur = min(rng.uniform(0.005, 0.11) * width, 0.022 * distance) if rng.random() < 0.65 else 0.0
    focus = (herd[0][1].face_at - eye) @ unit(target - eye)
    look = stage.set_camera(eye, target, fov, blur, focus, rng.normal(0, 2))
    for (b, fig, coat), pair in zip(herd, skins):
        clothe(b, fig, coat, look, pair, hair, rng)
        hard_parts(fig, species, rng)
    view = View(look, target, distance, width)
    if lots["pose"] == "upright" and lots["side"] != "front" and rng.random() < 0.4:
        tree_to_climb(view, herd[0][0].size, rng)
    surround(view, lots, rng, dip)
    return finish(stage.render(scratch), rng, gain=0.3, meter=0.35, grain=4.0), describe(lots)


def dress_skin(b, fig: Figure, coat: dict, material) -> tuple:
    "Melt body and head and paint them."
    return (
        stage.skin_of(fig.body, coat, 0.024 * b.size, 4, b.size, material),
        stage.skin_of(fig.head, coat, 0.0105 * b.size * b.head, 3, b.size * b.head, material),
    )


def tree_to_climb(view: View, size: float, rng):
    "A trunk before an upright bear, for it to lean on."
    thick = rng.uniform(0.1, 0.24) * size
    foot = vec(0.62, rng.uniform(-0.15, 0.15), -0.2) * size + vec(thick, 0, 0)
    top = foot + vec(rng.normal(0, 0.2), rng.normal(0, 0.2), 5)
    stage.mesh_of("tree", *tube(foot, top, thick, thick * 0.8, rng), bark(triple(WOOD[rng.integers(3)], rng), rng))


def surround(view: View, lots: dict, rng, dip: float):
    "Light, place and what stands before the camera."
    light = lit(lots["light"], rng, view.look.toward)
    close = lots["frame"] == "head"
    leaves = wild_place(view, lots["place"], rng, light, dip, close)
    if lots["light"] == "snowfall":
        snowfall(view, rng)
    if rng.random() < 0.07:
        trunks(view, rng, 1, before=True)
    if rng.random() < 0.10:
        bare = leaves in ("frost", "pale", "dark", "water", "stone")
        branch_before(view, triple(LEAVES["fresh" if bare else leaves], rng), rng)
