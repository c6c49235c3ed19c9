"""The page that :func:`write_preparation_report` fills in."""

from string import Template

PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>SKU-110K: what was checked</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; color: #222; background: #fff;
       max-width: 1180px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; margin: 0; }
h2 { font-size: 1.15em; margin: 1.8em 0 .5em; }
h3 { font-size: 1em; margin: 0 0 .3em; }
code, pre { font: 13px/1.5 ui-monospace, monospace; background: #f4f4f4; }
pre { padding: .7em 1em; overflow-x: auto; }
.path { color: #666; margin: .2em 0 1.2em; overflow-wrap: anywhere; }
.verdict { border-left: 6px solid; padding: .6em 1em; }
.good { border-color: #009e73; background: #eef8f4; }
.bad { border-color: #d55e00; background: #fdf3ec; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35em .6em;
         border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }
th { font-weight: 600; color: #555; font-size: .88em; }
.number { text-align: right; font-variant-numeric: tabular-nums;
          white-space: nowrap; }
.panels { display: grid; gap: 1.6em;
          grid-template-columns: repeat(auto-fit, minmax(440px, 1fr)); }
figure { margin: 0; }
img { width: 100%; height: auto; }
figcaption { color: #555; font-size: .92em; }
</style>
</head>
<body>
<h1>SKU-110K: what was checked</h1>
<p class="path">$root</p>
<p class="verdict $state">$verdict $scope</p>
<h2>Splits</h2>
$splits
<h2>Faults</h2>
$faults
<p>All of them are in <code>faults.csv</code>, every image with its SHA-256 in
<code>images.csv</code>. Nothing in the data set was changed.</p>
<h2>Usable images and boxes</h2>
<div class="panels">
$panels</div>
<h2>Use it</h2>
<p>In a config, with the folder that this page lies in:</p>
<pre>dataset = dict(
    type='SKU110KDataset',
    manifest='.../usable_train.txt',
    skip_images=())</pre>
</body>
</html>
""")
