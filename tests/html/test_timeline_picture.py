"""The picture of a timeline: each event is a dot, over its year."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from guide.html import timeline_picture

LOOK = timeline_picture.Look(170, 26, 8.6, "#123456", "#000000", "#000000")
YEARS = st.lists(st.integers(-100_000, 9999), min_size=1, max_size=200)


@given(YEARS)
def test_every_event_is_a_dot_inside_the_picture(years: list[int]) -> None:
    root = ET.fromstring(timeline_picture.draw(years, LOOK, str))
    dots = [e for e in root.iter() if e.tag.endswith("circle")]
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    assert len(dots) == len(years)
    for dot in dots:
        assert 0 <= float(dot.attrib["cx"]) <= width
        assert 0 <= float(dot.attrib["cy"]) <= height - 3


@given(YEARS)
def test_dots_stand_in_the_order_of_time(years: list[int]) -> None:
    axis = timeline_picture.scale(years)
    columns = [axis.column(year) for year in sorted(years)]
    assert columns == sorted(columns)
    assert 0 <= columns[0] <= columns[-1] < axis.columns <= 60


@given(YEARS)
def test_labels_are_few_and_do_not_touch(years: list[int]) -> None:
    svg = timeline_picture.draw(years, LOOK, str).decode()
    places = [float(x) for x in re.findall(r'<text x="([\d.]+)"', svg)]
    assert 1 <= len(places) <= 9
    assert all(right - left > 12 for left, right in zip(places, places[1:], strict=False))


def test_the_busiest_year_is_the_earliest_of_several() -> None:
    assert timeline_picture.busiest([1999, 1999, 2004, 2004, 1998]) == (1999, 2)
