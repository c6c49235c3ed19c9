"""The records against the largest values of the whole table."""

import pytest
import torch

from dense_scene.models.assigners.tiled_iou import peaks as peak_records
from dense_scene.models.assigners.tiled_iou.peaks import PeakRecords


def run(table, parts, monkeypatch, most, first=4):
    """Feed a (rows, places) table in pieces of some places."""
    monkeypatch.setattr(peak_records, '_MOST', most)
    monkeypatch.setattr(peak_records, '_FIRST_CAPACITY', first)
    best = torch.zeros(len(table))
    records = PeakRecords(best)
    held = 0
    for place in torch.arange(table.shape[1]).split(parts):
        piece = table[:, place]
        torch.maximum(best, piece.amax(1), out=best)
        row, at = (piece == best[:, None]).nonzero().T
        records.add(place[at], row, piece[row, at])
        held = max(held, len(records._columns[0]))
    return records, held


@pytest.mark.parametrize('parts', [1, 7, 100])
@pytest.mark.parametrize('levels', [2, 50, 10_000])
def test_the_places_of_the_largest(parts, levels, generator, monkeypatch):
    """Few levels mean many ties, many levels a record that is beaten."""
    table = torch.randint(1, levels + 1, (30, 100), generator=generator) / 1
    records, _ = run(table, parts, monkeypatch, 3000)
    assert records.complete
    found = {*zip(*(column.tolist() for column in records.largest()))}
    peaks = (table == table.amax(1, keepdim=True)).nonzero().tolist()
    assert found == {(place, row) for row, place in peaks}


def test_ties_without_end_are_given_up(monkeypatch):
    records, held = run(torch.ones(10, 200), 1, monkeypatch, 500)
    assert not records.complete
    assert held <= 500


def test_beaten_ones_make_room(monkeypatch):
    """Each place beats all before it: never more than one record a row."""
    table = torch.arange(1, 401).repeat(10, 1) / 1
    records, held = run(table, 1, monkeypatch, 500)
    assert records.complete and held <= 500
    assert records.largest()[0].tolist() == [399] * 10
