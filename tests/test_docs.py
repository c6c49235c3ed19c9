"""What the pages say of our own code is there."""

import importlib
import re

_IMPORT = re.compile(r'^from (dense_scene[\w.]*) import \(?([\w, ]+)', re.M)


def named(root):
    """(page, module, name) of everything that an example imports of us."""
    pages = [*root.glob('*.md'), *root.glob('docs/**/*.md')]
    return [
        (page.name, module, name.strip())
        for page in pages
        for module, names in _IMPORT.findall(page.read_text())
        for name in names.split(',')
        if name.strip()
    ]


def test_examples_import_what_there_is(root):
    found = named(root)
    assert found
    for page, module, name in found:
        assert hasattr(importlib.import_module(module), name), (page, name)


def test_links_between_pages_lead_somewhere(root):
    for page in root.glob('docs/**/*.md'):
        for link in re.findall(
            r'\]\((?!https?://)([^)#\s]+)', page.read_text()
        ):
            assert (page.parent / link).exists(), (page.name, link)


def test_ratios_of_the_readme_stand_in_the_benchmarks(root):
    """Each under the command that its row names."""
    readme = (root / 'README.md').read_text()
    pages = (root / 'docs/benchmarks.md').read_text().split('\n## ')
    rows = re.findall(r'\|([^|\n]+)\| `benchmarks/(\w+\.py)` \|', readme)
    assert rows
    for measured, script in rows:
        (page,) = (
            page for page in pages if f'python benchmarks/{script}' in page
        )
        ratios = re.findall(r'[\d.]+x|1/\d+', measured)
        assert ratios
        for ratio in ratios:
            assert re.search(rf'(?<![\d.]){re.escape(ratio)}', page), (
                script,
                ratio,
            )
