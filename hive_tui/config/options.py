"""What a command line asks of a run. No struct of msgspec: the first frame is painted before msgspec's 30 ms."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final


class RunOptions:
    """What the command line asks of a run; `None` and empty leave it to the profile."""

    __slots__ = ("dialect", "endpoint", "key_env", "model", "plan", "profile", "stage_models", "timeout_s")
    endpoint: Final[str | None]
    key_env: Final[str | None]
    dialect: Final[str | None]
    model: Final[str | None]
    """Model of every stage that `stage_models` does not name."""
    stage_models: Final[tuple[tuple[str, str], ...]]
    profile: Final[str | None]
    plan: Final[str | None]
    timeout_s: Final[float | None]

    def __init__(
        self,
        *,
        endpoint: str | None = None,
        key_env: str | None = None,
        dialect: str | None = None,
        model: str | None = None,
        stage_models: tuple[tuple[str, str], ...] = (),
        profile: str | None = None,
        plan: str | None = None,
        timeout_s: float | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.key_env = key_env
        self.dialect = dialect
        self.model = model
        self.stage_models = stage_models
        self.profile = profile
        self.plan = plan
        self.timeout_s = timeout_s


def is_profile_name(name: str) -> bool:
    """Whether a profile may be called that: its name is the name of a file."""
    return len(name) <= 64 and name.isascii() and name.replace("-", "").replace("_", "").isalnum()
