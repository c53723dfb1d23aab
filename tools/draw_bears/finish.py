"""From linear light to a JPEG: exposure, tone curve, colour cast, softness, noise."""
import io

import numpy as np
from PIL import Image, ImageFilter


def expose(light: np.ndarray, rng, meter: float = .5, spread: float = .22) -> np.ndarray:
    "Exposure half by a meter weighted to the middle, half left as lit, then a tone curve."
    h, w = light.shape[:2]
    y, x = np.mgrid[-1:1:h * 1j, -1:1:w * 1j]
    weight = np.exp(-(x**2 + y**2))
    grey = light.mean(2).clip(0, 2)
    mean = (grey * weight).sum() / weight.sum()
    light = light * (.19 / max(mean, .01))**meter * np.exp(rng.normal(.12, spread))
    knee = rng.uniform(.7, .9)
    over = np.maximum(light - knee, 0)
    return np.minimum(light, knee) + (1 - knee) * (1 - np.exp(-over / (1 - knee) * .8))


def grade(image: np.ndarray, rng) -> np.ndarray:
    "White balance, contrast, saturation, haze and vignette on a picture in 0..1 (display values)."
    image = image * np.exp(rng.normal(0, .035) * np.array([1, 0, -1]) + rng.normal(0, .012) * np.array([.5, -1, .5]))
    c = rng.normal(1.12, .14)
    image = .46 + (image - .46) * c
    grey = image.mean(2, keepdims=True)
    image = grey + (image - grey) * np.clip(rng.normal(1.08, .2), .4, 1.7)
    if rng.random() < .12:
        image = image + (rng.uniform(.7, .9) - image) * rng.uniform(.08, .3)
    h, w = image.shape[:2]
    y, x = np.mgrid[-1:1:h * 1j, -1:1:w * 1j]
    return image * (1 - max(rng.normal(0, .1), 0) * (x**2 + y**2))[..., None]


def finish(light: np.ndarray, rng, white: bool = False) -> Image.Image:
    "The finished picture; a `white` studio shot is exposed to its background."
    if white:
        image = np.clip(light * np.exp(rng.normal(.12, .1)), 0, 1)
    else:
        image = expose(light, rng)
    image = np.where(image < .0031308, image * 12.92, 1.055 * np.clip(image, 1e-6, None)**(1 / 2.4) - .055)
    if not white or rng.random() < .3:
        image = grade(image, rng)
    soft = Image.fromarray((np.clip(image, 0, 1) * 255 + .5).astype("uint8"))
    kind = rng.random()
    if kind < .2:
        soft = soft.filter(ImageFilter.GaussianBlur(rng.uniform(.3, 1.1)))
    elif kind < .65:
        soft = soft.filter(ImageFilter.UnsharpMask(rng.uniform(.6, 1.4), int(rng.uniform(30, 130)), 0))
    image = np.asarray(soft, float)
    image = image + rng.normal(0, max(rng.normal(1.5, 1.6), 0), image.shape)
    return Image.fromarray(np.clip(image + .5, 0, 255).astype("uint8"))


def jpeg(image: Image.Image, quality: int) -> bytes:
    "The picture's JPEG bytes."
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
