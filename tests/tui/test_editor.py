"""The question's text: what was typed and pasted comes out as it went in, however it is wrapped and moved in."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from hive_tui.tui.editor import CHIP_LENGTH, Editor

pieces = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Co"], exclude_characters="\r"), max_size=60), max_size=6
)


def typed(*texts: str) -> Editor:
    editor = Editor()
    for text in texts:
        editor.insert(text)
    return editor


@given(pieces)
def test_what_goes_in_comes_out(texts: list[str]) -> None:
    assert typed(*texts).value == "".join(texts)


@given(pieces, st.integers(2, 80))
def test_rows_cover_the_text_and_fit(texts: list[str], width: int) -> None:
    editor = typed(*texts)
    rows = editor.rows(width)
    kept = "".join(editor.text[start:stop] for start, stop in rows)
    assert kept == editor.text.replace("\n", "")
    for start, stop in rows:
        shown = "".join(text for text, _ in editor.spans(start, stop))
        assert cell_len(shown) <= max(width, 4) or stop - start == 1


@given(pieces, st.integers(2, 40), st.lists(st.sampled_from([-1, 1]), max_size=12))
def test_moving_up_and_down_stays_in_the_text(texts: list[str], width: int, steps: list[int]) -> None:
    editor = typed(*texts)
    for step in steps:
        row = editor.place(width)[0]
        moved = editor.vertical(step, width)
        assert 0 <= editor.cursor <= len(editor.text)
        assert moved == (0 <= row + step < len(editor.rows(width)))
        if moved:
            assert editor.place(width)[0] == row + step


def test_a_megabyte_is_one_character_on_the_screen_and_itself_when_sent() -> None:
    pasted = "a line of text\n" * 70_000
    editor = typed("sum up: ", pasted, " now")
    assert len(editor.text) == len("sum up: ") + 1 + len(" now")
    assert editor.value == f"sum up: {pasted} now"
    assert editor.spans(8, 9) == [("[pasted 1,050,000 characters, 70,001 lines]", "chip")]
    editor.move(9)
    editor.delete(8, 9)
    assert editor.value == "sum up:  now"
    editor.undo()
    assert editor.value == f"sum up: {pasted} now"


def test_short_pastes_stay_text_and_line_ends_are_one_kind() -> None:
    editor = typed("one\r\ntwo\rthree")
    assert editor.text == "one\ntwo\nthree"
    assert len(typed("x" * CHIP_LENGTH).text) == CHIP_LENGTH


def test_a_chip_cannot_be_forged_by_typing_its_character() -> None:
    editor = typed("secret\n" * 200)
    editor.insert(chr(0xF0000))
    assert editor.value == "secret\n" * 200


def test_controls_are_shown_harmless_and_sent_as_they_are() -> None:
    editor = typed("\x1b[31mred")
    assert "\x1b" not in editor.spans(0, 20)[0][0]
    assert editor.value == "\x1b[31mred"


def test_words() -> None:
    editor = typed("the quick, brown")
    assert editor.word_left() == 11
    editor.move(4)
    assert editor.word_right() == 9
