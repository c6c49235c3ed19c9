"""Processes that work on images, and leave Ctrl-C to the main one."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from threading import Thread

import cv2


def available_cores() -> int:
    """How many cores this process may use, at least 1."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def worker_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of processes that use one core each.

    On Linux workers are forked: a spawned one would import mmdet, which
    takes seconds. OpenCV's own threads do not survive a fork, so they are
    ended before and started again after.

    On leaving, also by Ctrl-C, what has begun is finished and the rest is
    dropped. Workers end at once when this process is killed.
    """
    method = 'fork' if sys.platform == 'linux' else 'spawn'
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context(method), _quiet_worker
    )
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        cv2.setNumThreads(threads)


def _quiet_worker() -> None:
    """Leave Ctrl-C to the main process, and end with it; use one core."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()  # it never ends before the worker unless it was killed
        os._exit(1)
