"""Settings are typed; a bad one is refused in one sentence that does not repeat it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from guanlan.site import config, settings


def test_the_secret_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    key = settings._secret_key(path)
    assert len(key) >= 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert settings._secret_key(path) == key


def test_a_damaged_secret_key_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text("short")
    with pytest.raises(ImproperlyConfigured, match=r"secret\.key: expected a key"):
        settings._secret_key(path)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"OIDC_CLIENT_ID": "console"}, "GUANLAN_OIDC_ISSUER"),
        ({"OIDC_CLIENT_SECRET": "hidden"}, "GUANLAN_OIDC_ISSUER"),
        ({"OIDC_REQUIRED": "yes"}, "GUANLAN_OIDC_ISSUER"),
        ({"OIDC_ISSUER": "https://sso.example.com"}, "GUANLAN_OIDC_CLIENT_ID"),
        (
            {"OIDC_ISSUER": "https://sso.example.com", "OIDC_CLIENT_ID": "console"},
            "GUANLAN_OIDC_CLIENT_SECRET",
        ),
    ],
)
def test_single_sign_on_is_set_as_a_whole_or_not_at_all(
    given: dict[str, str], missing: str, tmp_path: Path
) -> None:
    environment = {f"GUANLAN_{name}": value for name, value in given.items()}
    found = config.load(environment | {"GUANLAN_DATA": str(tmp_path)})
    with pytest.raises(ImproperlyConfigured, match=f"^{missing}: expected") as caught:
        settings._whole_sign_on(found)
    assert "hidden" not in str(caught.value)


def test_the_secret_of_single_sign_on_may_stand_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    found = config.load(
        {
            "GUANLAN_DATA": str(tmp_path),
            "GUANLAN_OIDC_ISSUER": "https://sso.example.com/realms/staff",
            "GUANLAN_OIDC_CLIENT_ID": "console",
            "GUANLAN_OIDC_CLIENT_SECRET_FILE": str(secret),
            "GUANLAN_OIDC_SECOND_FACTOR": "mfa, hwk",
        }
    )
    settings._whole_sign_on(found)
    assert found["oidc_client_secret"] == "s3cret"
    assert found["oidc_second_factor"] == ("mfa", "hwk")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GUANLAN_HTTPS", "perhaps"),
        ("GUANLAN_TIME_ZONE", "Mars/Olympus"),
        ("GUANLAN_LANGUAGE", "tlh"),
        ("GUANLAN_DATABASE_URL", "mysql://hidden"),
        ("GUANLAN_DATABASE_URL", "postgresql://u:hunter2@db.example/x"),
        ("GUANLAN_DATABASE_URL", "postgresql://u:hunter2@127.0.0.1/x?options=hidden"),
    ],
)
def test_a_bad_variable_is_named_and_its_value_is_not(
    name: str, value: str, tmp_path: Path
) -> None:
    environment = {**os.environ, "GUANLAN_DATA": str(tmp_path), name: value}
    run = subprocess.run(
        [sys.executable, "-c", "import guanlan.site.settings"],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode != 0
    last = run.stderr.strip().splitlines()[-1]
    assert name in last
    assert "expected" in last
    assert value not in last
