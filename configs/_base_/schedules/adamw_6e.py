# The six epochs of the paper's schedule with AdamW, for the detectors of
# today that do not train with SGD: the same warm-up and the same steps.
_base_ = './sgd_6e.py'

optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=0.0001, weight_decay=0.05)
)
