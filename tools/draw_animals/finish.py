"""From linear light to a JPEG: exposure, tone curve, colour cast, softness, noise."""

import io

import numpy as np
from PIL import Image, ImageFilter


def expose(light: np.ndarray, rng, gain: float = 0.12, meter: float = 0.5, spread: float = 0.22) -> np.ndarray:
    "Exposure half by a meter weighted to the middle, half left as lit, then a tone curve."
    h, w = light.shape[:2]
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    weight = np.exp(-(x**2 + y**2))
    grey = light.mean(2).clip(0, 2)
    mean = (grey * weight).sum() / weight.sum()
    light = light * (0.19 / max(mean, 0.01)) ** meter * np.exp(rng.normal(gain, spread))
    knee = rng.uniform(0.7, 0.9)
    over = np.maximum(light - knee, 0)
    return np.minimum(light, knee) + (1 - knee) * (1 - np.exp(-over / (1 - knee) * 0.8))


def grade(image: np.ndarray, rng) -> np.ndarray:
    "White balance, contrast, saturation, haze and vignette on a picture in 0..1 (display values)."
    image = image * np.exp(rng.normal(0, 0.035) * np.array([1, 0, -1]) + rng.normal(0, 0.012) * np.array([0.5, -1, 0.5]))
    c = rng.normal(1.06, 0.12)
    image = 0.46 + (image - 0.46) * c
    grey = image.mean(2, keepdims=True)
    image = grey + (image - grey) * np.clip(rng.normal(1.0, 0.17), 0.4, 1.5)
    if rng.random() < 0.12:
        image = image + (rng.uniform(0.7, 0.9) - image) * rng.uniform(0.08, 0.3)
    h, w = image.shape[:2]
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    return image * (1 - max(rng.normal(0, 0.1), 0) * (x**2 + y**2))[..., None]


def finish(
    light: np.ndarray, rng, white: bool = False, gain: float = 0.12, meter: float = 0.5, grain: float = 1.5
) -> Image.Image:
    """The finished picture; a `white` studio shot is exposed to its background.

    `gain` brightens (in powers of e), `meter` says how far the exposure follows the meter,
    `grain` is the usual sensor noise in grey levels.
    """
    if white:
        image = np.clip(light * np.exp(rng.normal(0.02, 0.08)), 0, 1)
    else:
        image = expose(light, rng, gain, meter)
    image = np.where(image < 0.0031308, image * 12.92, 1.055 * np.clip(image, 1e-6, None) ** (1 / 2.4) - 0.055)
    if not white or rng.random() < 0.3:
        image = grade(image, rng)
    soft = Image.fromarray((np.clip(image, 0, 1) * 255 + 0.5).astype("uint8"))
    kind = rng.random()
    if kind < 0.2:
        soft = soft.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.1)))
    elif kind < 0.65:
        soft = soft.filter(ImageFilter.UnsharpMask(rng.uniform(0.6, 1.4), int(rng.uniform(30, 130)), 0))
    image = np.asarray(soft, float)
    image = image + rng.normal(0, max(rng.normal(grain, 1.6), 0), image.shape)
    return Image.fromarray(np.clip(image + 0.5, 0, 255).astype("uint8"))


def jpeg(image: Image.Image, quality: int) -> bytes:
    "The picture's JPEG bytes."
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
