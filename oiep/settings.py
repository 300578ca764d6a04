"""The settings, all from the environment; what is not named has a default for a local machine.

`SITE=production` switches the local conveniences off: it asks for what has no safe default, and says so in plain words
when one is missing.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from oiep import local, statics

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# A secret may stand in a file that `NAME_FILE` names, as container platforms hand them out.
SECRETS = (
    "SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_URL", "DATABASE_PASSWORD", "REDIS_URL", "EMAIL_URL", "BACKUP_KEY",
    "METRICS_TOKEN", "SENTRY_DSN", "MEDIA_S3_SECRET_KEY",
)  # fmt: skip
for name in SECRETS:
    if path := env.str(f"{name}_FILE", ""):
        if env.str(name, ""):
            raise ImproperlyConfigured(f"Both {name} and {name}_FILE are set. Set one of them.")
        try:
            os.environ[name] = Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from None

PRODUCTION = env.str("SITE", "local") == "production"
DEBUG = env.bool("DEBUG", False)

NEEDED_IN_PRODUCTION = (
    "SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "FROM_EMAIL", "CONTACT_EMAIL",
)  # fmt: skip

if PRODUCTION:
    if missing := [name for name in NEEDED_IN_PRODUCTION if not env.str(name, "")]:
        raise ImproperlyConfigured(
            f"SITE=production needs {', '.join(missing)} in the environment. docs/operations.md says what each is."
        )
    if len(env.str("SECRET_KEY")) < 50 or len(set(env.str("SECRET_KEY"))) < 5:
        raise ImproperlyConfigured("SECRET_KEY is too easy to guess: give it 50 random characters or more.")
    if "*" in env.list("ALLOWED_HOSTS"):
        raise ImproperlyConfigured("ALLOWED_HOSTS=* would let anybody say what the portal's name is. Name its hosts.")
    if urlsplit(env.str("SITE_URL")).scheme != "https":
        raise ImproperlyConfigured(
            "SITE_URL has to begin with https:// in production: sign-in works over nothing else."
        )
    if DEBUG:
        raise ImproperlyConfigured("SITE=production and DEBUG=1 do not go together: DEBUG shows secrets to strangers.")

SECRET_KEY = env.str("SECRET_KEY", "") or local.secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Links in e-mails are written from this address, so that a forged Host header cannot change them.
SITE_URL = env.str("SITE_URL", f"http://127.0.0.1:{env.str('PORT', '8000')}").rstrip("/")

# The parts ------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "js_lib_bootstrap5",
    "django_htmx",
    "heroicons",
    "csp",
    "oiep",
    "oiep.texts",
    "partners",
    "pledges",
    "working_groups",
    "events",
    "desk",
    "oiep.reach",
    "oiep.reports",
]

MIDDLEWARE = [
    "oiep.tracing.watch_requests",
    "django.middleware.security.SecurityMiddleware",
    "oiep.middleware.isolation_headers",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "oiep.middleware.private_answers",
    "oiep.pages.keep_pages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "oiep.languages.speak",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "oiep.sign_in.second_factor.hold_back_rights",
    "oiep.middleware.limit_searches",
]

ROOT_URLCONF = "oiep.urls"
WSGI_APPLICATION = "oiep.wsgi.application"
AUTH_USER_MODEL = "oiep.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
                "oiep.context.site",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "oiep.templatetags.charter",
                "oiep.templatetags.wordings",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# Where things are kept ------------------------------------------------------------------------

DATABASES = {"default": env.db_url_config(env.str("DATABASE_URL", "") or local.database_url())}
if password := env.str("DATABASE_PASSWORD", ""):
    DATABASES["default"]["PASSWORD"] = password
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", 60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Sessions and rate limits live in PostgreSQL: no page waits for Redis.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
# Of public pages, in each web process (oiep/pages.py); 0 keeps none.
PAGES_KEPT_MEGABYTES = env.int("PAGES_KEPT_MEGABYTES", 0 if DEBUG else 24)

STATIC_URL = "/static/"
# Only production collects its files; a local server takes them from where they are.
STATIC_ROOT = env.str("STATIC_ROOT", str(BASE_DIR / "staticfiles")) if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", str(local.STATE / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # What only some may see: no address leads here (oiep/uploads.py).
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": MEDIA_ROOT / "private", "file_permissions_mode": 0o600},
    },
    # Who was erased: it must outlive the database (oiep/privacy/kept.py).
    "erasures": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": env.str("ERASURES_ROOT", str(MEDIA_ROOT / "erasures")), "file_permissions_mode": 0o600},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
if bucket := env.str("MEDIA_S3_BUCKET", ""):
    for alias, folder in (("private", "media"), ("erasures", "erasures")):
        STORAGES[alias] = {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": bucket,
                "endpoint_url": env.str("MEDIA_S3_ENDPOINT", "") or None,
                "region_name": env.str("MEDIA_S3_REGION", "") or None,
                "access_key": env.str("MEDIA_S3_ACCESS_KEY", "") or None,
                "secret_key": env.str("MEDIA_S3_SECRET_KEY", "") or None,
                "location": folder,
                "default_acl": "private",
                "file_overwrite": False,
            },
        }
# Seals back-ups (oiep/backup/).
BACKUP_KEY = env.str("BACKUP_KEY", "")
if BACKUP_KEY and len(BACKUP_KEY) < 32:
    raise ImproperlyConfigured("BACKUP_KEY is too short: give it 32 random characters or more.")
UPLOAD_BYTES_AT_MOST = 10 * 1024 * 1024
UPLOAD_PIXELS_AT_MOST = 40_000_000
FILE_UPLOAD_HANDLERS = [
    "oiep.uploads.CappedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_ADD_HEADERS_FUNCTION = statics.open_embedded_styles
WHITENOISE_AUTOREFRESH = DEBUG

# Mail and background work ---------------------------------------------------------------------

EMAIL_URL = env.str("EMAIL_URL", "")
if EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
else:
    EMAIL_BACKEND = "oiep.mail_files.EmailBackend"
    EMAIL_FILE_PATH = local.STATE / "mail"
EMAIL_TIMEOUT = 20  # seconds
# The lease on a claimed mail must outlast one attempt to send it.
EMAIL_LEASE_SECONDS = env.int("EMAIL_LEASE_SECONDS", 120)
EMAIL_GIVE_UP_AFTER_DAYS = 5
DEFAULT_FROM_EMAIL = env.str("FROM_EMAIL", "Oxfordshire Inclusive Economy Partnership <charter@oiep.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Where a visitor's question to the partnership goes.
CONTACT_EMAIL = env.str("CONTACT_EMAIL", "manager@oiep.example")

# Whom to tell of a weakness of the portal (/.well-known/security.txt).
SECURITY_EMAIL = env.str("SECURITY_EMAIL", CONTACT_EMAIL)

REDIS_URL = env.str("REDIS_URL", "") or local.redis_url()
CELERY_BROKER_URL = REDIS_URL
CELERY_IMPORTS = ["oiep.day"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5}
CELERY_TASK_PUBLISH_RETRY = False
# Ticks have no state: what is due is asked of the database.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "send-mail": {
        "task": "oiep.tasks.send_mail",
        "schedule": 60.0,
        "kwargs": {"tick": True},
        "options": {"expires": 50},
    },
    "forget-unconfirmed-signings": {
        "task": "pledges.tasks.forget_unconfirmed_signings",
        "schedule": 3600.0,
        "options": {"expires": 3000},
    },
    "events": {"task": "events.tasks.tick", "schedule": 300.0, "options": {"expires": 290}},
    "messages": {"task": "desk.tasks.tick", "schedule": 60.0, "options": {"expires": 50}},
    "lists": {"task": "desk.tasks.work_on_lists", "schedule": 20.0, "options": {"expires": 15}},
    "run-day": {"task": "oiep.day.tick", "schedule": 600.0, "options": {"expires": 590}},
}
# The hour, in Europe/London, before which the day's work (reviews, reminders) does not begin.
DAY_STARTS_AT = env.int("DAY_STARTS_AT", 7)

# Language and time ----------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English")), ("pl", _("Polish")), ("pt", _("Portuguese")), ("ar", _("Arabic"))]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600  # seconds
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "Europe/London"
USE_TZ = True
DATE_FORMAT = "j F Y"
FORMAT_MODULE_PATH = ["oiep.formats"]

# Signing in -----------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "oiep.sign_in.passwords.NotOurOwnWords"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "oiep.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60  # seconds
ACCOUNT_PREVENT_ENUMERATION = True
# What is not named has allauth's default. Asking for codes is limited so that nobody floods another's mailbox.
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "60/h/ip,3/5m/key,10/d/key",
    "login_failed": "10/m/ip,5/5m/key",
    "reauthenticate": "20/5m/user",
}
# How long after signing in, or confirming that it is you, you may change how you sign in, and take or erase your data.
ACCOUNT_REAUTHENTICATION_TIMEOUT = env.int("RECENT_SIGN_IN_MINUTES", 15) * 60  # seconds
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
MFA_ADAPTER = "oiep.accounts.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_TOTP_ISSUER = "Inclusive Economy Charter"
MFA_TOTP_TOLERANCE = 1
MFA_RATE_LIMITS = {"webauthn_login": "30/m/ip"}
MFA_ALLOW_UNVERIFIED_EMAIL = True  # allauth's own list of addresses, which we do not keep
MFA_REAUTHENTICATION_REQUIRED = False  # oiep/sign_in/confirming.py asks
# Whether staff can do nothing as staff until they have shown a passkey or a code of an authenticator app.
STAFF_NEED_SECOND_FACTOR = env.bool("STAFF_NEED_SECOND_FACTOR", PRODUCTION)
# How long that counts, until they show it again.
STAFF_SESSION_HOURS = env.int("STAFF_SESSION_HOURS", 12)
# How many reverse proxies of ours stand in front: without it all visitors would share one rate limit.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# Safety ---------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
PERMISSIONS_POLICY = {
    feature: []
    for feature in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb", "browsing-topics")
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "oiep.views.csrf_failure"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
    SECURE_REDIRECT_EXEMPT = [r"^health/"]
    SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    LANGUAGE_COOKIE_NAME = "__Host-language"
    CSRF_TRUSTED_ORIGINS = CSRF_TRUSTED_ORIGINS or [SITE_URL]

# Seeing what happens --------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "oiep.logs.MaskedFormatter", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "oiep.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.str("LOG_FORMAT", "json" if PRODUCTION else "line"),
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING")},
    # A line for each request, and for each time that somebody signs in, or tries to.
    "loggers": {
        name: {"level": "INFO" if env.bool("LOG_REQUESTS", PRODUCTION) else "WARNING"}
        for name in ("oiep.requests", "oiep.security")
    },
}
SLOW_QUERY_MS = env.int("SLOW_QUERY_MS", 500)
# With this as its bearer token Prometheus may read /metrics; without one nobody may.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
if METRICS_TOKEN and len(METRICS_TOKEN) < 32:
    raise ImproperlyConfigured("METRICS_TOKEN is too short: give it 32 random characters or more.")
if SENTRY_DSN := env.str("SENTRY_DSN", ""):
    from oiep import errors

    errors.start(SENTRY_DSN)

# The worker's and the scheduler's lines are written by the same handler.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# The rules of the scheme ----------------------------------------------------------------------
# The page "How we decide" is written from these.

CONFIRMATION_DAYS = env.int("CONFIRMATION_DAYS", 7)
CONFIRMATION_RESEND_MINUTES = env.int("CONFIRMATION_RESEND_MINUTES", 60)
CONFIRMATION_MAILS_AT_MOST = env.int("CONFIRMATION_MAILS_AT_MOST", 5)
# Over all features, to an address that nobody has confirmed yet.
UNPROVEN_ADDRESS_MAILS_A_DAY = env.int("UNPROVEN_ADDRESS_MAILS_A_DAY", 3)
DECISION_WORKING_DAYS = env.int("DECISION_WORKING_DAYS", 10)
DECISION_AMBER_WORKING_DAYS = env.int("DECISION_AMBER_WORKING_DAYS", 7)
SHORT_ROUTE_BELOW_PEOPLE = 10
MINIMUM_AGE = 16
PLEDGES_AT_MOST = env.int("PLEDGES_AT_MOST", 20)
# How many days before the last day to sign a new version of the Charter those who have not are reminded.
CHARTER_REMINDER_DAYS = env.int("CHARTER_REMINDER_DAYS", 14)
INVITATION_DAYS = env.int("INVITATION_DAYS", 14)
# Partners that came from a list: how long their link to confirm works, and how long they wait until it is sent.
LIST_CONFIRMATION_DAYS = env.int("LIST_CONFIRMATION_DAYS", 60)
# Of one partner or one group: waiting for an answer, and e-mails in 24 hours.
INVITATIONS_AT_MOST = env.int("INVITATIONS_AT_MOST", 30)
INVITATION_MAILS_A_DAY = env.int("INVITATION_MAILS_A_DAY", 30)
# Somebody whom a lead has refused may ask again after these.
JOIN_AGAIN_DAYS = env.int("JOIN_AGAIN_DAYS", 30)
ADDRESS_CHANGE_HOURS = env.int("ADDRESS_CHANGE_HOURS", 24)
CONTACT_CONFIRMED_MONTHS = env.int("CONTACT_CONFIRMED_MONTHS", 12)
PUT_ASIDE_MONTHS = env.int("PUT_ASIDE_MONTHS", 12)
REVIEW_MONTHS = (12, 6)
# Days before and after the due date of a review.
REVIEW_OPENS_DAYS = env.int("REVIEW_OPENS_DAYS", 30)
REVIEW_OVERDUE_DAYS = env.int("REVIEW_OVERDUE_DAYS", 30)  # "due" up to this day, "overdue" from the next
REVIEW_LAPSES_DAYS = env.int("REVIEW_LAPSES_DAYS", 180)
# The e-mails of a round: (step, days after the due date), in their order. The first goes when the review opens.
REVIEW_STEPS = (("opened", -REVIEW_OPENS_DAYS), ("week", -7), ("due", 0), ("overdue", 14), ("final", 90))
REVIEW_EXPLANATION_LENGTH = 200
REVIEW_FILES_AT_MOST = 3  # of evidence, on one pledge
# How many days before a recognition expires we first ask for a new one, and the e-mails: (step, days after it expires).
RECOGNITION_ASKED_DAYS = env.int("RECOGNITION_ASKED_DAYS", 30)
RECOGNITION_STEPS = (("soon", -RECOGNITION_ASKED_DAYS), ("week", -7), ("expiry", 0))
RECOGNITION_YEARS_AT_MOST = 10  # until it expires; more is a slip of the pen
STORY_PICTURES_AT_MOST = env.int("STORY_PICTURES_AT_MOST", 6)
STORY_PEOPLE_AT_MOST = env.int("STORY_PEOPLE_AT_MOST", 20)
STORY_PICTURE_PIXELS = 1600  # of its longer side, as it is kept
STORY_PICTURE_WIDTHS = (400, 800, 1200)  # in which it is kept beside that
# How long somebody can agree to be in a story, and the e-mails to the manager: (step, days after the last day of it).
CONSENT_YEARS_AT_MOST = env.int("CONSENT_YEARS_AT_MOST", 5)
CONSENT_ASKED_DAYS = env.int("CONSENT_ASKED_DAYS", 60)
CONSENT_STEPS = (("soon", -CONSENT_ASKED_DAYS), ("fortnight", -14), ("over", 1))
HELP_OPEN_DAYS = env.int("HELP_OPEN_DAYS", 90)
HELP_OPEN_DAYS_AT_MOST = env.int("HELP_OPEN_DAYS_AT_MOST", 366)
HELP_REQUESTS_AT_MOST = env.int("HELP_REQUESTS_AT_MOST", 10)  # of one partner, open or waiting
# Never fewer partners in a figure about what signing did for them.
BENEFITS_PARTNERS_AT_LEAST = 5
# How long a logo that is in use no more is kept, so that decisions about it can be undone.
LOGO_KEPT_DAYS = env.int("LOGO_KEPT_DAYS", 90)
LOGO_PIXELS_AT_MOST = 600  # of its longer side, as it is kept
# The e-mails about a working group's action: (step, days after its due date), in their order. The one that is `chased`
# goes to those who run the group as well.
ACTION_STEPS = (("week", -7), ("due", 0), ("overdue", 7), ("chased", 30))
EVENT_OFFER_HOURS = env.int("EVENT_OFFER_HOURS", 48)
EVENT_REMINDER_HOURS = env.int("EVENT_REMINDER_HOURS", 48)
# How long after an event those who came can say what they thought of it; then their names are cut off.
EVENT_FEEDBACK_DAYS = env.int("EVENT_FEEDBACK_DAYS", 14)
AWARD_GRACE_MINUTES = env.int("AWARD_GRACE_MINUTES", 30)
EVENT_ATTENDEE_MONTHS = env.int("EVENT_ATTENDEE_MONTHS", 6)
AWARD_SCORES_AT_LEAST = env.int("AWARD_SCORES_AT_LEAST", 3)  # of judges, before a mean says much
AWARD_JUDGE_REMINDER_DAYS = env.int("AWARD_JUDGE_REMINDER_DAYS", 7)
AWARD_VOTE_HOURS = env.int("AWARD_VOTE_HOURS", 48)
PAUSE_MONTHS_AT_MOST = env.int("PAUSE_MONTHS_AT_MOST", 6)
RESIDENT_FORGOTTEN_AFTER_YEARS = env.int("RESIDENT_FORGOTTEN_AFTER_YEARS", 2)
# How long things about people are kept; the pages "How we decide" and "Privacy" say so.
DECLINED_KEPT_DAYS = env.int("DECLINED_KEPT_DAYS", 90)
MESSAGES_KEPT_MONTHS = env.int("MESSAGES_KEPT_MONTHS", 12)
WITHDRAWN_KEPT_DAYS = env.int("WITHDRAWN_KEPT_DAYS", 30)
AUDIT_NOTES_KEPT_YEARS = env.int("AUDIT_NOTES_KEPT_YEARS", 3)
EMAILS_KEPT_MONTHS = env.int("EMAILS_KEPT_MONTHS", 12)
SIGN_IN_EMAILS_KEPT_DAYS = env.int("SIGN_IN_EMAILS_KEPT_DAYS", 7)
# A list that was not brought in, with what is in it.
IMPORTS_KEPT_DAYS = env.int("IMPORTS_KEPT_DAYS", 7)
# What the desk calls a burst of signatures from one place, in a week; and a group that does not meet.
BURST_OF_SIGNATURES = env.int("BURST_OF_SIGNATURES", 5)
BURST_OF_MESSAGES = env.int("BURST_OF_MESSAGES", 5)
GROUP_IDLE_MONTHS = env.int("GROUP_IDLE_MONTHS", 6)
# Of a message to many, how many e-mails wait in the queue at once, so that others need not wait for all of it.
MESSAGES_AT_A_TIME = env.int("MESSAGES_AT_A_TIME", 200)
# A list of so many rows is read and brought in while one waits; a longer one by a worker.
IMPORT_ROWS_AT_ONCE = env.int("IMPORT_ROWS_AT_ONCE", 1000)
IMPORT_ROWS_AT_MOST = env.int("IMPORT_ROWS_AT_MOST", 50_000)
# For how many seconds the figures of a scheme so large that counting takes long are shown although something changed.
FIGURES_REST_AT_MOST = env.int("FIGURES_REST_AT_MOST", 60)

# How often, from one place or one browser: (at most, in seconds).
SEARCHES_A_MINUTE = env.int("SEARCHES_A_MINUTE", 60)  # by source, in each web process
SIGNING_LIMIT_BY_BROWSER = (1, 60)
SIGNING_LIMITS_BY_SOURCE = ((5, 300), (10, 3600))
FOLLOW_LIMITS_BY_SOURCE = ((20, 3600), (60, 86400))
EVENT_LIMITS_BY_SOURCE = ((20, 3600), (60, 86400))
AWARD_VOTE_LIMITS_BY_SOURCE = ((20, 3600), (60, 86400))
AWARD_VOTE_LIMIT_BY_VOTER = (3, 86400)
# Of files and the API: requests, of which a file is worth several.
DATA_LIMIT_BY_SOURCE = (env.int("DATA_REQUESTS_AT_MOST", 600), 300)
DATA_REQUEST_COST = 20
STORY_LIMITS_BY_SOURCE = ((5, 3600), (20, 86400))
HELP_LIMIT_BY_SOURCE = (5, 3600)
HELP_LIMIT_BY_SENDER = (3, 3600)
CONTACT_LIMIT_BY_SOURCE = (5, 3600)
CONTACT_LIMIT_BY_SENDER = (3, 3600)
CONTACT_LIMIT_BY_PARTNER = (20, 86400)
ADDRESS_CHANGE_LIMITS = ((3, 3600), (5, 86400))  # of one person
