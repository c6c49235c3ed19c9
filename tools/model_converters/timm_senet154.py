"""Convert timm's senet154 weights for the SENet154 backbone.

python timm_senet154.py pytorch_model.bin checkpoints/senet154.pth
"""

import sys

from dense_scene.models.backbones.timm_senet154 import convert_timm_file

if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        print(f'{convert_timm_file(*sys.argv[1:])} tensors converted')
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
