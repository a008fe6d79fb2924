"""Settings of the console. Every value that differs between installations comes from the environment.

A clone runs with none of them set; docs/operations.md lists those that production sets.
"""

import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

from portal import environment

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("PORTAL_HOME", BASE_DIR / "var")).resolve()
HOME.mkdir(parents=True, exist_ok=True)
# Where the audit's head is kept beside the database (actions/restored.py): on storage that a restored backup does not reach.
AUDIT_MARK = os.environ.get("PORTAL_AUDIT_MARK", str(HOME / "audit-mark.json"))


def _secret_key() -> str:
    """The key from the environment, or one made at first start and kept in the home folder (readable by its owner)."""
    given = environment.secret("PORTAL_SECRET_KEY")
    if given:
        return given
    path = HOME / "secret-key"
    if not path.exists():
        from django.core.management.utils import get_random_secret_key

        path.touch(mode=0o600)
        path.write_text(get_random_secret_key() + get_random_secret_key())
    return path.read_text()


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


SECRET_KEY = _secret_key()
DEBUG = environment.flag("PORTAL_DEBUG")
ALLOWED_HOSTS = environment.words("PORTAL_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.words("PORTAL_TRUSTED_ORIGINS")

# --- Azure -------------------------------------------------------------------------------------------------------
# Credentials are azure-identity's own variables (AZURE_TENANT_ID, AZURE_CLIENT_ID, …) and are never stored.
ARM_ENDPOINT = os.environ.get("PORTAL_ARM_ENDPOINT", "https://management.azure.com").rstrip("/")
ARM_CA_BUNDLE = os.environ.get(
    "PORTAL_ARM_CA_BUNDLE", ""
)  # given to every client explicitly, never by REQUESTS_CA_BUNDLE
AZURE_TENANT_ID = os.environ.get("AZURE_TENANT_ID", "")
AZURE_CLIENT_ID = os.environ.get("AZURE_CLIENT_ID", "")
ARM_IS_LOOPBACK = _is_loopback(ARM_ENDPOINT)
# Demo accounts have published passwords: they exist only where nothing real can be reached with them.
DEMO = environment.flag("PORTAL_DEMO") and ARM_IS_LOOPBACK

# --- the work ----------------------------------------------------------------------------------------------------
# Seconds. A lease outlives the longest single exchange with Azure (read timeout 60 s, one cheap retry).
STEP_LEASE = int(os.environ.get("PORTAL_STEP_LEASE", "150"))
# Scales domain/steps.py LONGEST where Azure's durations are shortened (the demo, tests); 1 against Azure itself.
LONGEST_FACTOR = float(os.environ.get("PORTAL_LONGEST_FACTOR", "1"))
SITE_RECOVERY_WRITES_A_MINUTE = int(os.environ.get("PORTAL_SITE_RECOVERY_WRITES", "200"))  # *assumed*: not documented
READING_LEASE = int(os.environ.get("PORTAL_READING_LEASE", "300"))
SWEEP_INTERVAL = float(os.environ.get("PORTAL_SWEEP_INTERVAL", "2"))  # beat looks for due runs and readings
SYNC_INTERVAL_MOVING = int(os.environ.get("PORTAL_SYNC_INTERVAL_MOVING", "10"))  # a vault in which something moves
INVENTORY_INTERVAL = int(os.environ.get("PORTAL_INVENTORY_INTERVAL", "1800"))
HISTORY_DAYS = int(os.environ.get("PORTAL_HISTORY_DAYS", "90"))  # how long health and RPO are kept; the ledger stays
HISTORY_INTERVAL = int(os.environ.get("PORTAL_HISTORY_INTERVAL", "300"))  # seconds between two looks for history to fold
SYNC_INTERVAL_IDLE = int(os.environ.get("PORTAL_SYNC_INTERVAL_IDLE", "300"))

# --- telling people: e-mail and webhooks ---------------------------------------------------------------------------------
PUBLIC_URL = os.environ.get("PORTAL_PUBLIC_URL", "").rstrip("/")  # where people reach the console: for links in messages
NOTICE_QUIET = int(os.environ.get("PORTAL_NOTICE_QUIET", "300"))  # seconds between two messages to one receiver
EMAIL_HOST = os.environ.get("PORTAL_SMTP_HOST", "")  # '' : no e-mail is sent
EMAIL_PORT = int(os.environ.get("PORTAL_SMTP_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("PORTAL_SMTP_USER", "")
EMAIL_HOST_PASSWORD = environment.secret("PORTAL_SMTP_PASSWORD")
EMAIL_USE_TLS = os.environ.get("PORTAL_SMTP_SECURITY", "starttls") == "starttls"
EMAIL_USE_SSL = os.environ.get("PORTAL_SMTP_SECURITY", "starttls") == "tls"
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = os.environ.get("PORTAL_MAIL_FROM", "replication-console@localhost")

# --- messages to addresses that people type (replication/outbound.py) ---------------------------------------------------
# Networks that may be sent to although they are not public, such as 10.1.0.0/16; and whether http:// will do.
OUTBOUND_ALLOW = [ipaddress.ip_network(each) for each in environment.words("PORTAL_OUTBOUND_ALLOW")]
OUTBOUND_HTTP = environment.flag("PORTAL_OUTBOUND_HTTP")
OUTBOUND_CA_BUNDLE = os.environ.get("PORTAL_OUTBOUND_CA_BUNDLE", "")  # '' : what this host trusts

# --- the audit (docs/audit.md) -----------------------------------------------------------------------------------
AUDIT_KEY = environment.secret("PORTAL_AUDIT_KEY")  # '' : made at first start and kept in the home folder
AUDIT_OLD_KEYS = environment.words("PORTAL_AUDIT_OLD_KEYS")  # fingerprints of keys that were changed
AUDIT_CHECKPOINTS = os.environ.get("PORTAL_AUDIT_CHECKPOINTS", "")  # a file, or syslog:[HOST:PORT]
AUDIT_CHECKPOINT_INTERVAL = int(os.environ.get("PORTAL_AUDIT_CHECKPOINT_INTERVAL", "300"))
# Where every entry goes besides the database: files, syslog:[HOST:PORT], syslog+tcp:HOST:PORT, https addresses.
AUDIT_STREAM = environment.words("PORTAL_AUDIT_STREAM")
AUDIT_STREAM_SECRET = environment.secret("PORTAL_AUDIT_STREAM_SECRET")
AUDIT_VERIFY_INTERVAL = int(os.environ.get("PORTAL_AUDIT_VERIFY_INTERVAL", "3600"))

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",  # widgets, for a form renderer that finds templates/django/forms/field.html first
    "django_htmx",
    "template_partials",
    "replication",
]
# No django.contrib.admin: a change made there would bypass the actions, and with them the audit.

MIDDLEWARE = [
    "portal.middleware.ProxyMiddleware",
    "portal.middleware.RequestIdMiddleware",
    "portal.middleware.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.middleware.BodyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "replication.views.account.SignInMiddleware",
    "replication.views.actor.ReadingMiddleware",
    "replication.views.account.SessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "replication.views.errors.MethodMiddleware",
    "replication.views.reasons.ReasonMiddleware",
    "replication.views.approvals.ApprovalMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "replication.views.context.shell",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {
    "default": environment.database(os.environ.get("PORTAL_DATABASE_URL", f"sqlite:///{HOME / 'portal.sqlite3'}"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "replication.Person"
AUTHENTICATION_BACKENDS = ["portal.auth.LocalBackend", "portal.entra.EntraBackend"]
# --- Microsoft Entra ID (docs/operations.md); off while there is no client id -----------------------------------------
ENTRA_TENANT_ID = os.environ.get("PORTAL_ENTRA_TENANT_ID", "")
ENTRA_CLIENT_ID = os.environ.get("PORTAL_ENTRA_CLIENT_ID", "")
ENTRA_CLIENT_SECRET = environment.secret("PORTAL_ENTRA_CLIENT_SECRET")
ENTRA_ISSUER = os.environ.get("PORTAL_ENTRA_ISSUER", f"https://login.microsoftonline.com/{ENTRA_TENANT_ID}/v2.0").rstrip("/")
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
SESSION_ENGINE = "portal.sessions"
SESSION_COOKIE_AGE = 12 * 3600

LANGUAGE_CODE = "en"
TIME_ZONE = os.environ.get("PORTAL_TIME_ZONE", "UTC")
USE_TZ = True
USE_I18N = False

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        # Tests and DEBUG run from the sources; everything else serves hashed, compressed files.
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or environment.flag("PORTAL_PLAIN_STATIC")
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- who speaks for others: forwarding headers count only when they come from one of these (addresses or networks) -----
TRUSTED_PROXIES = [ipaddress.ip_network(each) for each in environment.words("PORTAL_TRUSTED_PROXIES")]

# --- behind TLS: production sets PORTAL_HTTPS=1 and terminates TLS in front ------------------------------------------
HTTPS = environment.flag("PORTAL_HTTPS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if environment.flag("PORTAL_BEHIND_PROXY") else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
LARGEST_BODY = 6 * 1024 * 1024  # bytes with files: a plan's file (5 MB) and its form around it

# --- Celery: a doorbell, never the truth (stack.md §4) ---------------------------------------------------------------
CELERY_BROKER_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    # Without these two a message of a killed worker comes back only at the hundredth second.
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    # A dead broker must not hold a page: the sweep finds what was not sent.
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
}
CELERY_TASK_IGNORE_RESULT = True
# Acknowledged on receipt: what a dying worker drops is found by the sweep, while a worker that holds unacknowledged messages
# can end when its broker restarts.
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "replication"
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "replication.sweep", "schedule": SWEEP_INTERVAL, "options": {"expires": SWEEP_INTERVAL * 5}},
    "tidy": {"task": "replication.tidy", "schedule": 60, "options": {"expires": 300}},
    "keep_history": {
        "task": "replication.keep_history",
        "schedule": HISTORY_INTERVAL,
        "options": {"expires": HISTORY_INTERVAL},
    },
    "stream_audit": {"task": "replication.stream_audit", "schedule": 10, "options": {"expires": 60}},
    "watch_audit": {"task": "replication.watch_audit", "schedule": AUDIT_CHECKPOINT_INTERVAL},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(HOME / "beat-schedule")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "portal.middleware.RequestIdFilter"}},
    "formatters": {
        "line": {
            "()": "portal.middleware.OneLineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request"]}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("PORTAL_LOG_LEVEL", "INFO")},
    "loggers": {
        "azure": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        # Two lines for every sweep, every two seconds, would bury what somebody looks for. Failures are still told.
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
