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
