from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import LOOPBACK_NAMES, AppSettings


def test_defaults_answer_this_machine_only() -> None:
    assert AppSettings().allowed_hosts == LOOPBACK_NAMES


def test_the_environment_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANGGE_ALLOWED_HOSTS", '["grid.office.cn"]')
    monkeypatch.setenv("WANGGE_CONCURRENT_DRAFTS", "4")
    settings = AppSettings()
    assert settings.allowed_hosts == ("grid.office.cn",)
    assert settings.concurrent_drafts == 4


def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANGGE_CONCURRENT_DRAFTS", "0")
    with pytest.raises(ValidationError):
        AppSettings()


def test_every_setting_is_explained() -> None:
    text = (Path(__file__).resolve().parents[2] / "api" / "README.md").read_text(encoding="utf-8")
    for name in AppSettings.model_fields:
        assert f"`WANGGE_{name.upper()}`" in text
