"""The report is one page with everything, and a browser shows it."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from dense_scene.ablation.comparison.comparison import compare_rows
from dense_scene.ablation.report.report import verdict, write_report
from tests.test_ablation.test_report.scenes import write_results

CHROMIUM = next(
    filter(
        None,
        map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome')),
    ),
    None,
)
# Writes into the page what a person would see of it.
LOOK = """\
<script>
window.onload = () => {
  const images = [...document.images];
  const style = getComputedStyle(document.body);
  const facts = {
    images: images.length,
    blank: images.filter(i => !i.complete || !i.naturalWidth).length,
    wide: document.documentElement.scrollWidth - innerWidth,
    hidden: images.filter(i => !i.clientWidth || !i.clientHeight).length,
    reached: document.querySelectorAll('a[href], [tabindex="0"]').length,
    scroll: [...document.querySelectorAll('.wide, pre')].filter(
      e => e.scrollWidth > e.clientWidth && e.tabIndex < 0).length,
    back: style.backgroundColor, ink: style.color,
  };
  document.body.innerHTML = '<p id="facts">' + JSON.stringify(facts);
};
</script></body>
"""


@pytest.fixture(scope='module')
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp('report')
    results, work_dir = write_results(folder)
    comparison = compare_rows(results, work_dir, resamples=20)
    return write_report(comparison, folder / 'report.html'), comparison


def test_every_part_is_there(report):
    page = report[0].read_text()
    titles = re.findall(r'<h2[^>]*>(.*?)</h2>', page)
    assert titles[:7] == [
        'Results',
        'AP@100',
        'Time, memory, size',
        'Training',
        'Losses of the stages (Figure 6)',
        'Proposals of each stage',
        'Kinds of errors',
    ]
    assert titles[7] == 'Density' and titles[-1] == 'Provenance'
    assert sum(title.startswith('Scene ') for title in titles) == 2
    assert 'Config of + half' in titles
    assert 'model.factor: 31 -&gt; 37' in page
    # Two losses of two stages; two of proposals; loss, errors, density; truth
    # and two rows of two scenes.
    assert page.count('<figure>') == 4 + 2 + 3 + 2 * 3
    assert page.count('data:image/webp') == 6
    assert 'Two rows &lt;b&gt;' in page
    assert not re.search(r'(src|href|srcset)="(?!data:|#)', page)
    assert len(page) < 2e6


def test_the_verdict_names_each_difference(report):
    comparison = report[1]
    # 0.10 and 0.11: mean 0.105, half width 12.706 * 0.00707 / sqrt(2).
    said = '+ half: paper +0.010, ours +0.105 ± 0.064, appears.'
    assert verdict(comparison) == said
    key = '+ half', 'coco/bbox_mAP_at100'
    cell = comparison.cells[key]
    for mean, words in ((0.05, 'not told from chance'), (-0.1, 'opposite')):
        change = replace(cell.change, mean=mean)
        comparison = replace(
            comparison,
            cells={**comparison.cells, key: replace(cell, change=change)},
        )
        assert words in verdict(comparison)


def test_without_the_data_the_rest_is_there(tmp_path):
    results, work_dir = write_results(tmp_path)
    shutil.rmtree(tmp_path / 'data')
    comparison = compare_rows(results, work_dir, resamples=20)
    assert 'No intervals over images' in comparison.note
    page = write_report(comparison, tmp_path / 'report.html').read_text()
    assert 'No errors, density and scenes' in page
    assert 'Figure 6' in page and 'Scene' not in page


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason='needs Chromium; none here')
@pytest.mark.parametrize('width', [360, 1200])
@pytest.mark.parametrize('dark', [False, True])
def test_a_browser_shows_it(report, tmp_path, width, dark):
    page = report[0].read_text().replace('</body>', LOOK)
    path = tmp_path / 'page.html'
    path.write_text(page)
    command = [CHROMIUM, '--headless', '--no-sandbox', '--disable-gpu']
    command += ['--enable-logging=stderr', f'--window-size={width},800']
    command += ['--hide-scrollbars', f'--user-data-dir={tmp_path}/user']
    command += ['--blink-settings=preferredColorScheme=0'] * dark
    command += ['--virtual-time-budget=5000', '--dump-dom', path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert 'CONSOLE' not in done.stderr, done.stderr
    found = re.search(r'<p id="facts">(\{.*?\})', done.stdout)
    assert found, done.stdout[-500:] + done.stderr[-2000:]
    facts = __import__('json').loads(found[1])
    assert facts['images'] == 15
    assert facts['blank'] == facts['hidden'] == facts['scroll'] == 0
    assert facts['wide'] <= 0
    # A link to each of 13 sections, and a table or text in 9 of them.
    assert facts['reached'] >= 20
    back, ink = (
        sum(map(int, re.findall(r'\d+', facts[key])[:3]))
        for key in ('back', 'ink')
    )
    assert (back < ink) == dark
