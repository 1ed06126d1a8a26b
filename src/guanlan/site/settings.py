"""Django's settings, made of the installation's (`guanlan.site.config` declares those)."""

from __future__ import annotations

import hashlib
import os
import secrets
from ipaddress import ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from guanlan.site import config
from guanlan.site.database import database

PACKAGE = Path(__file__).resolve().parents[1]
PROJECT = PACKAGE.parents[1]


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


def _whole_sign_on(found: config.Config) -> None:
    """Raises ImproperlyConfigured where a part of single sign-on is set without the rest."""
    if not found["oidc_issuer"]:
        for name in ("oidc_client_id", "oidc_client_secret", "oidc_required"):
            if found[name]:
                raise ImproperlyConfigured(
                    f"GUANLAN_OIDC_ISSUER: expected the provider's issuer, because {name} is set"
                )
        return
    for name in ("oidc_client_id", "oidc_client_secret"):
        if not found[name]:
            raise ImproperlyConfigured(
                f"GUANLAN_{name.upper()}: expected, because oidc_issuer is set"
            )


CONFIG = config.read()
DATA = CONFIG["data"].resolve()
DATA.mkdir(parents=True, exist_ok=True)
LOG_DIRECTORY = DATA / "log"
CACHE_DIRECTORY = DATA / "cache"
CHECKPOINTS = CONFIG["checkpoints"]
AUDIT_CHANNEL = CONFIG["audit_channel"]
AUDIT_CHANNEL_MINUTES = CONFIG["audit_channel_minutes"]

SECRET_KEY = _secret_key(DATA / "secret.key")
# The engine hashes entity keys with a secret of its own, so that neither leaks the other.
ENGINE_SECRET = hashlib.blake2b(SECRET_KEY.encode(), person=b"guanlan-engine").digest()[:32]

# Data keys, wrapped by a master key that one of the providers keeps: `guanlan.core.sealing`.
KEYS_DIRECTORY = DATA / "keys"
SEALING_ALGORITHM = CONFIG["sealing_algorithm"]
KEY_PROVIDER = CONFIG["key_provider"]
MASTER_KEY_PATH = CONFIG["master_key_path"]
KEY_COMMAND = CONFIG["key_command"]
VAULT_ADDRESS = CONFIG["vault_address"]
VAULT_TOKEN = CONFIG["vault_token"]
VAULT_KEY = CONFIG["vault_key"]
VAULT_MOUNT = CONFIG["vault_mount"]
AWS_KMS = tuple(
    CONFIG[f"aws_kms_{name}"]
    for name in ("region", "key", "access_key", "secret_key", "session", "address")
)

ADDRESS = CONFIG["address"].rstrip("/")
EMAIL_BACKEND = "guanlan.core.outbox.letters.EmailBackend"
# Whom core.egress may call besides the public internet.
EGRESS_ALLOW = CONFIG["egress_allow"]
EGRESS_PROXY = CONFIG["egress_proxy"]

DEBUG = False
HTTPS = CONFIG["https"]
ALLOWED_HOSTS = list(CONFIG["hosts"])
CSRF_TRUSTED_ORIGINS = list(CONFIG["origins"])

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "guanlan.core",
    "guanlan.web",
    "guanlan.risk",
    "guanlan.response",
    "guanlan.fraud",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]
MIDDLEWARE = [
    "guanlan.web.middleware.SecurityHeaders",
    "guanlan.web.compression.Compressed",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "guanlan.web.middleware.SignInAgain",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "guanlan.web.accounts.middleware.Zone",  # before all that may answer with a page
    "allauth.account.middleware.AccountMiddleware",
    "guanlan.web.accounts.middleware.Sessions",
    "guanlan.web.middleware.Acting",
    "guanlan.web.accounts.middleware.Doors",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "guanlan.web.accounts.middleware.SecondFactor",
    "guanlan.web.middleware.Rights",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "guanlan.web.middleware.NoPage",  # behind all that its page asks
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

DATABASE_UNVERIFIED = CONFIG["database_unverified"]
DATABASES = {
    "default": database(
        CONFIG["database_url"], DATA, unverified=DATABASE_UNVERIFIED, environment=os.environ
    )
}
# In the database, so that a code used in one process is used in all, and after a restart.
CACHES = {
    "default": {
        "BACKEND": "guanlan.core.remembering.JsonCache",
    }
}
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
    {"NAME": "guanlan.core.people.passwords.Guessable"},
    {"NAME": "guanlan.core.people.passwords.Leaked"},
]
PASSWORD_WORDS = CONFIG["password_words"]
LEAKED_PASSWORDS = CONFIG["leaked_passwords"]
LEAKED_SERVICE = CONFIG["leaked_service"]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "login"

ACCOUNT_ADAPTER = "guanlan.web.accounts.adapters.Accounts"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_RATE_LIMITS = False  # guanlan.core.people.limiting covers every door
ACCOUNT_LOGIN_TIMEOUT = 600
MFA_ADAPTER = "guanlan.web.accounts.adapters.Factors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]  # recovery codes are our own: kept as hashes
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
MFA_TOTP_PERIOD = 30
MFA_TOTP_TOLERANCE = 0  # a code lives for its thirty seconds
MFA_RATE_LIMITS = False
MFA_FORMS = {
    "authenticate": "guanlan.web.accounts.factors.Authenticate",
    "reauthenticate": "guanlan.web.accounts.factors.Confirm",
    "authenticate_webauthn": "guanlan.web.accounts.passkeys.Authenticate",
    "login_webauthn": "guanlan.web.accounts.passkeys.SignIn",
    "reauthenticate_webauthn": "guanlan.web.accounts.passkeys.Confirm",
    "add_webauthn": "guanlan.web.accounts.passkeys.Add",
}
MFA = CONFIG["mfa"]
MFA_ROLES = CONFIG["mfa_roles"]
PROXIES = tuple(ip_network(text, strict=False) for text in CONFIG["proxies"])
# Single sign-on: guanlan.core.sign_on.
_whole_sign_on(CONFIG)
OIDC_ISSUER = CONFIG["oidc_issuer"]
OIDC_CLIENT_ID = CONFIG["oidc_client_id"]
OIDC_CLIENT_SECRET = CONFIG["oidc_client_secret"]
OIDC_NAME = CONFIG["oidc_name"]
OIDC_REQUIRED = CONFIG["oidc_required"]
OIDC_SECOND_FACTOR = frozenset(CONFIG["oidc_second_factor"])
SESSION_IDLE = CONFIG["idle_minutes"] * 60

SESSION_ENGINE = "guanlan.core.people.session_store"
SESSION_COOKIE_AGE = 12 * 3600
# The prefix makes a browser refuse the cookie from anyone but this host over https.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}guanlan_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}guanlan_csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "guanlan.web.pages.errors.csrf_failed"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LANGUAGE_CODE = CONFIG["language"]
# Each language is written in its own words, so that its reader finds it.
LANGUAGES = [("zh-hans", "简体中文"), ("zh-hant", "繁體中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}guanlan_language"
# Named here, our words come before those that Django has for the same English.
LOCALE_PATHS = [PACKAGE / app / "locale" for app in ("web", "core", "fraud")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = CONFIG["time_zone"]

STATIC_URL = "/static/"
NODE_MODULES = CONFIG["node_modules"] or PROJECT / "node_modules"
_ECHARTS = NODE_MODULES / "echarts" / "dist"
STATICFILES_DIRS = [("echarts", str(_ECHARTS))] if _ECHARTS.is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 300

DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
ATTACHMENT_LIMIT = CONFIG["attachment_limit"]
ATTACHMENT_QUOTA = CONFIG["attachment_quota"]
ATTACHMENT_SCANNER = CONFIG["attachment_scanner"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "guanlan.core.process_log.Lines"},
        "json": {"()": "guanlan.core.process_log.Json"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": CONFIG["log_format"]}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
