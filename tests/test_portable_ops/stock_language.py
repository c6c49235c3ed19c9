"""A language model of one layer, in the place of the one on a hub."""

import functools
import importlib.util
import tempfile
from pathlib import Path

CLASSES = ('person', 'car', 'dog')
TEXT = '. '.join(CLASSES)
_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '.', '?', *CLASSES)


@functools.cache
def _home() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory()  # until this process ends


@functools.cache
def tiny_bert() -> str:
    """Its folder, of the width that the detectors expect."""
    from transformers import BertConfig, BertModel, BertTokenizer

    home = _home().name
    (Path(home) / 'vocab.txt').write_text('\n'.join(_TOKENS))
    config = BertConfig(vocab_size=len(_TOKENS), num_hidden_layers=1)
    BertModel(config).save_pretrained(home)
    BertTokenizer(f'{home}/vocab.txt').save_pretrained(home)
    return home


def without_hub(part: dict) -> None:
    """Let it name :func:`tiny_bert`, where transformers is there."""
    keys = part.keys() & {'lang_model_name'}
    if part.get('type') == 'BertModel':
        keys = {'name'}
    if keys and importlib.util.find_spec('transformers'):
        part.update(dict.fromkeys(keys, tiny_bert()))
