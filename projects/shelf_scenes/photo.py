"""Makes a drawing a photograph: light, lens, sensor and compression."""

import cv2
import numpy as np


def expose(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Apply light, blur, noise and JPEG artefacts, each drawn at random.

    Args:
        rng: Source of randomness.
        image: (H, W, 3) uint8 BGR.

    Returns:
        A new image of the same shape and type.
    """
    image = _light(rng, image)
    image = _blur(rng, image)
    image = _noise(rng, image)
    if rng.random() < 0.5:
        quality = int(rng.integers(45, 92))
        flag = [cv2.IMWRITE_JPEG_QUALITY, quality]
        image = cv2.imdecode(cv2.imencode('.jpg', image, flag)[1], 1)
    return image


def _light(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Gain map: slope, vignette, lamp spots, color cast and contrast."""
    height, width = image.shape[:2]
    x, y = np.meshgrid(np.linspace(-1, 1, 48), np.linspace(-1, 1, 48))
    slope = rng.normal(0, 0.09, 2)
    gain = 1 + slope[0] * x + slope[1] * y
    gain -= rng.uniform(0.02, 0.2) * (x**2 + y**2) / 2
    for _ in range(int(rng.integers(0, 3))):
        spot = rng.uniform(-1, 1, 2)
        far = (x - spot[0]) ** 2 + (y - spot[1]) ** 2
        gain += rng.uniform(0.05, 0.22) * np.exp(-far / 0.15)
    warm = rng.normal(0, 0.045)
    cast = 1 + np.array([-warm, rng.normal(0, 0.012), warm])
    gain = gain[..., None] * cast * rng.uniform(0.82, 1.14)
    gain = cv2.resize(gain.astype(np.float32), (width, height))
    lit = cv2.multiply(image, gain, dtype=cv2.CV_8U)
    curve = (np.arange(256) / 255) ** rng.uniform(0.85, 1.15)
    haze = rng.uniform(0, 0.05)
    curve = 255 * (haze + (1 - haze) * curve)
    return cv2.LUT(lit, np.round(curve).astype(np.uint8))


def _blur(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Soft focus in most images, a shaken hand in few."""
    scale = max(image.shape[:2]) / 1024
    if rng.random() < 0.12:
        length = max(3, round(rng.uniform(3, 6) * scale))
        kernel = np.zeros((length, length), np.float32)
        angle = rng.uniform(0, np.pi)
        middle = (length - 1) / 2
        for at in np.linspace(-middle, middle, 4 * length):
            row = round(middle + at * np.sin(angle))
            kernel[row, round(middle + at * np.cos(angle))] = 1
        return cv2.filter2D(image, -1, kernel / kernel.sum())
    sigma = rng.uniform(0.2, 0.95) * max(scale, 0.5)
    return cv2.GaussianBlur(image, (0, 0), sigma)


def _noise(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Sensor noise: fine in brightness, coarse and weaker in color."""
    height, width = image.shape[:2]
    sigma = np.float32(rng.uniform(1, 6))
    grain = (height // 3 + 1, width // 3 + 1, 3)
    noise = rng.standard_normal(grain, np.float32) * (0.7 * sigma)
    noise = cv2.resize(noise, (width, height))
    fine = rng.standard_normal((height, width), np.float32) * sigma
    noise = cv2.add(noise, cv2.merge([fine] * 3))
    return cv2.add(image, noise, dtype=cv2.CV_8U)
