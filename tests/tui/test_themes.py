"""A person's theme file is used where it is right, and each fault is named by file and key."""

from pathlib import Path

from hive_tui.tui import themes
from hive_tui.tui.colours import DARK
from hive_tui.tui.firstframe import chosen_theme, theme_folders


def test_shipped_themes_load_without_a_fault(tmp_path: Path) -> None:
    looks, faults = themes.load([Path(folder) for folder in theme_folders(str(tmp_path))])
    assert {"hive-dark", "hive-light", "hive-contrast"} <= set(looks)
    assert faults == []
    assert not looks["hive-light"].dark


def test_faults_are_named_and_the_rest_is_used(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('dark = "yes"\n[colors]\ntext = "#123456"\naccent = "red"\nsky = "#000000"\n')
    (tmp_path / "broken.toml").write_text("[colors\n")
    looks, faults = themes.load([tmp_path])
    assert looks["mine"].colours["text"] == "#123456"
    assert looks["mine"].colours["accent"] == DARK["accent"]
    assert any("mine.toml: colors.accent: expected" in fault and "'red'" in fault for fault in faults)
    assert any("mine.toml: colors.sky: no such colour" in fault for fault in faults)
    assert any("mine.toml: colors.border: missing" in fault for fault in faults)
    assert any("mine.toml: title or dark" in fault for fault in faults)
    assert any(str(tmp_path / "broken.toml") in fault for fault in faults)


def test_the_choice_is_remembered_beside_what_else_the_file_says(tmp_path: Path) -> None:
    (tmp_path / "screen.toml").write_text('# mine\ntheme = "hive-dark"\n')
    themes.remember(tmp_path, "hive-light")
    assert chosen_theme(str(tmp_path)) == "hive-light"
    assert "# mine" in (tmp_path / "screen.toml").read_text()


def test_the_quick_reading_gives_the_look_of_the_proper_one(tmp_path: Path) -> None:
    looks, _ = themes.load([Path(folder) for folder in theme_folders(str(tmp_path))])
    for name, look in looks.items():
        quick = themes.painted(name, str(tmp_path))
        assert (quick.colours, quick.dark) == (look.colours, look.dark)
