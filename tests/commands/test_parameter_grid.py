"""Combinations of parameters: in order, and each with a different file name."""

import pytest

from vaelib.commands import parameter_grid

KNOWN = ["number", "word"]


def test_grids_are_expanded_in_order():
    grids = [{"number": [1, 2], "word": ["a", "b"]}, {"number": [3]}]
    assert parameter_grid.expand(grids, KNOWN, "file") == [
        {"number": 1, "word": "a"},
        {"number": 1, "word": "b"},
        {"number": 2, "word": "a"},
        {"number": 2, "word": "b"},
        {"number": 3},
    ]
    assert parameter_grid.expand({}, KNOWN, "file") == [{}]


def test_values_of_all_plain_types_are_accepted():
    values = [1, 1.5, True, None, "1", "2024-01-31", float("inf"), [1, ["a"]], {"a": {"b": None}}]
    found = parameter_grid.expand({"word": values}, KNOWN, "file")
    assert [combination["word"] for combination in found] == values


def test_file_names_contain_the_parameters():
    asked = [{"number": 0.5, "word": "beta(0.1)"}, {"number": 2}, {}]
    expected = ["number=0.5_word=beta-0.1-", "number=2", "as-it-is"]
    assert parameter_grid.file_names(asked) == expected


@pytest.mark.parametrize(
    "first, second",
    [
        ({"word": "a b"}, {"word": "a-b"}),
        ({"word": "a"}, {"word": "A"}),
        ({"word": 1}, {"word": "1"}),
        ({"word": None}, {"word": "None"}),
        ({"word": "1_number=2"}, {"word": 1, "number": 2}),
        ({"word": 300 * "a"}, {"word": 301 * "a"}),
        ({"word": 100 * "\N{SNOWMAN}a"}, {"word": 101 * "\N{SNOWMAN}a"}),
    ],
)
def test_every_combination_has_a_different_file_name(first, second):
    alone = {"word": "other"}
    found = parameter_grid.file_names([first, alone, second])
    assert len({name.casefold() for name in found}) == 3
    assert found[1] == "word=other"
    assert all(len(name.encode()) < 170 for name in found)
    assert parameter_grid.file_names([second, first]) == [found[2], found[0]]  # whatever the order


def test_the_file_name_of_failures_is_reserved():
    plain, other = parameter_grid.file_names([{"word": "a"}, {"word": "a.failed"}])
    assert f"{plain}.failed" != other
    assert other.startswith("word=a.failed_")
