"""Rooms: a sofa, a bed, a table, a shelf, a photographer's studio, and a lawn outside."""

import numpy as np

import stage
from coat import jitter, linear
from places import View, noise, ramp, triple, wild_place
from shapes import turn, vec

CLOTH = ("b3202a", "d8344a", "2d4f8f", "7fb0d8", "2f6b45", "e3b23c", "f0ece2", "d68aa8", "6b4a8a", "3a3a40", "8a5a3a", "e8d6b0")


def cloth_stuff(palette, rng, kind: str):
    "Fabric, wood or paint with a little pattern."
    mat, t = stage.nodes_of("stuff")
    where = stage.node(t, "ShaderNodeNewGeometry").outputs["Position"]
    if kind == "wood":
        where = stage.node(
            t, "ShaderNodeMapping", {"Vector": where, "Scale": (1, 0.08, 1), "Rotation": (0, 0, rng.uniform(0, 6))}
        ).outputs[0]
    v = noise(t, where, rng.uniform(6, 18), 4, 0.65)
    fine = noise(t, where, 160.0, 2)
    bump = stage.node(
        t, "ShaderNodeBump", {"Height": fine, "Strength": 0.4 if kind == "fabric" else 0.05, "Distance": 0.01}
    ).outputs[0]
    s = stage.node(
        t,
        "ShaderNodeBsdfPrincipled",
        {
            "Base Color": ramp(t, v, palette, (0.35, 0.5, 0.65) if kind == "wood" else (0.1, 0.5, 0.9)),
            "Roughness": 0.35 if kind == "wood" else 0.9,
            "Normal": bump,
        },
    )
    return stage.finish(mat, t, s.outputs[0])


def box(centre, half, material, m=np.eye(3), round_: float = 0.05):
    "A box with rounded edges."
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    faces = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    ob = stage.mesh_of("box", np.asarray(centre) + (corners * half) @ m.T, faces, material, smooth=True)
    mod = ob.modifiers.new("round", "BEVEL")
    mod.width, mod.segments = round_, 4
    return ob


SHADES = {
    "wood": ("5e3b20", "8a5c34", "b3834f"),
    "pale wood": ("a98457", "c9a878", "e0c79d"),
    "white": ("d8d6d2", "e8e6e2", "f4f2ee"),
    "grey": ("6d6f73", "8b8d92", "aeb0b4"),
    "blue": ("2f4765", "4a688c", "7391b3"),
    "beige": ("a8977c", "c6b698", "ddd0b6"),
    "rose": ("b98088", "d3a2a8", "ead0d2"),
    "green": ("4e5d48", "748468", "a3b096"),
    "dark": ("1b1a1c", "2c2a2d", "474348"),
}


def shade(rng, *names: str) -> list:
    "Three tones of one of the named materials."
    return triple(SHADES[rng.choice(names)], rng)


def room_of(view: View, room: str, rng, low: float) -> bool:
    "The surroundings of a teddy, up to a shelf above `low`; returns whether it is a white studio."
    toward = np.arctan2(-view.ahead[1], -view.ahead[0])
    m = turn(2, np.degrees(toward) + rng.normal() * 8)
    if room in ("white studio", "pastel studio"):
        return studio(view, room, rng)
    if room == "lawn":
        lawn(view, m, rng)
        return False
    sky = str(rng.choice(["interior", "courtyard", "studio", "city"]))
    stage.sky_light(sky, rng.uniform(0.7, 1.3), rng.uniform(0, 6.28), (0.5, 0.45, 0.4), tuple(rng.uniform(0.9, 1.1, 3)))
    stage.sun(m @ vec(-1, rng.uniform(-1.2, 1.2), -1.2), rng.uniform(0.5, 2.2), 20, (1, 0.94, 0.86))
    wall = shade(rng, "white", "grey", "beige", "rose", "green", "blue", "dark")
    far = rng.uniform(0.6, 2.4) * max(view.width, 0.8)
    if room == "sofa" or (room == "bed" and rng.random() < 0.6):
        sofa(m, rng)
    else:
        table(room, m, rng)
    box(m @ vec(-far - 0.7, 0, 1), (0.1, 9, 6), cloth_stuff(wall, rng, "paint"), m)
    if room in ("shelf", "shop", "window sill") or rng.random() < 0.35:
        clutter(m, far, view.width, rng)
    if room == "shelf":
        board = cloth_stuff(shade(rng, "wood", "white", "pale wood"), rng, "wood")
        box(m @ vec(-0.2, 0, max(1.15, low + 0.2)), (0.6, 3, 0.03), board, m, 0.01)
    return False


def lawn(view: View, m, rng):
    "Out of doors, in a place where bears walk too."
    stage.sky_light("forest", 1.0, rng.uniform(0, 6.28), (0.7, 0.75, 0.8), (1.08, 1.02, 0.88))
    if rng.random() < 0.6:
        stage.sun(m @ vec(-1, rng.uniform(-1, 1), -1), 3.0, 1.0)
    wild_place(view, "park", rng, 0.8)


def sofa(m, rng):
    "A seat, a back and at times a cushion."
    cloth = cloth_stuff(shade(rng, "grey", "blue", "beige", "rose", "green", "dark", "white"), rng, "fabric")
    box(m @ vec(-0.1, 0, 0) + vec(0, 0, -0.3), (0.7, 3, 0.3), cloth, m, 0.12)
    box(m @ vec(-0.75, 0, 0.35), (0.22, 3, 0.6), cloth, m @ turn(1, -10), 0.12)
    if rng.random() < 0.5:
        spot = m @ vec(-0.4, rng.choice([-1, 1]) * 0.75, 0.3)
        box(spot, (0.1, 0.33, 0.33), cloth_stuff(shade(rng, *SHADES), rng, "fabric"), m @ turn(1, -18), 0.09)


def table(room: str, m, rng):
    "A wooden top, or the cover of a bed."
    bed = room == "bed"
    top = shade(rng, *(("white", "rose", "blue", "beige", "grey") if bed else ("wood", "pale wood", "white", "dark")))
    box(vec(0, 0, -0.1), (3 if bed else 1.2, 3, 0.1), cloth_stuff(top, rng, "fabric" if bed else "wood"), m, 0.02)


def clutter(m, far: float, width: float, rng):
    "Boxes and books before the wall."
    for _ in range(int(rng.integers(3, 12))):
        half = rng.uniform(0.06, 0.4, 3)
        stuff = stage.matt(jitter(linear(rng.choice(CLOTH + ("8a5c34", "d8d6d2"))), rng, 0.2) * 0.8, 0.6, 0.3)
        box(m @ vec(-far + rng.uniform(-0.3, 0.4), rng.uniform(-1.6, 1.6) * width, rng.uniform(-0.2, 1.4)), half, stuff, m, 0.01)


def studio(view: View, room: str, rng) -> bool:
    "A seamless background, white or pastel."
    tint = (
        vec(1, 1, 1)
        if room == "white studio"
        else jitter(linear(rng.choice(["e8d5dc", "d5e2ec", "efe6d2", "dfe8d8", "c8c4be", "b8a58c"])), rng, 0.08)
    )
    stage.sky_light(
        str(rng.choice(["studio", "city", "interior"])),
        rng.uniform(0.5, 0.72),
        rng.uniform(0, 6.28),
        tuple(tint * 1.3),
        (1.05, 1, 0.95),
    )
    stage.sun(
        turn(2, rng.uniform(-60, 60)) @ view.ahead - vec(0, 0, rng.uniform(0.6, 1.5)), rng.uniform(1, 2.2), rng.uniform(15, 60)
    )
    c = view.target * vec(1, 1, 0)
    glow = rng.uniform(0.25, 0.8) if room == "white studio" else 0.2
    stage.mesh_of(
        "floor",
        [c + vec(x, y, -0.005) for x, y in ((-90, -90), (90, -90), (90, 90), (-90, 90))],
        [[0, 1, 2, 3]],
        stage.matt(tint * 0.9, 0.8, 0.1, glow),
    )
    return room == "white studio"
