"""The environment of the processes that train and test."""

import os

from .noise import IGNORED_WARNINGS

# By itself glibc takes each large tensor from the system and hands it back
# when it is freed, and the system zeroes its pages of 4 KiB one by one, in
# every step anew. Told so, it keeps up to 1 GiB for the next tensor, in pages
# of 2 MiB. Other systems, and a glibc that lacks one of these, ignore them.
_GLIBC_TUNABLES = ':'.join(
    f'glibc.malloc.{name}={value}'
    for name, value in {
        'hugetlb': 1,
        'mmap_threshold': 128 << 20,
        'trim_threshold': 1 << 30,
    }.items()
)


def child_environment() -> dict[str, str]:
    """Ours, and what a training on a CPU wants where nothing else is set.

    Without the messages that ``noise`` leaves out.
    """
    ignored = [f'ignore:{message}' for message in IGNORED_WARNINGS]
    given = os.environ.get('PYTHONWARNINGS')  # the last one wins
    return {
        # Threads that spin while they wait starve a machine with few cores.
        'OMP_WAIT_POLICY': 'PASSIVE',
        'GLIBC_TUNABLES': _GLIBC_TUNABLES,
        **os.environ,
        'PYTHONWARNINGS': ','.join(ignored + [given] * bool(given)),
    }
