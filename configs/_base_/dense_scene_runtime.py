# What every run shares. The only custom_imports of the repository.
_base_ = 'mmdet::_base_/default_runtime.py'

custom_imports = dict(imports=['dense_scene'], allow_failed_imports=False)

# Written to the checkpoint and the log. For a sweep over seeds:
# --cfg-options randomness.seed=1
randomness = dict(seed=0)

default_hooks = dict(
    checkpoint=dict(
        # Whole files, and whatever kills a run, --resume goes on.
        type='ResumableCheckpointHook',
        # Every epoch, so that a killed run loses at most one.
        interval=1,
        max_keep_ckpts=2,
    )
)

custom_hooks = [
    # Checkpoints of tensors and plain values: they load with weights_only.
    dict(type='PlainCheckpointHook'),
    # Warns of a max_per_img below what the annotations need.
    dict(type='DetectionCapHook'),
]
