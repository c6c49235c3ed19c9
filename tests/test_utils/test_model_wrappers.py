"""The detector is found through whatever stands around it."""

from mmengine.model import BaseTTAModel
from torch import nn

from dense_scene.utils.model_wrappers import peel
from tests.attack.tiny_run import TinyModel


class Augmented(BaseTTAModel):
    def merge_preds(self, data_samples_list):
        return data_samples_list[0]


def test_each_layer_from_the_outside():
    detector = TinyModel()
    augmented = Augmented(module=detector)
    # mmengine takes DataParallel for a wrapper; it needs no process group.
    parallel = nn.DataParallel(augmented)
    assert peel(detector) == [detector]
    assert peel(augmented) == [augmented, detector]
    assert peel(parallel) == [parallel, augmented, detector]
