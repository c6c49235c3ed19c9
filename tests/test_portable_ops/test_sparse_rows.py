"""Weighted row sums and their transpose: by hand, and as dense matrices."""

import torch

from portable_ops.sparse_rows import (
    SparseRows,
    concatenated_ranges,
    copy_rows_to_maps,
    map_rows,
)


def _dense(matrix: SparseRows, num_columns: int) -> torch.Tensor:
    dense = torch.zeros(len(matrix.sizes), num_columns)
    bags = torch.arange(len(matrix.sizes)).repeat_interleave(matrix.sizes)
    return dense.index_put(
        (bags, matrix.columns), matrix.weights, accumulate=True
    )


def _random_matrix(generator, num_bags=7, num_columns=5) -> SparseRows:
    sizes = torch.randint(0, 4, (num_bags,), generator=generator)
    total = int(sizes.sum())
    return SparseRows(
        torch.randint(0, num_columns, (total,), generator=generator),
        torch.randn(total, generator=generator),
        sizes,
    )


def test_concatenated_ranges():
    owner, values = concatenated_ranges(
        torch.tensor([5, 9, 0]), torch.tensor([2, 0, 3])
    )
    assert owner.tolist() == [0, 0, 2, 2, 2]
    assert values.tolist() == [5, 6, 0, 1, 2]


def test_matmul_by_hand():
    table = torch.tensor([[1.0, 2.0], [10.0, 20.0]])
    matrix = SparseRows(
        torch.tensor([0, 1, 1]),
        torch.tensor([2.0, 0.5, 3.0]),
        torch.tensor([2, 0, 1]),
    )
    # 2 * row 0 + 0.5 * row 1, nothing, 3 * row 1.
    assert matrix.matmul(table).tolist() == [[7, 14], [0, 0], [30, 60]]


def test_matmul_and_transpose_equal_the_dense_matrix(generator):
    for _ in range(20):
        matrix = _random_matrix(generator)
        dense = _dense(matrix, 5)
        table = torch.randn(5, 3, generator=generator)
        torch.testing.assert_close(matrix.matmul(table), dense @ table)
        grad = torch.randn(7, 3, generator=generator)
        torch.testing.assert_close(
            matrix.transpose(5).matmul(grad), dense.T @ grad
        )


def test_transpose_keeps_the_order_within_a_column(generator):
    """Of more columns than 16 bits tell apart, and of fewer."""
    for num_columns in (3, 1 << 16, (1 << 16) + 1, 200_000):
        columns = torch.randint(0, num_columns, (999,), generator=generator)
        columns[::7] = num_columns - 1
        columns[::5] = 0
        sizes = torch.tensor([0, 400, 0, 599, 0])
        matrix = SparseRows(columns, torch.arange(999.0), sizes)
        found = matrix.transpose(num_columns)
        order = columns.sort(stable=True).indices
        assert torch.equal(found.weights.long(), order)
        # Entries 0 to 399 are of bag 1, the others of bag 3.
        assert torch.equal(found.columns, 1 + 2 * (order >= 400).long())
        assert torch.equal(
            found.sizes, columns.bincount(minlength=num_columns)
        )


def test_maps_survive_the_round_trip_in_every_layout(generator):
    maps = torch.randn(2, 3, 4, 5, generator=generator)
    for layout in (torch.contiguous_format, torch.channels_last):
        rows = map_rows(maps.to(memory_format=layout), torch.float32)
        # Row of image 1, y 2, x 3: (1 * 4 + 2) * 5 + 3 = 33.
        assert torch.equal(rows[33], maps[1, :, 2, 3])
        target = torch.zeros_like(maps, memory_format=layout)
        copy_rows_to_maps(rows, target)
        assert torch.equal(target, maps)
