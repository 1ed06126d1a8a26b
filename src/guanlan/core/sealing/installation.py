"""The key ring of this installation."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.signals import setting_changed

from guanlan.core.sealing.aws_kms import AwsKms
from guanlan.core.sealing.providers import MASTER, Command, KeyFile, Provider
from guanlan.core.sealing.ring import Keyring
from guanlan.core.sealing.vault import Vault

# Asked once for every value, so it is remembered until a setting changes (which tests do).
_found: Keyring | None = None


def keyring() -> Keyring:
    """The data keys of this installation, by purpose; see `guanlan.core.sealing.ring`.

    Made at first use. Raises KeysUnusable with one sentence when they cannot be used.
    """
    return _found or _find()


def _find() -> Keyring:
    global _found
    _found = _ring(
        Path(settings.KEYS_DIRECTORY),
        settings.KEY_PROVIDER,
        settings.MASTER_KEY_PATH,
        tuple(settings.KEY_COMMAND),
        (settings.VAULT_ADDRESS, settings.VAULT_TOKEN, settings.VAULT_KEY, settings.VAULT_MOUNT),
        settings.AWS_KMS,
        settings.SEALING_ALGORITHM,
    )
    return _found


def _forget(**_changed: object) -> None:
    global _found
    _found = None


setting_changed.connect(_forget)


@lru_cache(maxsize=8)
def _ring(
    folder: Path,
    provider: str,
    file: Path | None,
    command: tuple[str, ...],
    vault: tuple[str, str, str, str],
    aws_kms: tuple[str, str, str, str, str, str],
    algorithm: str,
) -> Keyring:
    keeper: Provider
    if provider == "vault":
        keeper = Vault(*vault)
    elif provider == "aws_kms":
        keeper = AwsKms(*aws_kms)
    elif provider == "command":
        keeper = Command(command)
    else:
        keeper = KeyFile(file if file is not None else folder / MASTER)
    return Keyring(folder, keeper, algorithm)
