"""RoIAlign as its definition says, a sample at a time, differentiable."""

import math

import torch


def sample(image, y, x):
    """Bilinear sample of a (C, H, W) image; differentiable."""
    height, width = image.shape[1:]
    if not (-1 <= y <= height and -1 <= x <= width):
        return image.new_zeros(image.shape[0])
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    y0, x0 = math.floor(y), math.floor(x)
    y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
    dy, dx = y - y0, x - x0
    top = (1 - dx) * image[:, y0, x0] + dx * image[:, y0, x1]
    bottom = (1 - dx) * image[:, y1, x0] + dx * image[:, y1, x1]
    return (1 - dy) * top + dy * bottom


def definition(maps, rois, size, scale, ratio, aligned, reduce):
    """RoIAlign as its definition says, a sample at a time."""
    shift = 0.5 if aligned else 0.0
    result = []
    for image, *box in rois.double().tolist():
        left, top, right, bottom = (c * scale - shift for c in box)
        width, height = right - left, bottom - top
        if not aligned:
            width, height = max(width, 1.0), max(height, 1.0)
        step_y, step_x = height / size[0], width / size[1]
        num_y = ratio or math.ceil(step_y)
        num_x = ratio or math.ceil(step_x)
        for p in range(size[0]):
            for q in range(size[1]):
                samples = [
                    sample(
                        maps[int(image)],
                        top + step_y * (p + (iy + 0.5) / num_y),
                        left + step_x * (q + (ix + 0.5) / num_x),
                    )
                    for iy in range(num_y)
                    for ix in range(num_x)
                ]
                result.append(reduce(samples, maps.shape[1]))
    shape = (len(rois), *size, maps.shape[1])
    return torch.stack(result).view(shape).permute(0, 3, 1, 2)


def mean(samples, channels):
    if not samples:
        return torch.zeros(channels, dtype=torch.double)
    return torch.stack(samples).mean(0)


def largest(samples, channels):
    if not samples:
        return torch.full((channels,), -10000.0, dtype=torch.double)
    return torch.stack(samples).amax(0)
