"""Lists of image names that restrict a data set."""

from pathlib import Path

MANIFESTS = Path(__file__).parent / 'manifests'


def read_manifest(name: str) -> list[str]:
    """Read a manifest: one image name per line, ``#`` begins a comment.

    Args:
        name (str): A path, or the name of a manifest of this package.

    Returns:
        list[str]: The image names, in the order of the file.

    Raises:
        FileNotFoundError: If neither exists.
        ValueError: If it lists no image.
    """
    path = Path(name) if Path(name).is_file() else MANIFESTS / name
    if not path.is_file():
        shipped = sorted(file.name for file in MANIFESTS.glob('*.txt'))
        raise FileNotFoundError(
            f'manifest must be a text file or one of {shipped}, but got '
            f'{name!r}, which does not exist. Correct the name or the path.'
        )
    lines = (
        line.partition('#')[0].strip()
        for line in path.read_text(encoding='utf-8').splitlines()
    )
    names = [line for line in lines if line]
    if not names:
        raise ValueError(
            f'manifest {path} must list image names, one per '
            'line, but lists none. Write it again.'
        )
    return names
