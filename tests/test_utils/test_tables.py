from dense_scene.utils.tables import format_table


def test_columns_are_aligned():
    found = format_table(('row', 'AP'), [('a', 0.5), ('longer', None)], 'T')
    assert found.splitlines() == [
        '+T-------+-----+',
        '| row    |  AP |',
        '+--------+-----+',
        '| a      | 0.5 |',
        '| longer |     |',
        '+--------+-----+',
    ]


def test_a_table_without_rows_has_its_head():
    assert '| row |' in format_table(('row',), [])
