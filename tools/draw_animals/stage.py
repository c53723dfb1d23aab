"""Blender glue: meshes, curves, materials, lights, camera and the render itself."""

import contextlib
import os

import bpy
import numpy as np
from mathutils import Matrix

from fur import Look, Skin, Strands
from parts import LIGHT, OBJECTS, light_of, numbers_of
from shapes import Blobs, frame, near_blobs, unit, vec

SIDE = 256


def empty_scene(samples: int, threads: int, seed: int):
    "A fresh scene set up for Cycles on the processor."
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x = scene.render.resolution_y = SIDE
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "16"
    c = scene.cycles
    c.device, c.samples, c.seed = "CPU", samples, seed % 2**31
    c.use_adaptive_sampling = c.use_light_tree = False
    c.use_denoising, c.denoiser, c.denoising_prefilter = True, "OPENIMAGEDENOISE", "FAST"
    c.max_bounces, c.diffuse_bounces, c.glossy_bounces = 3, 2, 2
    c.transmission_bounces, c.transparent_max_bounces = 4, 4
    c.caustics_reflective = c.caustics_refractive = False
    c.sample_clamp_indirect = 4
    scene.cycles_curves.shape = "RIBBONS"
    scene.cycles_curves.subdivisions = 1
    return scene


def link(name: str, data, material=None):
    "Put a data block into the scene."
    ob = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(ob)
    if material is not None:
        data.materials.append(material)
    return ob


def mesh_of(name: str, verts, faces, material=None, colours=None, smooth: bool = True):
    "A mesh object from corner positions and faces (n, 3 or 4), with optional per-corner colours."
    verts, faces = np.asarray(verts, np.float32), np.asarray(faces, np.int32)
    me = bpy.data.meshes.new(name)
    me.vertices.add(len(verts))
    me.vertices.foreach_set("co", verts.ravel())
    me.loops.add(faces.size)
    me.loops.foreach_set("vertex_index", faces.ravel())
    me.polygons.add(len(faces))
    me.polygons.foreach_set("loop_start", np.arange(0, faces.size, faces.shape[1], dtype=np.int32))
    me.polygons.foreach_set("use_smooth", np.full(len(faces), smooth))
    me.update(calc_edges=True)
    me.validate()
    if colours is not None:
        set_colours(me, colours, "POINT")
    return link(name, me, material)


def set_colours(data, colours, domain: str, name: str = "col"):
    "Store linear colours as the attribute `name`."
    colours = np.asarray(colours, np.float32)
    rgba = np.concatenate([colours, np.ones((len(colours), 1), np.float32)], 1)
    data.attributes.new(name, "FLOAT_COLOR", domain).data.foreach_set("color", rgba.ravel())


def curves_of(name: str, hair: Strands, material):
    "Hair curves from strands."
    n, k = hair.points.shape[:2]
    if n == 0:
        return None
    data = bpy.data.hair_curves.new(name)
    data.add_curves([k] * n)
    data.points.foreach_set("position", hair.points.astype(np.float32).ravel())
    data.points.foreach_set("radius", hair.radii.astype(np.float32).ravel())
    set_colours(data, hair.colours.reshape(-1, 3), "POINT")
    if hair.part is not None:
        set_colours(data, hair.part.reshape(-1, 3), "POINT", "part")
    return link(name, data, material)


_BALL = {}


def ball(level: int = 2):
    "Corners and faces of a unit sphere made of triangles."
    if level not in _BALL:
        import bmesh

        bm = bmesh.new()
        bmesh.ops.create_icosphere(bm, subdivisions=level, radius=1)
        bm.verts.ensure_lookup_table()
        _BALL[level] = (np.array([v.co[:] for v in bm.verts]), np.array([[v.index for v in f.verts] for f in bm.faces]))
        bm.free()
    return _BALL[level]


def balls(places: list, level: int = 3):
    "Corners and faces of many ellipsoids `(centre, radii, rotation)` as one mesh."
    v, f = ball(level)
    verts = [np.asarray(c) + (v * np.asarray(r)) @ np.asarray(m).T for c, r, m in places]
    faces = [f + i * len(v) for i in range(len(places))]
    return np.concatenate(verts), np.concatenate(faces)


def melt(blobs: Blobs, voxel: float, smooth: int, material) -> tuple:
    "One closed skin around all blobs: Blender object, corners and triangles."
    ob = mesh_of("skin", *balls(list(zip(blobs.centre, blobs.radii, blobs.turned))), material)
    m = ob.modifiers.new("melt", "REMESH")
    m.mode, m.voxel_size = "VOXEL", voxel
    s = ob.modifiers.new("smooth", "SMOOTH")
    s.iterations, s.factor = smooth, 0.5
    done = bpy.data.meshes.new_from_object(ob.evaluated_get(bpy.context.evaluated_depsgraph_get()))
    ob.modifiers.clear()
    ob.data = done
    done.polygons.foreach_set("use_smooth", np.ones(len(done.polygons), bool))
    done.calc_loop_triangles()
    verts = np.empty(len(done.vertices) * 3, np.float32)
    tris = np.empty(len(done.loop_triangles) * 3, np.int32)
    done.vertices.foreach_get("co", verts)
    done.loop_triangles.foreach_get("vertices", tris)
    return ob, verts.reshape(-1, 3), tris.reshape(-1, 3)


def skin_of(blobs: Blobs, coat: dict, voxel: float, smooth: int, size: float, material, under: float = 0.7, paint=None) -> Skin:
    """The melted skin painted by region; `size` scales the hair with the animal.

    `paint` may draw markings: it is given the skin and the share of each region at each corner, and changes the skin.
    """
    ob, verts, tris = melt(blobs, voxel, smooth, material)
    w = near_blobs(verts, blobs, softness=0.014 * size)
    get = lambda i: np.array([coat[r][i] for r in blobs.region])
    root, tip, length = w @ get(0), w @ get(1), (w @ get(2)) * size
    if not ob.data.materials:
        ob.data.materials.append(material)
    part = w @ np.array([light_of(r) for r in blobs.region], float)
    skin = Skin(verts, tris, root, tip, length, unit(w @ np.array(blobs.flow)), part)
    if paint is not None:
        regions = np.array(blobs.region)
        paint(skin, {r: w[:, regions == r].sum(1) for r in set(blobs.region)})
    set_colours(ob.data, skin.root * under, "POINT")
    set_colours(ob.data, part, "POINT", "part")
    return skin


# ---- materials -------------------------------------------------------------


def nodes_of(name: str):
    "A new material's node tree, emptied."
    mat = bpy.data.materials.new(name)
    mat.use_nodes = True
    mat.node_tree.nodes.clear()
    return mat, mat.node_tree


def node(tree, kind: str, inputs: dict | None = None, **settings):
    "A node with its settings and inputs; an input may be a value or another node's socket."
    n = tree.nodes.new(kind)
    for k, v in settings.items():
        setattr(n, k, v)
    for k, v in (inputs or {}).items():
        if isinstance(v, bpy.types.NodeSocket):
            tree.links.new(v, n.inputs[k])
        else:
            n.inputs[k].default_value = v
    return n


def finish(mat, tree, shader):
    "Wire a shader's socket to the output and return the material."
    node(tree, "ShaderNodeOutputMaterial", {"Surface": shader})
    return mat


def rgba(colour) -> tuple:
    "A colour as Blender wants it."
    return (*[float(c) for c in colour], 1.0)


def matt(colour=None, rough: float = 0.9, shine: float = 0.2, glow: float = 0.0):
    "A plain surface; without a colour it takes the attribute `col`."
    mat, t = nodes_of("matt")
    col = rgba(colour) if colour is not None else node(t, "ShaderNodeAttribute", attribute_name="col").outputs["Color"]
    s = node(
        t,
        "ShaderNodeBsdfPrincipled",
        {"Base Color": col, "Roughness": rough, "Specular IOR Level": shine, "Emission Color": col, "Emission Strength": glow},
    )
    return finish(mat, t, s.outputs[0])


# ---- camera, light, render -----------------------------------------------------


def set_camera(eye, target, angle: float, blur: float = 0.0, focus: float = 1.0, roll: float = 0.0) -> Look:
    "A camera at `eye` looking at `target` with a field of view of `angle` degrees; `blur` is the lens opening in metres."
    cam = bpy.data.cameras.new("camera")
    ob = link("camera", cam)
    toward = unit(np.asarray(target) - eye)
    f = frame(toward)
    c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    right, up = -f[:, 1] * c + f[:, 2] * s, f[:, 2] * c + f[:, 1] * s
    ob.matrix_world = Matrix(
        np.block([[np.stack([right, up, -toward], 1), np.asarray(eye)[:, None]], [np.zeros((1, 3)), 1]]).tolist()
    )
    cam.lens_unit, cam.angle, cam.clip_end = "FOV", np.radians(angle), 500
    if blur:
        cam.dof.use_dof, cam.dof.focus_distance = True, float(focus)
        cam.dof.aperture_fstop = float(0.018 / np.tan(np.radians(angle) / 2) / blur)
    bpy.context.scene.camera = ob
    half = np.radians(angle) / 2
    return Look(np.asarray(eye), toward, half * 1.414, 2 * np.tan(half) / SIDE)


def sky_light(name: str, strength: float, turned: float, seen, tint=(1, 1, 1)):
    """Light from one of Blender's own CC0 sky pictures, turned about the vertical.

    The picture itself is never in view: the camera sees the plain colour `seen`.
    """
    world = bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    world.use_nodes = True
    t = world.node_tree
    t.nodes.clear()
    folder = os.path.join(bpy.utils.resource_path("LOCAL"), "datafiles", "studiolights", "world")
    where = node(t, "ShaderNodeTexCoord").outputs["Generated"]
    spin = node(t, "ShaderNodeMapping", {"Vector": where, "Rotation": (0, 0, turned)}).outputs[0]
    env = node(t, "ShaderNodeTexEnvironment", {"Vector": spin})
    env.image = bpy.data.images.load(os.path.join(folder, name + ".exr"), check_existing=True)
    dyed = node(t, "ShaderNodeMix", {6: env.outputs[0], 7: rgba(tint), 0: 1.0}, data_type="RGBA", blend_type="MULTIPLY")
    light = node(t, "ShaderNodeBackground", {"Color": dyed.outputs[2], "Strength": strength})
    view = node(t, "ShaderNodeBackground", {"Color": rgba(seen), "Strength": 1.0})
    camera = node(t, "ShaderNodeLightPath").outputs["Is Camera Ray"]
    mix = node(t, "ShaderNodeMixShader", {0: camera, 1: light.outputs[0], 2: view.outputs[0]})
    node(t, "ShaderNodeOutputWorld", {"Surface": mix.outputs[0]})


def soft_light(strength: float, above, below, seen):
    "Light from all sides, one colour from above and another from below; quicker than a sky picture. The camera sees `seen`."
    world = bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    world.use_nodes = True
    world.cycles.sampling_method = "NONE"
    t = world.node_tree
    t.nodes.clear()
    height = node(t, "ShaderNodeSeparateXYZ", {0: node(t, "ShaderNodeTexCoord").outputs["Generated"]}).outputs[2]
    rise = node(t, "ShaderNodeMapRange", {0: height, 1: -0.4, 2: 0.8}).outputs[0]
    colour = node(t, "ShaderNodeMix", {0: rise, 6: rgba(below), 7: rgba(above)}, data_type="RGBA").outputs[2]
    light = node(t, "ShaderNodeBackground", {"Color": colour, "Strength": strength})
    view = node(t, "ShaderNodeBackground", {"Color": rgba(seen), "Strength": 1.0})
    camera = node(t, "ShaderNodeLightPath").outputs["Is Camera Ray"]
    mix = node(t, "ShaderNodeMixShader", {0: camera, 1: light.outputs[0], 2: view.outputs[0]})
    node(t, "ShaderNodeOutputWorld", {"Surface": mix.outputs[0]})


def sun(direction, strength: float, soft: float = 2.0, colour=(1, 1, 1)):
    "Sunlight falling along `direction`; `soft` is the sun's angle in degrees."
    lamp = bpy.data.lights.new("sun", "SUN")
    lamp.energy, lamp.angle, lamp.color = strength, np.radians(soft), colour
    ob = link("sun", lamp)
    z = -unit(np.asarray(direction, float))
    f = frame(z, vec(0.01, 0.02, 1))
    ob.matrix_world = Matrix(np.block([[np.stack([f[:, 1], f[:, 2], z], 1), np.zeros((3, 1))], [np.zeros((1, 3)), 1]]).tolist())


@contextlib.contextmanager
def quiet():
    "Silence what Blender prints about each render."
    out, null = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    try:
        yield
    finally:
        os.dup2(out, 1)
        os.close(out)
        os.close(null)


def render(path: str) -> np.ndarray:
    "Render the scene; the picture as linear light (height, width, 3)."
    scene = bpy.context.scene
    scene.render.filepath = path
    with quiet():
        bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(path)
    w, h = image.size
    flat = np.empty(w * h * 4, np.float32)
    image.pixels.foreach_get(flat)
    os.remove(path)
    return flat.reshape(h, w, 4)[::-1, :, :3].copy()


def glowing(part: str | None):
    "A surface that glows in the light of its part of the mask; None takes the attribute `part`."
    mat, t = nodes_of("glowing")
    light = node(t, "ShaderNodeAttribute", attribute_name="part").outputs["Color"] if part is None else rgba(LIGHT.get(part, (0, 0, 0)))
    return finish(mat, t, node(t, "ShaderNodeEmission", {"Color": light}).outputs[0])


def render_mask(path: str) -> np.ndarray:
    "The scene's mask (height, width): numbers of parts.PARTS. The scene can't be rendered as a picture afterwards."
    scene = bpy.context.scene
    for ob in scene.objects:
        if ob.type == "LIGHT":
            ob.hide_render = True
        elif ob.type in ("MESH", "CURVES"):
            has_coat = "part" in ob.data.attributes
            ob.data.materials.clear()
            ob.data.materials.append(glowing(None if has_coat else OBJECTS.get(ob.name.split(".")[0], "background")))
    for n in [n for n in scene.world.node_tree.nodes if n.type == "BACKGROUND"]:
        n.inputs["Strength"].default_value = 0
    scene.camera.data.dof.use_dof = False
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.max_bounces = 5, False, 0
    scene.cycles.pixel_filter_type = "BOX"
    return numbers_of(render(path))
