"""What every app stands on: who signs in, what happened, and what we wrote to whom."""

import datetime
import uuid

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from oiep.text import clean_line, normalise_email


class UserManager(BaseUserManager):
    def get_by_natural_key(self, email):
        return self.get(email=normalise_email(email))

    def create_user(self, email, password=None, **fields):
        """Makes a user; without a password they sign in by a code sent by e-mail."""
        user = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in, known by an e-mail address that is stored in one spelling (`normalise_email`)."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True, validators=[clean_line])
    is_staff = models.BooleanField(_("may use admin"), default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_example = models.BooleanField(_("example account"), default=False, editable=False)
    # Of what we write to them, and of pages on a browser that has no choice of its own. None: they never chose.
    language = models.CharField(
        _("language"), max_length=10, blank=True, default="", db_default="", choices=settings.LANGUAGES
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    # How often all sessions were ended. A session knows the number of its time, and ends when it changes.
    session_round = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        permissions = [("erase_user", _("Can erase somebody's personal data"))]

    def __str__(self):
        return self.name or _("User %(number)s") % {"number": self.pk}

    def clean(self):
        self.email = normalise_email(self.email)

    @staticmethod
    def is_held_back():
        """Whether this user's rights wait for a second factor; the user of a request has a check of its own instead."""
        return False

    def has_perm(self, perm, obj=None):
        return super().has_perm(perm, obj) and not self.is_held_back()

    def has_module_perms(self, app_label):
        return super().has_module_perms(app_label) and not self.is_held_back()

    def _get_session_auth_hash(self, secret=None):
        before = super()._get_session_auth_hash(secret=secret)
        if not self.session_round:
            return before
        salt = f"oiep.User.session_round.{self.session_round}"
        return salted_hmac(salt, before, secret=secret, algorithm="sha256").hexdigest()


class AddressChangeQuerySet(models.QuerySet):
    def open(self, now=None):
        """Those whose link still works: the latest of each person, for ADDRESS_CHANGE_HOURS, until it was used."""
        since = (now or timezone.now()) - datetime.timedelta(hours=settings.ADDRESS_CHANGE_HOURS)
        later = AddressChange.objects.filter(user=models.OuterRef("user"), pk__gt=models.OuterRef("pk"))
        return self.filter(~models.Exists(later), asked_at__gt=since, done_at=None)

    def over(self, now):
        """Those whose time was up at a moment."""
        return self.filter(asked_at__lt=now - datetime.timedelta(hours=settings.ADDRESS_CHANGE_HOURS))

    def with_token(self, token):
        """The one that a link names, whatever became of it. Raises DoesNotExist for a link that we did not make."""
        try:
            return self.get(pk=signing.Signer(salt="address change").unsign_object(token))
        except (signing.BadSignature, ValueError, TypeError):
            raise self.model.DoesNotExist from None


class AddressChange(models.Model):
    """Somebody's wish to sign in with another e-mail address, until its link has been opened there and confirmed."""

    user = models.ForeignKey(User, models.CASCADE, related_name="address_changes")
    email = models.EmailField(_("new e-mail address"))
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now)
    done_at = models.DateTimeField(_("changed"), null=True)

    objects = AddressChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of e-mail address")
        verbose_name_plural = _("changes of e-mail address")

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def token(self):
        return signing.Signer(salt="address change").sign_object(self.pk)

    @property
    def expires_at(self):
        return self.asked_at + datetime.timedelta(hours=settings.ADDRESS_CHANGE_HOURS)


class Erasure(models.Model):
    """That a person was erased. Their account stays without anything that tells who it was, so that the audit trail
    and what they decided keep their ids; a restored back-up is brought up to date from these rows.
    """

    user = models.OneToOneField(User, models.PROTECT, related_name="erasure")
    erased_at = models.DateTimeField(_("erased"), default=timezone.now)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["erased_at"]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class DataChange(models.Model):
    """That something changed of what the public may see. The database adds a row with each statement that changes one
    of the tables (migration 0008), so that whoever keeps figures knows whether they are still true (oiep/changes.py).

    Only the latest few hundred are kept.
    """

    class Meta:
        verbose_name = _("change of data")
        verbose_name_plural = _("changes of data")

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class RequestCount(models.Model):
    """How much one source has asked of what is open to programs, in one stretch of time (oiep/limits.py)."""

    source = models.CharField(max_length=64)
    begins_at = models.DateTimeField()
    number = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("count of requests")
        verbose_name_plural = _("counts of requests")
        constraints = [models.UniqueConstraint("begins_at", "source", name="request_count_once")]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class AuditEvent(models.Model):
    """Something that was done, by whom, to what, and why. Rows are added by `oiep.audit.record` and never changed.

    `data` holds ids and states, never names or addresses, so that erasing a person leaves the trail whole. `note` may
    hold what one person wrote to another; it is personal, and is emptied after three years.
    """

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who")
    )
    verb = models.CharField(_("what"), max_length=60)
    subject_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    subject_id = models.CharField(max_length=40)
    subject = GenericForeignKey("subject_type", "subject_id")
    note = models.TextField(_("why"), blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit trail")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["subject_type", "subject_id", "-at"], name="auditevent_subject")]

    def __str__(self):
        return f"{self.verb} {self.subject_type_id}:{self.subject_id}"


class TranslationQuerySet(models.QuerySet):
    def checked(self):
        return self.exclude(checked_at=None)


class Translation(models.Model):
    """A language beside English, and who said when that somebody who speaks it has checked its words."""

    language = models.CharField(_("language"), max_length=10, unique=True, choices=settings.LANGUAGES)
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)
    checked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by"))

    objects = TranslationQuerySet.as_manager()

    class Meta:
        verbose_name = _("translation")
        verbose_name_plural = _("translations")
        ordering = ["language"]
        constraints = [
            models.CheckConstraint(
                name="translation_check_has_time_and_person",
                condition=Q(checked_at=None, checked_by=None) | Q(checked_at__isnull=False, checked_by__isnull=False),
            ),
        ]

    def __str__(self):
        return str(self.get_language_display())


class AtWork(models.Model):
    """That somebody has something open to work on, so that two people do not do the same: see `oiep.at_work`."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    what = models.CharField(max_length=60)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("what somebody works on")
        verbose_name_plural = _("what people work on")
        constraints = [models.UniqueConstraint("what", "user", name="atwork_once")]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class NewsWishQuerySet(models.QuerySet):
    def current(self):
        return self.filter(stopped_at=None)

    def with_token(self, token):
        """The one that a link to stop names. Raises DoesNotExist for a link that we did not make."""
        try:
            return self.get(user=signing.Signer(salt="news").unsign_object(token))
        except (signing.BadSignature, ValueError, TypeError):
            raise self.model.DoesNotExist from None


class NewsWish(models.Model):
    """That somebody asked for the partnership's news: when, where, and when they stopped it. Nobody else gets any."""

    class How(models.TextChoices):
        SIGNING = "signing", _("when signing")
        ACCOUNT = "account", _("in their account")

    user = models.OneToOneField(User, models.CASCADE, related_name="news_wish")
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now)
    how = models.CharField(_("where"), max_length=8, choices=How.choices)
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)

    objects = NewsWishQuerySet.as_manager()

    class Meta:
        verbose_name = _("wish to get news")
        verbose_name_plural = _("wishes to get news")

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def stop_url(self):
        return settings.SITE_URL + reverse("news-stop", args=[signing.Signer(salt="news").sign_object(self.user_id)])


class OutgoingEmailQuerySet(models.QuerySet):
    def due(self, now=None):
        """What a worker may claim: waiting and its time has come, or claimed by a worker whose lease ran out."""
        now = now or timezone.now()
        return self.filter(
            Q(state=OutgoingEmail.State.WAITING, due_at__lte=now)
            | Q(state=OutgoingEmail.State.SENDING, lease_until__lt=now, withheld="")
        )

    def failed(self):
        return self.filter(state=OutgoingEmail.State.FAILED)

    def closed(self):
        """Those that nothing happens to any more by itself."""
        return self.filter(
            state__in=(OutgoingEmail.State.SENT, OutgoingEmail.State.FAILED, OutgoingEmail.State.NOT_SENT)
        )

    def about(self, obj):
        return self.filter(
            subject_type=ContentType.objects.get_for_model(obj, for_concrete_model=True), subject_id=str(obj.pk)
        )


class OutgoingEmail(models.Model):
    """A message, written by `oiep.email.queue` in the transaction that causes it, and sent after it by a worker.

    `key` says what the message is, for messages that must exist once (`review/81/2027-05-04/overdue`): the database
    takes each key once. `message_id` never changes, so that a message sent twice after a crash is known as one.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        NOT_SENT = "not_sent", _("not sent")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=200, unique=True, null=True, blank=True)
    template = models.CharField(_("kind"), max_length=60)
    to = models.CharField(_("to"), max_length=254, validators=[clean_line], db_index=True)
    reply_to = models.CharField(_("reply to"), max_length=254, blank=True, validators=[clean_line])
    language = models.CharField(
        _("language"), max_length=10, default="en-gb", db_default="en-gb", choices=settings.LANGUAGES
    )
    subject_line = models.CharField(_("subject"), max_length=250, validators=[clean_line])
    text = models.TextField(_("text"))
    # An iCalendar object with its METHOD (RFC 5545, 5546), for calendar programs to take in.
    calendar = models.TextField(_("entry for a calendar"), blank=True, db_default="", editable=False)
    # Where one presses once to get no more of the kind (RFC 8058).
    stop_url = models.CharField(max_length=300, blank=True, db_default="", editable=False)
    unproven = models.BooleanField(_("to an address that nobody has confirmed"), default=False)
    # To somebody who was erased: the row goes as soon as the message has gone, or is given up.
    leaves_no_trace = models.BooleanField(default=False, db_default=False, editable=False)

    subject_type = models.ForeignKey(ContentType, models.PROTECT, null=True, related_name="+")
    subject_id = models.CharField(max_length=40, blank=True)
    subject = GenericForeignKey("subject_type", "subject_id")

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    due_at = models.DateTimeField(_("next try"), default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(_("tries"), default=0)
    uncertain = models.BooleanField(
        _("may have gone twice"),
        default=False,
        help_text=_("A worker stopped between handing this over and noting it, so it was sent again."),
    )
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    reason = models.TextField(_("what the mail server said, or why it was not sent"), blank=True)
    withheld = models.TextField(_("why it is not to be tried again"), blank=True)

    objects = OutgoingEmailQuerySet.as_manager()

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["due_at"], name="outgoingemail_waiting", condition=Q(state__in=("waiting", "sending"))
            ),
            models.Index(fields=["subject_type", "subject_id"], name="outgoingemail_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                name="outgoingemail_sent_has_a_time",
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="outgoingemail_sending_has_a_lease",
                condition=Q(state="sending", lease_until__isnull=False)
                | (~Q(state="sending") & Q(lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="outgoingemail_not_sent_has_a_reason",
                condition=~Q(state__in=("failed", "not_sent")) | ~Q(reason=""),
            ),
        ]

    def __str__(self):
        return f"{self.template} {self.pk}"

    @property
    def message_id(self):
        domain = settings.SITE_URL.partition("://")[2].partition(":")[0].partition("/")[0]
        return f"<{self.pk}@{domain}>"
