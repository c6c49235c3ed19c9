"""Measure two sides in turns, and keep what is known at every moment."""

import gc
import json
import statistics
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import torch

Step = Callable[[], object]


class Bench:
    """The rows of one section: measured, recorded, written.

    Nothing that a measurement raises ends the section: it becomes the row.
    The file holds every row as soon as it is known, so that a section that
    is killed loses one.

    Args:
        file: JSON list of rows.
        device: Where to measure.
        seconds: After so many a row is not measured any more.
        dry: Everything small and once, to try the code.
    """

    def __init__(
        self, file: Path, device: str, seconds: float, dry: bool = False
    ) -> None:
        self.file, self.dry = file, dry
        self.device = torch.device(device)
        self.deadline = time.monotonic() + seconds
        self.rows: list[dict] = []

    @property
    def on_gpu(self) -> bool:
        return self.device.type == 'cuda'

    def left(self) -> float:
        """Seconds until the section has to end."""
        return self.deadline - time.monotonic()

    def note(self, name: str, **facts: object) -> None:
        """Record a row."""
        self.rows.append(dict(name=name, **facts))
        temporary = self.file.with_suffix('.part')
        temporary.write_text(json.dumps(self.rows, indent=1))
        temporary.replace(self.file)
        cells = ', '.join(f'{key} {_short(v)}' for key, v in facts.items())
        print(f'  {name}: {cells}', flush=True)

    @contextmanager
    def row(self, name: str):
        """What fails inside is recorded under the name."""
        try:
            yield
        except Exception as error:
            self.note(name, error=one_line(error))
        self.clean()

    def clean(self) -> None:
        """Give cached memory back, that one row does not starve the next."""
        gc.collect()
        if self.on_gpu:
            torch.cuda.empty_cache()

    def compare(
        self,
        name: str,
        ours: Step,
        peer: Step | None = None,
        equal: Callable[[object, object], bool] | None = None,
        seconds: float = 1.0,
        images: int = 0,
        **facts: object,
    ) -> None:
        """Median milliseconds of both sides, in turns, and their ratio.

        Args:
            name: Of the row.
            ours, peer: What is measured.
            equal: Compares what both return; its answer is recorded.
            seconds: About so much measuring for each side.
            images: In a step; if any, images a second are recorded.
            facts: Recorded as they are.
        """
        if self.left() <= 0:
            self.note(name, error='not run: out of time')
            return
        steps = {'ours': ours} | ({'peer': peer} if peer else {})
        results, rounds = {}, {}
        for side, step in list(steps.items()):
            try:
                results[side], rounds[side] = self._warm_up(step, seconds)
            except Exception as error:
                facts[f'{side}_error'] = one_line(error)
                del steps[side]
        if equal is not None and len(results) == 2:
            facts['equal'] = bool(equal(results['ours'], results['peer']))
        del results
        times = {side: [] for side in steps}
        for index in range(max(rounds.values(), default=0)):
            for side, step in steps.items():
                if index < rounds[side]:
                    times[side].append(self._milliseconds(step))
        for side, values in times.items():
            facts[f'{side}_ms'] = statistics.median(values)
            facts[f'{side}_runs'] = len(values)
            if images:
                per_second = 1e3 * images / facts[f'{side}_ms']
                facts[f'{side}_images_a_second'] = per_second
        if len(times) == 2:
            facts['times_as_fast'] = facts['peer_ms'] / facts['ours_ms']
        self.note(name, **facts)

    def peak(self, step: Step) -> float | str:
        """MiB by which the step raises the allocated memory; 0 off CUDA."""
        self.clean()
        if not self.on_gpu:
            step()
            return 0.0
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        try:
            step()
            torch.cuda.synchronize()
        except torch.cuda.OutOfMemoryError:
            self.clean()
            return 'out of memory'
        return (torch.cuda.max_memory_allocated() - before) / 2**20

    def _warm_up(self, step: Step, seconds: float) -> tuple[object, int]:
        result = step()
        if self.dry:
            return result, 1
        step()
        one = max(self._milliseconds(step), 1e-3) / 1e3
        return result, int(min(max(seconds / one, 3), 100))

    def _milliseconds(self, step: Step) -> float:
        if not self.on_gpu:
            start = time.perf_counter()
            step()
            return 1e3 * (time.perf_counter() - start)
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        start.record()
        step()
        end.record()
        torch.cuda.synchronize()
        return start.elapsed_time(end)


def one_line(error: BaseException) -> str:
    """An error as text that fits into a table."""
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return 'out of memory'
    text = ' '.join(str(error).split())
    return f'{type(error).__name__}: {text[:300]}'


def _short(value: object) -> str:
    return f'{value:.4g}' if isinstance(value, float) else str(value)
