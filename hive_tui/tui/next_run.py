"""How the next question will be answered: the command line, the profile, and what was chosen on the screen since."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from hive_tui.config import offers as found
from hive_tui.config.options import RunOptions
from hive_tui.config.paths import Paths
from hive_tui.config.profile import DEFAULT, Profile
from hive_tui.config.profile_file import load_profile, save_values
from hive_tui.config.request import RunRequest, StageSettings
from hive_tui.config.resolve import resolve
from hive_tui.config.secrets import Secrets
from hive_tui.events import RunStarted
from hive_tui.tui.session import Setup, StageChoice

if TYPE_CHECKING:
    from hive_tui.config.forking import Change

HOTTEST = {"openrouter": 2.0, "openai": 2.0, "anthropic": 1.0}
"""By dialect: the highest temperature that is taken."""


class NextRun:
    """Reads the profile anew for each request. What reads or writes a file of the person's raises ConfigError."""

    def __init__(self, options: RunOptions, paths: Paths) -> None:
        self.profile_name = options.profile or DEFAULT
        self._options = options
        self._paths = paths
        self._secrets = Secrets(paths.keys)
        self._chosen: dict[str, StageChoice] = {}
        """By stage, only where the command line would go before what the profile now says."""

    @property
    def endpoint_named(self) -> bool:
        """Whether the command line names an endpoint: then no other is offered, and this one is asked for nothing."""
        return self._options.endpoint is not None

    def endpoint_chosen(self) -> bool:
        return self.endpoint_named or self.profile().endpoint is not None

    def profile(self) -> Profile:
        return load_profile(self._paths, self.profile_name)

    def request(self, question: str) -> RunRequest:
        request = resolve(question, self._options, self.profile(), self._secrets)
        stages = {stage: _as_chosen(settings, self._chosen.get(stage)) for stage, settings in request.stages.items()}
        return msgspec.structs.replace(request, stages=stages)

    def fork(self, parent: RunStarted, changes: Sequence[Change]) -> RunRequest:
        """What a fork of that run asks."""
        from hive_tui.config.forking import forked

        profile = load_profile(self._paths, parent.profile)
        mine = self._options
        options = RunOptions(endpoint=mine.endpoint, key_env=mine.key_env, dialect=mine.dialect)
        return forked(parent, changes, options, profile, self._secrets)

    def save(self, stage: str, choice: StageChoice) -> str:
        """For the next run and, in the profile's file, for later ones; returns where."""
        place = ("stages", stage)
        values: dict[tuple[str, ...], object] = {
            (*place, "model"): choice.model,
            (*place, "fallbacks"): list(choice.fallbacks) or None,
            (*place, "temperature"): choice.temperature,
        }
        save_values(self._paths, self.profile_name, values)
        if self.endpoint_named or self._options.model or stage in dict(self._options.stage_models):
            self._chosen[stage] = choice
        return os.path.join(self._paths.profiles, f"{self.profile_name}.toml")

    def keys_found(self) -> tuple[found.Offer, ...]:
        return found.keys_found(self.profile(), self._secrets)

    def accept(self, offer: found.Offer) -> None:
        """The endpoint answers from now on."""
        found.accept(self._paths, self.profile_name, offer)
        self._chosen.clear()  # Models that were chosen for another endpoint mean nothing to this one.

    def empty_setup(self) -> Setup:
        """What is known while the configuration cannot be used."""
        return Setup(profile=self.profile_name)


def setup_of(request: RunRequest) -> Setup:
    """What the screen tells of a request."""
    stages = {
        stage: StageChoice(settings.model, settings.fallbacks, settings.params.temperature)
        for stage, settings in request.stages.items()
    }
    dialects = {endpoint.name: endpoint.dialect for endpoint in request.endpoints}
    hottest = {stage: HOTTEST[dialects[settings.endpoint]] for stage, settings in request.stages.items()}
    return Setup(request.plan, request.profile, request.simulated, stages, hottest)


def _as_chosen(settings: StageSettings, choice: StageChoice | None) -> StageSettings:
    if choice is None:
        return settings
    params = msgspec.structs.replace(settings.params, temperature=choice.temperature)
    return msgspec.structs.replace(settings, model=choice.model, fallbacks=choice.fallbacks, params=params)
