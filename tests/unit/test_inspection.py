"""What changed between two texts, as people see it."""

from __future__ import annotations

from laras.inspection import changes


def test_lines_that_look_like_the_head_of_a_comparison_are_changes_too() -> None:
    before = "Halo\n-- Salam, Budi\n---\n++ tambah\n@@ tanda"
    assert changes(before, "Halo\n@@ tanda", 9) == ["--- Salam, Budi", "----", "-++ tambah"]
    assert changes("sama", "sama", 9) == []


def test_a_line_taken_out_at_the_top_is_one_change() -> None:
    lines = [f"baris {n}" for n in range(500)]
    assert changes("\n".join(["judul", *lines]), "\n".join(lines), 9) == ["-judul"]


def test_very_long_texts_are_compared_at_their_beginning() -> None:
    before = "\n".join(str(n) for n in range(200_000))
    assert changes(before, "x\n" + before, 3)[0] == "+x"
