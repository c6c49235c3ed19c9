"""What is kept of a run and of a measurement of speed."""

from __future__ import annotations

import msgspec


class RunRecord(msgspec.Struct, frozen=True, tag='run', kw_only=True):
    """One attempt at one row with one seed.

    Args:
        row (str), seed (int): Which run.
        state (str): 'finished' or 'failed'.
        config_sha256 (str): Of the row's resolved config.
        parent_sha256 (str): Of its parent's, '' without one.
        data (dict[str, str]): Of :func:`describe_data`.
        metrics (dict): All results of the test, -1 where there is none.
        seconds (float): Of the processes, all resumptions together.
        seconds_per_iteration (float, optional): The median that was logged.
        iterations (int, optional): Of a run that failed, the last logged.
        training_seconds (float, optional): Of the iterations alone, as
            logged: without start, validation and test.
        gpu_memory_mb (float, optional): The most that training logged.
        memory_mb (float, optional): The most that the process held.
        minutes (float, optional): Of training, which its iterations were
            fitted to.
        attempts (int): Processes that this took.
        resumed (bool): Whether training was interrupted on the way.
        jobs_per_device (int): How many ran beside each other.
        reason (str): Of a failure.
        last_lines (list[str]): Of its log.
    """

    row: str
    seed: int
    state: str
    ended: str
    config: str
    config_sha256: str
    parent_sha256: str = ''
    data: dict[str, str]
    metrics: dict[str, float | str] = {}
    seconds: float
    seconds_per_iteration: float | None = None
    iterations: int | None = None
    training_seconds: float | None = None
    minutes: float | None = None
    gpu_memory_mb: float | None = None
    memory_mb: float | None = None
    attempts: int = 1
    resumed: bool = False
    device: str = ''
    jobs_per_device: int = 1
    commit: str
    versions: dict[str, str]
    hardware: str
    reason: str = ''
    last_lines: list[str] = []


class SpeedRecord(msgspec.Struct, frozen=True, tag='speed', kw_only=True):
    """Speed, size and memory of a trained row, one image at a time.

    Args:
        fps (float): Images a second: load, forward and NMS.
        fps_model (float): The same without loading.
        images (int), warmup (int): Timed, and run before.
        parameters (int): Of the model.
        gmacs (float): Billions of multiply-adds of one image.
        memory_mb (float): The most of the GPU, or else of the process.
        load (float): Load average of the machine before.
    """

    row: str
    seed: int
    ended: str
    config_sha256: str
    fps: float
    fps_model: float
    images: int
    warmup: int
    image_shape: list[int]
    parameters: int
    gmacs: float
    memory_mb: float
    load: float
    device: str
    commit: str
    versions: dict[str, str]
    hardware: str


class TimingRecord(msgspec.Struct, frozen=True, tag='timing', kw_only=True):
    """What an iteration of a row's training takes when nothing else runs.

    Args:
        config_sha256 (str): Of the row before its length was fitted.
        seconds_per_iteration (float): The mean, loading included.
        iterations (int), warmup (int): Timed, and run before.
        load (float): Load average of the machine before.
    """

    row: str
    ended: str
    config_sha256: str
    seconds_per_iteration: float
    iterations: int
    warmup: int
    load: float
    device: str
    commit: str
    versions: dict[str, str]
    hardware: str


Record = RunRecord | SpeedRecord | TimingRecord
