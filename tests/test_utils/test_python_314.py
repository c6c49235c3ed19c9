"""mmengine's question of mmcv's operators, with and without find_loader."""

import importlib.util
import pkgutil
import sys

import pytest
from mmengine.utils.dl_utils import mmcv_full_available

from dense_scene.utils import python_314
from portable_ops import python_314 as of_portable_ops

BOTH = [python_314, of_portable_ops]


@pytest.fixture(params=BOTH, ids=['dense_scene', 'portable_ops'])
def module(request):
    return request.param


def test_python_314_is_given_what_it_dropped(module, monkeypatch):
    monkeypatch.delattr(pkgutil, 'find_loader', raising=False)
    with pytest.raises(AttributeError, match='find_loader'):
        mmcv_full_available()
    # With raising=False monkeypatch notes nothing where there was nothing.
    monkeypatch.setattr(pkgutil, 'find_loader', None, raising=False)
    del pkgutil.find_loader
    module.offer_find_loader()
    assert pkgutil.find_loader is module.find_loader
    assert mmcv_full_available()


def test_what_is_there_stays(module, monkeypatch):
    own = object()
    monkeypatch.setattr(pkgutil, 'find_loader', own, raising=False)
    module.offer_find_loader()
    assert pkgutil.find_loader is own


def test_it_finds_what_the_old_one_found(module):
    for name in ('json', 'mmcv._ext', 'sys'):
        loader = module.find_loader(name)
        assert loader is importlib.util.find_spec(name).loader
    assert module.find_loader('no_such_module') is None
    with pytest.raises(ImportError, match='finding loader'):
        module.find_loader('no_such_package.module')


@pytest.mark.skipif(
    sys.version_info >= (3, 14), reason='Python 3.14 has no find_loader'
)
@pytest.mark.filterwarnings('ignore:.*find_loader:DeprecationWarning')
def test_the_old_one_is_the_oracle(module):
    for name in ('json', 'mmcv.ops', 'no_such_module'):
        old, new = pkgutil.find_loader(name), module.find_loader(name)
        assert type(old) is type(new)
    with pytest.raises(ImportError):
        pkgutil.find_loader('no_such_package.module')
