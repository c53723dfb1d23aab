"""The figures of a built site: as files of their own, with their size in the page, and a copy for the dark theme.

In the copy all that is paper and ink changes places, and hues stay; photos and filled areas within the figure stay as they are."""
import base64, hashlib, io
from collections.abc import Callable
from copy import copy
from pathlib import Path

import numpy as np
from bs4 import BeautifulSoup, Tag
from PIL import Image
from scipy import ndimage

smallest_photo = 28 # Pixels: filled rectangles from this side on stay as they are
thickest_stroke = 14 # Pixels: what is nowhere thicker is a word in large letters that touch
paper = np.array([32, 31, 28]) # The dark theme's --paper in site/frame.css

def photo_box(inked:np.ndarray, part:np.ndarray, box:tuple[slice, slice]) -> tuple[slice, slice]|None:
    "The box of a connected part without the words that touch it, if each of its sides is inked as a photo's is."
    rows, columns = (np.flatnonzero(part.mean(axis) > 0.45) for axis in (1, 0))
    if min(len(rows), len(columns)) < smallest_photo: return None
    inner = tuple(slice(each.start + int(lines[0]), each.start + int(lines[-1]) + 1) for each, lines in zip(box, (rows, columns)))
    inside = inked[inner]
    sides = [edge.mean() for edge in (inside[:2], inside[-2:], inside[:, :2], inside[:, -2:])]
    whole = inside.size > 0.8*part.size  # not the body of something that stands on white
    return inner if whole and min(sides) > 0.3 and inside.mean() > 0.5 else None

def has_ground(pixels:np.ndarray) -> bool:
    "Whether more than half of an area is of one colour that is light or strong, as a box with words in it or a button is."
    values, counts = np.unique(pixels.reshape(-1, 3)//8, axis=0, return_counts=True)
    most = 8*values[counts.argmax()]
    return bool(counts.max() > 0.5*counts.sum() and (most.min() > 120 or np.ptp(most) > 60))

def is_flat(pixels:np.ndarray) -> bool:
    "Areas of a drawing have few colours; a photo has many."
    if has_ground(pixels): return True
    counts = np.bincount((pixels[::2, ::2]//24 @ np.array([121, 11, 1])).ravel())
    main = counts[counts > counts.sum()*0.02]
    return main.sum() > 0.93*counts.sum() and len(main) < 7

def interval(middle:float, known:list[slice]) -> slice:
    "Of a grid's rows or columns the one around a place: among those known, or as many steps on as are needed."
    near = min(known, key=lambda each: abs((each.start + each.stop)/2 - middle))
    if near.start <= middle < near.stop: return near
    starts, side = sorted({each.start for each in known}), near.stop - near.start
    step = min((b - a for a, b in zip(starts, starts[1:]) if b - a >= side), default=0)
    start = near.start + round((middle - side/2 - near.start)/step)*step if step else round(middle - side/2)
    return slice(max(0, start), max(0, start) + side)

def grid_cell(box:tuple[slice, slice], photos:list[tuple[slice, slice]]) -> tuple[slice, slice]|None:
    "Where a photo ends whose ground is as white as the paper: it has a place in the grid of the others."
    heights, widths = ([each[axis].stop - each[axis].start for each in photos] for axis in (0, 1))
    alike = [each for each, height, width in zip(photos, heights, widths) if abs(height - np.median(heights)) < 0.1*height and abs(width - np.median(widths)) < 0.1*width]
    if len(alike) < 2: return None
    cell = tuple(interval((each.start + each.stop)/2, [photo[axis] for photo in alike]) for axis, each in enumerate(box))
    beside = any(abs(part.start - photo[axis].start) < 4 for axis, part in enumerate(cell) for photo in alike)  # in a row or a column with another
    inside = all(part.start - 4 <= each.start and each.stop <= part.stop + 4 for part, each in zip(cell, box))
    return cell if beside and inside else None

def trimmed(pixels:np.ndarray, box:tuple[slice, slice]) -> tuple[slice, slice]:
    "A photo's box without the lines at its edges, three at most, in which it was mixed with the paper: in the dark they would be white."
    def mixed(lines:np.ndarray) -> int: return int(np.cumprod((lines[:3] > 140) & (lines[:3] - lines[4] > 25)).sum())
    light = [pixels[box].mean((1 - axis, 2)) for axis in (0, 1)]
    return tuple(slice(each.start + mixed(lines), each.stop - mixed(lines[::-1])) for each, lines in zip(box, light))

def beside(box:tuple[slice, slice], photos:list[tuple[slice, slice]]) -> bool:
    "Whether a filled box has the size of a photo, and stands in a row or a column with it."
    sizes = lambda each: np.array([part.stop - part.start for part in each])
    return any(abs(sizes(box) - sizes(photo)).max() < 4 and any(abs(part.start - other.start) < 4 for part, other in zip(box, photo)) for photo in photos)

def filled_areas(pixels:np.ndarray) -> np.ndarray:
    "Where photos and other filled areas stand: connected parts that are not white, and nearly fill a box or have no holes."
    inked, mask, photos, bodies, flats = pixels.min(-1) < 232, np.zeros(pixels.shape[:2], bool), [], [], []
    parts, _ = ndimage.label(inked)
    for number, box in enumerate(ndimage.find_objects(parts), 1):
        if min(each.stop - each.start for each in box) < smallest_photo: continue
        part = parts[box] == number
        if has_ground(pixels[box]): continue
        if is_flat(pixels[box]): flats.append(box)
        elif inner := photo_box(inked, part, box): photos.append(inner)
        else: bodies.append((box, part))
    photos += [box for box in flats if beside(box, photos)]  # a picture of few colours among others
    for inner in photos: mask[trimmed(pixels, inner)] = True
    for box, part in bodies:
        if part.mean() > 0.4 and (cell := grid_cell(box, photos)): mask[cell] = True
        elif part.mean() > 0.5 and ndimage.binary_opening(part, iterations=thickest_stroke//2).any(): mask[box] |= ndimage.binary_fill_holes(ndimage.binary_closing(part, iterations=6)) | part
    return mask

def light_of(pixels:np.ndarray) -> np.ndarray:
    "How light colours are to an eye, from 0 to 1."
    return (pixels/255)@np.array([0.2126, 0.7152, 0.0722])

def lifted(dark:np.ndarray, was:np.ndarray) -> np.ndarray:
    "Colours with white in them where the dark theme would show them much weaker than they were on white: blue is dark at any lightness."
    contrast = 1.05/(light_of(was)**2.2 + 0.05)  # as WCAG counts it
    least = np.clip((light_of(paper)**2.2 + 0.05)*np.maximum(contrast**0.75, np.minimum(contrast, 4.5)) - 0.05, 0, 1)**(1/2.2)
    now = light_of(dark)
    share = np.clip((least - now)/np.maximum(1 - now, 1e-6), 0, 1)[..., None]
    return dark + share*(255 - dark)

def for_dark(picture:Image.Image) -> Image.Image:
    "Paper dark and ink light, hues kept; photos untouched."
    flat = Image.new('RGB', picture.size, 'white')
    flat.paste(picture, mask=picture.convert('RGBA').getchannel('A'))
    pixels = np.asarray(flat).astype(int)
    turned = pixels.max(-1, keepdims=True) + pixels.min(-1, keepdims=True)  # 255 minus the lightness, the same hue
    dark = np.clip(255 - turned + pixels, 0, 255)
    dark = lifted(paper + dark*(255 - paper)//255, pixels)
    return Image.fromarray(np.where(filled_areas(pixels)[..., None], pixels, dark).astype(np.uint8))

def saved(file:Path, picture:Callable[[], Image.Image], sharp:bool) -> str:
    "The name of a file in WebP, which is made unless it is there."
    file.parent.mkdir(exist_ok=True)
    if not file.exists(): picture().save(file, **({'lossless': True, 'quality': 40} if sharp else {'quality': 82}))
    return file.name

def content(image:Tag, page:Path) -> bytes|None:
    "The bytes of a figure, from the page itself or from a file beside it; None for what is no figure."
    source = image.get('src', '')
    if source.startswith('data:image/'): return base64.b64decode(source.partition(',')[2])
    file = page.parent/source
    return file.read_bytes() if source.endswith(('.jpg', '.png')) and file.is_file() else None

def take_out(soup:BeautifulSoup, page:Path, site:Path) -> None:
    "Each figure of a page becomes a pair of files, light and dark; a browser fetches the one that it shows."
    up = '../'*(len(page.relative_to(site).parts) - 1)
    for image in soup.find_all('img'):
        data = content(image, page)
        if data is None: continue
        picture, name = Image.open(io.BytesIO(data)), hashlib.sha256(data).hexdigest()[:12]
        sharp = picture.format == 'PNG'
        picture = picture.convert('RGBA' if picture.has_transparency_data else 'RGB')
        image.attrs = {'src': f"{up}figures/{saved(site/f'figures/{name}.webp', lambda: picture, sharp)}", 'alt': image.get('alt', ''), 'width': picture.width, 'height': picture.height,
            'loading': 'lazy', 'decoding': 'async', 'class': ['wide'] if picture.width >= 430 and picture.width > 1.3*picture.height else ['tall'] if picture.width >= 430 else []}
        dark = copy(image)
        dark['src'] = f"{up}figures/{saved(site/f'figures/{name}-dark.webp', lambda: for_dark(picture), sharp)}"
        image['class'], dark['class'] = [*image['class'], 'of-light'], [*dark['class'], 'of-dark']
        image.insert_after(dark)
