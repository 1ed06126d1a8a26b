"""Settings of the platform, read once from the environment and typed.

Every variable is `GUANLAN_*`; an unreadable value stops the start with one sentence that
names the variable and what was expected. The value itself is never shown.

| Variable | Meaning | Default |
|---|---|---|
| GUANLAN_DATA | directory of log/, cache/, db.sqlite3, secret.key | ./var |
| GUANLAN_DATABASE_URL | postgresql://user:password@host:port/name, sqlite:///path | SQLite there |
| GUANLAN_HOSTS | host names the console answers to, comma separated | localhost,127.0.0.1,[::1] |
| GUANLAN_HTTPS | the console is only reached over https: secure cookies, HSTS | no |
| GUANLAN_ORIGINS | origins trusted for forms behind a proxy, comma separated | none |
| GUANLAN_LANGUAGE | language when the browser asks for none of ours | zh-hans |
| GUANLAN_TIME_ZONE | zone in which times are shown | Asia/Shanghai |
| GUANLAN_NODE_MODULES | where the front-end packages are installed | node_modules of the project |
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured

PACKAGE = Path(__file__).resolve().parents[1]
PROJECT = PACKAGE.parents[1]


def _text(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


def _flag(name: str, default: bool) -> bool:
    text = _text(name, "yes" if default else "no").lower()
    if text in ("1", "yes", "true", "on"):
        return True
    if text in ("0", "no", "false", "off"):
        return False
    raise ImproperlyConfigured(f"{name}: expected yes or no")


def _words(name: str, default: str) -> list[str]:
    return [word.strip() for word in _text(name, default).split(",") if word.strip()]


def _choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    text = _text(name, default).lower()
    if text not in allowed:
        raise ImproperlyConfigured(f"{name}: expected one of {', '.join(allowed)}")
    return text


def _zone(name: str, default: str) -> str:
    text = _text(name, default)
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise ImproperlyConfigured(
            f"{name}: expected the name of a time zone, such as Asia/Shanghai"
        ) from None
    return text


def _secret_key(path: Path) -> str:
    """The installation's secret, made once; readable by its owner only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_text("ascii").strip()
        if len(key) < 50:
            raise ImproperlyConfigured(
                f"{path}: expected a key of at least 50 characters; restore it from a backup"
            ) from None
        return key
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(64)
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def _database(url: str, data: Path) -> dict[str, object]:
    parts = urlsplit(url)
    if not url or parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(data / "db.sqlite3") if not url else unquote(parts.path[1:]),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # NORMAL is enough under WAL: the log is the truth, a lost tail of the
                # projection is projected again from the stored cursor.
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
                    "PRAGMA foreign_keys=ON; PRAGMA cache_size=-65536; "
                    "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=268435456"
                ),
            },
        }
    if parts.scheme in ("postgresql", "postgres"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
        }
    raise ImproperlyConfigured("GUANLAN_DATABASE_URL: expected postgresql://... or sqlite:///...")


DATA = Path(_text("GUANLAN_DATA", "var")).resolve()
DATA.mkdir(parents=True, exist_ok=True)
LOG_DIRECTORY = DATA / "log"
CACHE_DIRECTORY = DATA / "cache"

SECRET_KEY = _secret_key(DATA / "secret.key")
# The engine hashes entity keys with a secret of its own, so that neither leaks the other.
ENGINE_SECRET = hashlib.blake2b(SECRET_KEY.encode(), person=b"guanlan-engine").digest()[:32]

DEBUG = False
HTTPS = _flag("GUANLAN_HTTPS", False)
ALLOWED_HOSTS = _words("GUANLAN_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _words("GUANLAN_ORIGINS", "")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "guanlan.core",
    "guanlan.web",
    "guanlan.fraud",
]
MIDDLEWARE = [
    "guanlan.web.middleware.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "guanlan.web.middleware.SignInAgain",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "guanlan.web.middleware.Acting",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "guanlan.site.urls"
WSGI_APPLICATION = "guanlan.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "guanlan.web.context.console",
            ],
            "builtins": ["guanlan.web.templatetags.console", "django.templatetags.i18n"],
        },
    },
]

DATABASES = {"default": _database(_text("GUANLAN_DATABASE_URL", ""), DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "core.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "login"

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_NAME = "guanlan_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = "guanlan_csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "guanlan.web.pages.csrf_failed"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LANGUAGE_CODE = _choice("GUANLAN_LANGUAGE", "zh-hans", ("en", "zh-hans", "zh-hant"))
# Each language is written in its own words, so that its reader finds it.
LANGUAGES = [("zh-hans", "简体中文"), ("zh-hant", "繁體中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "guanlan_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
# Named here, our words come before those that Django has for the same English.
LOCALE_PATHS = [PACKAGE / "web" / "locale", PACKAGE / "fraud" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = _zone("GUANLAN_TIME_ZONE", "Asia/Shanghai")

STATIC_URL = "/static/"
NODE_MODULES = Path(_text("GUANLAN_NODE_MODULES", str(PROJECT / "node_modules")))
_ECHARTS = NODE_MODULES / "echarts" / "dist"
STATICFILES_DIRS = [("echarts", str(_ECHARTS))] if _ECHARTS.is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 300

DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
