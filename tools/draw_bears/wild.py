"""One picture of a real bear: drawing lots for the scene, then building it."""
import numpy as np

import fur
import stage
from bear import Figure, build_of, pose_bear, scaled
from coat import BLACK, GRIZZLY, black_coat, grizzly_coat, pick
from finish import finish
from places import PLACES, View, branch_before, snowfall, trunks, wild_place
from shapes import turn, unit, vec

POSES = {"walking": ("walk", .25), "standing": ("stand", .25), "grazing": ("graze", .08), "sitting": ("sit", .16),
         "upright": ("upright", .09), "lying": ("lie", .09), "in water": ("wade", .08)}
FRAMES = {"head": .30, "bust": .22, "whole": .40, "far": .08}
LIGHTS = {"overcast": .38, "sun": .32, "backlit": .10, "dusk": .08, "fog": .06, "snowfall": .06}


def draw_lots(species: str, rng) -> dict:
    "What is in the picture. Places, light and framing do not depend on the species."
    choose = lambda table: str(rng.choice(list(table), p=np.array(list(table.values())) / sum(table.values())))
    pose = choose({k: v[1] for k, v in POSES.items()})
    frame = choose(FRAMES)
    place = "river" if pose == "in water" else choose({k: v[0] for k, v in PLACES.items()})
    light = choose(LIGHTS)
    if light == "snowfall":
        place = "snow"
    age = "cub" if rng.random() < .15 else "adult"
    side = rng.choice(["front", "three-quarter", "side", "behind"], p=[.30, .38, .25, .07] if frame != "head" else [.44, .40, .16, 0])
    company = 1 if rng.random() < .13 and frame in ("whole", "far") else 0
    coat = pick(GRIZZLY if species == "grizzly" else BLACK, rng)
    return dict(species=species, pose=pose, frame=frame, place=place, light=light, age=age, side=str(side), company=company, coat=coat)


def describe(lots: dict) -> str:
    "An honest one-line description of the drawn scene."
    name = "grizzly" if lots["species"] == "grizzly" else "black bear"
    with_ = ", with another" if lots["company"] else ""
    view = {"head": "head close-up", "bust": "head and shoulders", "whole": "whole body", "far": "far off"}[lots["frame"]]
    return f"drawn {name}, {lots['coat']}, {lots['age']}, {lots['pose']}{with_}, {view}, {lots['side']} view, {lots['place']}, {lots['light']}"


def azimuth(side: str, rng) -> float:
    "Degrees between the animal's heading and the camera's direction."
    a = {"front": rng.uniform(0, 22), "three-quarter": rng.uniform(22, 62), "side": rng.uniform(62, 112), "behind": rng.uniform(125, 180)}[side]
    return a * rng.choice([-1, 1])


def lit(kind: str, rng, toward) -> float:
    "Light the scene; returns how bright the surroundings are."
    sky = {"overcast": ("city", "forest", "sunset"), "sun": ("forest", "sunrise", "city"), "backlit": ("sunrise", "forest"),
           "dusk": ("sunset",), "fog": ("city", "sunset"), "snowfall": ("city", "sunset")}[kind]
    name = str(rng.choice(sky))
    level = {"city": .7, "forest": .95, "sunset": 1.5, "sunrise": 1.3}[name] * rng.uniform(.75, 1.2)
    tint = {"city": (1, 1, 1), "forest": (1, .97, .9), "sunset": (1.1, 1., .85), "sunrise": (1, 1, 1)}[name]
    stage.sky_light(name, level * (.55 if kind in ("sun", "backlit") else 1), rng.uniform(0, 6.28), (.6, .65, .7), tint)
    if kind in ("sun", "dusk", "backlit"):
        turned = rng.uniform(-75, 75) if kind == "sun" else rng.uniform(120, 240) if kind == "backlit" else rng.uniform(-180, 180)
        flat = turn(2, turned) @ unit(toward * vec(1, 1, 0))
        height = rng.uniform(25, 65) if kind != "dusk" else rng.uniform(8, 20)
        colour = (1, .93, .82) if kind != "dusk" else (1, .72, .45)
        stage.sun(flat - vec(0, 0, np.tan(np.radians(height))), rng.uniform(2, 4.5) * (.7 if kind == "dusk" else 1), rng.uniform(.5, 4), colour)
    return {"sun": 1.1, "backlit": .9, "overcast": .7, "dusk": .45, "fog": .8, "snowfall": .75}[kind]


def set_eyes(fig: Figure, verts: np.ndarray):
    "Sink the eyes and the nose into the surface of the melted head."
    h = fig.face
    local = (verts - fig.face_at) @ h
    for i, (c, r) in enumerate(fig.eyes):
        e = (np.asarray(c) - fig.face_at) @ h
        near = np.linalg.norm(local[:, 1:] - e[1:], axis=1) + (local[:, 0] < 0) * 9
        k = np.argsort(near)[:6]
        e[0] = local[k, 0].max() - r * .25
        fig.eyes[i] = (fig.face_at + h @ e, r)


def hard_parts(fig: Figure, species: str, rng):
    "Eyes, nose, claws, lips and teeth as plain meshes."
    still = np.eye(3)
    stage.mesh_of("eyes", *stage.balls([(c, (r,) * 3, still) for c, r in fig.eyes], 2), stage.matt((.012, .006, .003), .06, .9))
    c, r, m = fig.nose
    nose = [(c, r, m), (c - m @ vec(.3, 0, .55) * r, r * vec(.8, .6, .7), m)]
    stage.mesh_of("nose", *stage.balls(nose, 3), stage.matt((.014, .012, .012), .38, .6))
    nostril = [(c + m @ (vec(.82, s * .45, -.1) * r), r * vec(.25, .26, .3), m) for s in (1, -1)]
    stage.mesh_of("nostrils", *stage.balls(nostril, 2), stage.matt((.001, .001, .001), 1, 0))
    if fig.gape:
        stage.mesh_of("gape", *stage.balls([fig.gape], 2), stage.matt((.22, .045, .04), .4, .5))
    lines = []
    for root, tip, thick in fig.teeth:
        lines.append((root, tip, thick, (.75, .7, .58)))
    horn = (.42, .33, .22) if species == "grizzly" else (.02, .017, .015)
    for root, tip, thick in fig.claws:
        lines.append((root, tip, thick, horn))
    points = np.array([[a + (b - a) * t - vec(0, 0, .1) * np.linalg.norm(b - a) * t * t for t in np.linspace(0, 1, 4)] for a, b, *_ in lines])
    radii = np.array([w * np.array([1, .85, .55, .1]) for *_, w, _c in lines])
    colours = np.array([[c] * 4 for *_, c in lines])
    stage.curves_of("horn", fur.Strands(points, colours, radii), stage.matt(None, .4, .5))
    lips = np.array(fig.mouth)[None]
    size = np.linalg.norm(np.ptp(lips[0], axis=0))
    stage.curves_of("lips", fur.Strands(lips, np.full(lips.shape, .008), np.full(lips.shape[:2], size * .03)), stage.matt(None, .5, .4))


def aim(frame: str, fig: Figure, bodies: list, lots: dict, rng):
    "Camera place, target, field of view and width of the frame at the animal."
    head = fig.face_at
    around = np.concatenate(bodies)
    angle = np.radians(azimuth(lots["side"], rng))
    if frame == "head":
        size = np.ptp(np.asarray(fig.head.centre), axis=0).max() + .2 * np.ptp(np.asarray(fig.head.centre)[:, 2])
        target, width = head + fig.face @ vec(.04, 0, -.02) * size, size * rng.uniform(1.15, 2.0)
    elif frame == "bust":
        size = np.ptp(np.asarray(fig.head.centre), axis=0).max()
        target, width = head * .75 + around.mean(0) * .25, size * rng.uniform(2.2, 3.2)
    else:
        low, high = around.min(0), around.max(0)
        target = (low + high) / 2
        ray = vec(np.cos(angle), np.sin(angle), 0)
        across = (around - target) @ np.cross(ray, vec(0, 0, 1))
        size = max(np.ptp(across), high[2] - low[2])
        width = size / (rng.uniform(.68, 1.08) if frame == "whole" else rng.uniform(.3, .55))
        target = target + np.cross(ray, vec(0, 0, 1)) * ((across.max() + across.min()) / 2)
    if frame == "head":   # the camera goes round the face, not round the body
        face = fig.face[:, 0]
        angle = np.arctan2(face[1], face[0]) + angle
    fov = rng.uniform(9, 34)
    rise = rng.uniform(-4, 18) if frame != "head" else rng.uniform(-8, 16)
    ray = vec(np.cos(angle) * np.cos(np.radians(rise)), np.sin(angle) * np.cos(np.radians(rise)), np.sin(np.radians(rise)))
    distance = width / 2 / np.tan(np.radians(fov) / 2)
    up = vec(0, 0, 1)
    target = target + (np.cross(ray, up) * rng.uniform(-.09, .09) + up * rng.uniform(-.06, .06)) * width
    eye = target + ray * distance
    eye[2] = max(eye[2], .22)
    return eye, target, fov, width, distance


def a_bear(species: str, lots: dict, rng, other: bool = False) -> tuple:
    "A posed figure and its coat."
    age, pose, coat = lots["age"], POSES[lots["pose"]][0], lots["coat"]
    if other:
        age = "cub" if lots["age"] == "adult" and rng.random() < .7 else lots["age"]
        pose = str(rng.choice(["walk", "stand", "sit"])) if pose != "wade" else "wade"
    b = build_of(species, age, rng)
    yaw = rng.normal(0, 28)
    if lots["side"] in ("side", "three-quarter") and lots["frame"] != "head" and rng.random() < .45:
        yaw = rng.uniform(30, 70) * rng.choice([-1, 1])
    look = (np.clip(yaw, -75, 75), rng.normal(-8, 10))
    gape = rng.uniform(15, 30) if rng.random() < .09 else 0
    make = grizzly_coat if species == "grizzly" else black_coat
    fig = pose_bear(b, pose, rng, look, gape)
    if species == "black" and rng.random() < .2:
        h = fig.body.centre[-1]
        fig.body.add("blaze", h + vec(.02, 0, -.3) * b.size, np.array((.06, .16, .07)) * b.size, vec(0, 0, -1))
    return b, fig, make(coat, rng)


def water_depth(lots: dict, b, rng) -> float:
    "How deep the animal stands in water, in metres."
    return rng.uniform(.15, .78) * b.size if lots["pose"] == "in water" else 0.


def clothe(b, fig: Figure, coat: dict, look, skins, hair, rng):
    "Grow the fur on a melted body and head."
    body, head = skins
    wet = rng.random() < .06
    kw = dict(clump=.8 if wet else rng.uniform(.2, .55), lift=rng.uniform(.3, .55), mess=rng.uniform(.15, .38))
    near = np.linalg.norm(fig.face_at - look.eye)
    many = np.clip((.55 * b.size / (look.pixel * near))**1.0 / 70, .35, 2.2)
    parts = [fur.grow(body, int(45000 * many), look, rng, lock=rng.uniform(.04, .09) * b.size, **kw),
             fur.grow(head, int(16000 * many), look, rng, lock=rng.uniform(.02, .04) * b.size, **kw)]
    stage.curves_of("fur", fur.Strands.joined(parts), hair)


def picture(species: str, seed: int, index: int, scratch: str, samples: int = 10, threads: int = 1):
    "Draw one real bear; returns the picture and its description."
    rng = np.random.default_rng([seed, index])
    lots = draw_lots(species, rng)
    scene = stage.empty_scene(samples, threads, seed * 1000 + index)
    skin, hair = stage.matt(None, .8, .1), stage.hair_stuff(species == "black")
    herd = [a_bear(species, lots, rng)]
    for _ in range(lots["company"]):
        b, fig, coat = a_bear(species, lots, rng, other=True)
        spot = vec(rng.uniform(-.6, .6), rng.choice([-1, 1]) * rng.uniform(.8, 1.3), 0)
        herd.append((b, scaled(fig, 1., turn(2, rng.uniform(-50, 50)), spot), coat))
    skins = [dress_skin(b, fig, coat, skin) for b, fig, coat in herd]
    for (b, fig, coat), (_, head) in zip(herd, skins):
        set_eyes(fig, head.verts)
    dip = water_depth(lots, herd[0][0], rng)
    bodies = [s.verts[s.verts[:, 2] > dip] for pair in skins for s in pair]
    eye, target, fov, width, distance = aim(lots["frame"], herd[0][1], bodies, lots, rng)
    eye[2] = max(eye[2], dip + .2)
    stop = rng.uniform(1.5, 8) * distance / 8 if rng.random() < .7 else None
    focus = (herd[0][1].face_at - eye) @ unit(target - eye)
    look = stage.set_camera(eye, target, fov, stop, focus, rng.normal(0, 2))
    for (b, fig, coat), pair in zip(herd, skins):
        clothe(b, fig, coat, look, pair, hair, rng)
        hard_parts(fig, species, rng)
    surround(View(look, target, distance, width), lots, rng, dip)
    return finish(stage.render(scratch), rng), describe(lots)


def dress_skin(b, fig: Figure, coat: dict, material) -> tuple:
    "Melt body and head and paint them."
    return (stage.skin_of(fig.body, coat, .024 * b.size, 4, b.size, material),
            stage.skin_of(fig.head, coat, .0105 * b.size * b.head, 3, b.size * b.head, material))


def surround(view: View, lots: dict, rng, dip: float):
    "Light, place and what stands before the camera."
    light = lit(lots["light"], rng, view.look.toward)
    close = lots["frame"] == "head"
    shifted = View(view.look, view.target, view.distance, view.width)
    leaves = wild_place(shifted, lots["place"], rng, light, dip, close)
    if lots["light"] == "snowfall":
        snowfall(view, rng)
    if rng.random() < .07:
        trunks(view, rng, 1, before=True)
    if rng.random() < .10:
        from places import LEAVES, triple
        branch_before(view, triple(LEAVES["fresh" if leaves in ("frost", "pale", "dark", "water", "stone") else leaves], rng), rng)
