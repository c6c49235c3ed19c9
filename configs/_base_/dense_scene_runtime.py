# What every run shares. The only custom_imports of the repository.
_base_ = 'mmdet::_base_/default_runtime.py'

custom_imports = dict(imports=['dense_scene'], allow_failed_imports=False)
# mmengine imports a type that is a whole path: so `mim train` and `mim test`
# find our classes even if a child has custom_imports of its own.
runner_type = 'dense_scene.engine.dense_runner.DenseRunner'

# Written to the checkpoint and the log. For a sweep over seeds:
# --cfg-options randomness.seed=1
randomness = dict(seed=0)

# Not in custom_hooks: a child that has some of its own replaces that list.
default_hooks = dict(
    checkpoint=dict(
        # Whole files, and whatever kills a run, --resume goes on.
        type='ResumableCheckpointHook',
        # Every epoch, so that a killed run loses at most one.
        interval=1,
        max_keep_ckpts=2,
    ),
    # Checkpoints of tensors and plain values: they load with weights_only.
    plain_checkpoint=dict(type='PlainCheckpointHook'),
    # Compares classes, lengths, batch size and watched results at the start.
    start_check=dict(type='StartCheckHook'),
    # Warns of a max_per_img below what the annotations need.
    detection_caps=dict(type='DetectionCapHook'),
)
custom_hooks = []

# Pictures of test --show-dir, DetInferencer and browse_dataset; the backends
# are mmdet's. `visualizer.type=DetLocalVisualizer` gives mmdet's pictures.
visualizer = dict(type='DenseVisualizer')

# mim test ... --tta: with the model's NMS and max_per_img. mmdet makes the
# pipeline of the test pipeline and its mirror image.
tta_model = dict(type='DenseTTAModel')
