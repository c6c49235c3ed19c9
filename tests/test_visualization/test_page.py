"""A page is whole, safe to open and needs no other file."""

import base64
import re
from html.parser import HTMLParser

from dense_scene.visualization.page import Section, write_page

PNG, SVG = b'\x89PNG\r\n', b'<svg xmlns="http://www.w3.org/2000/svg"/>'


class Tags(HTMLParser):
    """Which elements are open at the end, and which there were."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open, self.seen = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in ('meta', 'img'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_everything_is_there_and_nothing_is_markup(tmp_path):
    path = write_page(
        tmp_path / 'new/a.html',
        'A <b> & more',
        [
            Section('Table', ('x', 'n'), [('a<i>', '1,234.5'), ('b', '-')]),
            Section('Figures', figures=[('p', PNG, 'c'), ('s', SVG, '"')]),
            Section('Code', text='Before.', code='if a < b:\n    c'),
        ],
        'below \udcff',
        'All <em>well</em>.',
    )
    page = path.read_text(encoding='utf-8')
    tags = Tags(page)
    assert tags.open == []
    names = [tag for tag, _ in tags.seen]
    assert not {'b', 'i', 'em', 'script', 'link'} & set(names)
    assert (names.count('h2'), names.count('tr')) == (3, 3)
    # A column of numbers and its name stand to the right.
    numbers = [tag for tag, attrs in tags.seen if 'number' in attrs.values()]
    assert numbers == ['th', 'td', 'td']
    sources = [attrs['src'] for tag, attrs in tags.seen if tag == 'img']
    for source, kind, picture in zip(sources, ('png', 'svg+xml'), (PNG, SVG)):
        head, data = source.split(',')
        assert head == f'data:image/{kind};base64'
        assert base64.b64decode(data) == picture
    assert 'if a &lt; b:\n    c</pre>' in page
    assert 'prefers-color-scheme: dark' in page
    assert not re.search(r'https?://', page)


def test_what_is_not_given_leaves_no_trace(tmp_path):
    page = write_page(tmp_path / 'a.html', 'a', [Section('b')]).read_text()
    body = page[page.index('<body>') :]
    for tag in ('table', 'figure', 'pre', 'verdict'):
        assert tag not in body
