"""Lines of a CSV, taken one after the other, and texts that a column repeats."""

import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from geo.exchange import tables
from geo.exchange.tables import read_csv


@given(st.text(st.sampled_from('ab,"\r\n\x0b\x0c\x1c\x85\u2028号')))
def test_lines_end_where_a_file_would_end_them(text: str) -> None:
    assert list(tables._lines(text)) == list(io.StringIO(text, newline=""))


def test_what_a_column_repeats_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_text("\n".join(["code,street", *(f"{number},南湖街道" for number in range(50_000))]), encoding="utf-8")
    table = read_csv(path, None)
    assert len({id(row[1]) for row in table.rows}) == 1
    assert [row[0] for row in table.rows] == [str(number) for number in range(50_000)]


def test_rows_keep_their_own_lines_whatever_ends_them(tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_bytes(b'a,b\r\n1,"x\ny"\r2,z\n\n3,w')
    table = read_csv(path, None)
    assert table.rows == [["1", "x\ny"], ["2", "z"], ["3", "w"]]
    assert table.row_numbers == [2, 4, 6]
