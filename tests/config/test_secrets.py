"""Keys: found by name, given by origin, shown to nobody."""

import copy
import pickle
from pathlib import Path

import msgspec
import pytest

from hive_tui.config.errors import ConfigError
from hive_tui.config.request import EndpointSpec
from hive_tui.config.secrets import RunKeys, Secret, Secrets

KEY = "sk-not-to-be-seen"
SPEC = EndpointSpec("mine", "https://api.mine.example/v1", "openai", "MINE")


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(KEY)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", repr([secret]), "%s" % secret]  # noqa: UP031
    assert not any(KEY in text for text in shown)
    for leak in (pickle.dumps, copy.copy, msgspec.json.encode):
        with pytest.raises(TypeError) as refusal:
            leak(secret)
        assert KEY not in str(refusal.value)
    assert secret.reveal() == KEY


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text('MINE = "from-file"\nOTHER = "from-file"\n')
    file.chmod(0o600)
    secrets = Secrets(str(file), {"MINE": f" {KEY}\n"})
    assert secrets.named("MINE").reveal() == KEY
    assert secrets.named("OTHER").reveal() == "from-file"
    assert secrets.has("OTHER")
    assert not secrets.has("NONE")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666, 0o620])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(f'MINE = "{KEY}"')
    file.chmod(mode)
    with pytest.raises(ConfigError, match="others can read it") as refusal:
        Secrets(str(file), {}).named("MINE")
    assert "chmod 600" in refusal.value.todo


@pytest.mark.parametrize("text", [f'MINE = "{KEY}', f"MINE = {KEY}", f'MINE = ["{KEY}"]'])
def test_a_broken_file_is_named_without_its_content(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(ConfigError) as refusal:
        Secrets(str(file), {}).named("MINE")
    assert KEY not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_key_that_is_not_there_is_said_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="MINE") as refusal:
        Secrets(str(tmp_path / "none"), {"MINE": "  "}).named("MINE")
    assert "export MINE=" in refusal.value.todo


def test_a_key_with_a_line_break_inside_is_refused_unseen(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        Secrets(str(tmp_path / "none"), {"MINE": f"{KEY}\nX-Evil: 1"}).named("MINE")
    assert KEY not in str(refusal.value)


@pytest.mark.parametrize(
    ("other", "given"),
    [
        (SPEC, True),
        (msgspec.structs.replace(SPEC, base_url="https://API.mine.example:443/v2"), True),
        (msgspec.structs.replace(SPEC, base_url="http://api.mine.example/v1"), False),
        (msgspec.structs.replace(SPEC, base_url="https://api.mine.example:8443/v1"), False),
        (msgspec.structs.replace(SPEC, base_url="https://api.mine.example.evil/v1"), False),
        (msgspec.structs.replace(SPEC, name="other"), False),
        (msgspec.structs.replace(SPEC, base_url=""), False),
    ],
)
def test_a_key_goes_only_to_the_origin_of_its_endpoint(tmp_path: Path, other: EndpointSpec, given: bool) -> None:
    keys = RunKeys([SPEC], Secrets(str(tmp_path / "none"), {"MINE": KEY}))
    assert keys.key_for(other) == (KEY if given else None)


def test_a_missing_key_is_found_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="MINE"):
        RunKeys([SPEC], Secrets(str(tmp_path / "none"), {}))
