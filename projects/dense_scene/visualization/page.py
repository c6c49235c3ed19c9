"""A report as one page of HTML that needs no other file."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from ..utils.files import write_bytes

_TEMPLATE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ title }}</title>
<style>
:root { --text: #222; --soft: #5a5a5a; --line: #ddd; --back: #fff;
        --panel: #f4f4f4; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e6e6; --soft: #a8a8a8; --line: #444; --back: #181a1b;
          --panel: #26292b; }
}
body { font: 15px/1.45 system-ui, sans-serif; color: var(--text);
       background: var(--back); max-width: 1180px; margin: 2em auto;
       padding: 0 1em; }
h1 { font-size: 1.6em; margin: 0; }
h2 { font-size: 1.15em; margin: 1.8em 0 .5em; }
h3 { font-size: 1em; margin: 0 0 .3em; }
p { max-width: 46em; overflow-wrap: anywhere; }
.subtitle, th, figcaption { color: var(--soft); }
.verdict { border-left: 6px solid; padding: .6em 1em;
           background: var(--panel); }
.good { border-color: #009e73; }
.bad { border-color: #d55e00; }
pre { font: 13px/1.5 ui-monospace, monospace; background: var(--panel);
      padding: .7em 1em; overflow-x: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35em .6em;
         border-bottom: 1px solid var(--line); min-width: 2.5em; }
th { font-weight: 600; font-size: .88em; }
.number { text-align: right; font-variant-numeric: tabular-nums;
          white-space: nowrap; }
.panels { display: grid; gap: 1.6em; margin-top: 1em;
  grid-template-columns: repeat(auto-fill, minmax(min(27em, 100%), 1fr)); }
figure { margin: 0; }
img { width: 100%; height: auto; background: #fff; }
picture img { background: none; }
nav { margin: 1em 0; line-height: 1.9; }
nav a { margin-right: 1em; }
a { color: inherit; }
figcaption { font-size: .92em; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<p class="subtitle">{{ subtitle }}</p>
{% if verdict %}
<p class="verdict {{ 'good' if good else 'bad' }}">{{ verdict }}</p>
{% endif %}
{% if sections|length > 4 %}
<nav aria-label="Sections">
{% for section in sections %}
<a href="#s{{ loop.index }}">{{ section.title }}</a>
{% endfor %}
</nav>
{% endif %}
{% for section in sections %}
<h2 id="s{{ loop.index }}">{{ section.title }}</h2>
{% if section.rows %}
<div class="wide" tabindex="0" role="region"
 aria-label="{{ section.title }}, table"><table>
{% set right = numeric(section.rows) %}
<tr>
{% for cell in section.head %}
<th{{ right[loop.index0] }}>{{ cell }}</th>
{% endfor %}
</tr>
{% for row in section.rows %}
<tr>
{% for cell in row %}
<td{{ right[loop.index0] }}>{{ cell }}</td>
{% endfor %}
</tr>
{% endfor %}
</table></div>
{% endif %}
{% if section.text %}
<p>{{ section.text }}</p>
{% endif %}
{% if section.figures %}
<div class="panels">
{% for name, picture, caption in section.figures %}
<figure><h3>{{ name }}</h3>
{% if themed(picture) %}
<picture><source media="(prefers-color-scheme: dark)"
 srcset="{{ uri(picture[1]) }}">
<img alt="{{ name }}" src="{{ uri(picture[0]) }}"></picture>
{% else %}
<img alt="{{ name }}" src="{{ uri(picture) }}">
{% endif %}
<figcaption>{{ caption }}</figcaption></figure>
{% endfor %}
</div>
{% endif %}
{% if section.code %}
<pre tabindex="0" role="region" aria-label="{{ section.title }}, text">
{{- section.code }}</pre>
{% endif %}
{% endfor %}
</body>
</html>
"""

Picture = bytes | tuple[bytes, bytes]
_KINDS = {b'\x89PNG': 'png', b'RIFF': 'webp'}


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, in this order, each if given.

    Args:
        title (str): The heading.
        head (Sequence[str]): Names of the table's columns.
        rows (Sequence[Sequence[str]]): Cells. A column of numbers, some of
            which may be missing, stands to the right.
        text (str): A paragraph.
        figures (Sequence[tuple]): Name, picture and caption of each; two in
            a row where there is room. A picture is a PNG, WebP or SVG file,
            or two of them, for light and for dark screens.
        code (str): Kept as it is.
    """

    title: str
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    text: str = ''
    figures: Sequence[tuple[str, Picture, str]] = ()
    code: str = ''


def write_page(
    path: str | Path,
    title: str,
    sections: Sequence[Section],
    subtitle: str = '',
    verdict: str = '',
    good: bool = True,
) -> Path:
    """Write a page for light and dark screens, wide and narrow ones.

    Nothing of the arguments is taken for HTML.

    Args:
        path (str | Path): The file, replaced at once; returned.
        title, subtitle, verdict (str): Stand above the sections; ``good``
            gives the color of the verdict.
        sections (Sequence[Section]): In their order.
    """
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(numeric=_numeric, uri=_uri, themed=_is_themed)
    page = environment.from_string(_TEMPLATE).render(
        title=title,
        subtitle=subtitle,
        verdict=verdict,
        good=good,
        sections=sections,
    )
    path = Path(path)
    # Names that are not UTF-8 hold surrogates.
    write_bytes(path, page.encode(errors='xmlcharrefreplace'))
    return path


def _numeric(rows: Sequence[Sequence[str]]) -> list[Markup]:
    """For each column the class of its cells: numbers stand to the right."""
    kinds = []
    for column in zip(*rows):
        digits = [re.sub('[-,.]', '', cell) for cell in column]
        is_number = all(d.isdigit() or not d for d in digits) and any(digits)
        kinds.append(Markup(' class="number"' if is_number else ''))
    return kinds


def _is_themed(picture: Picture) -> bool:
    return isinstance(picture, tuple)


def _uri(picture: bytes) -> str:
    kind = _KINDS.get(picture[:4], 'svg+xml')
    return f'data:image/{kind};base64,{base64.b64encode(picture).decode()}'
