import datetime
import tomllib
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from oiep.locks import lock_on
from oiep.models import AuditEvent
from oiep.moderation import DECIDED, Move, State, working_days_between
from oiep.roles import make_manager_group
from oiep.rounds import add_months
from partners.actions import profile_of
from partners.models import (
    District,
    JoinRequest,
    Membership,
    Partner,
    PartnerInvitation,
    Pause,
    PriorityArea,
    ProfileChange,
    Sector,
)
from pledges.actions.moderation import MOVE_TO, new_number
from pledges.actions.pledges import FIELDS, refresh_active_areas
from pledges.management.example_messages import add_messages
from pledges.management.example_recognitions import add_recognitions, draw_logo
from pledges.management.example_reviews import ExampleReviews, save
from pledges.models import CharterVersion, Pledge, PledgeIdea, Signature

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
# Examples exist on a local machine only, so that this opens nothing anywhere else.
PASSWORD = "charter-example-2026"  # noqa: S105
ACCOUNTS = {
    "manager@example.org": "runs the scheme, in admin",
    "admin@example.org": "may do everything in admin",
    "lead@example.org": "leads Cherwell Valley Builders",
    "member@example.org": "works with the lead",
    "resident@example.org": "has signed as a resident",
}
LEFT = "The partner withdrew from the Charter."


class Command(BaseCommand):
    help = "Adds example partners, pledges and accounts to a local machine, once. Their dates count from today."

    @transaction.atomic
    def handle(self, **options):
        if settings.PRODUCTION:
            raise CommandError("These are examples for a local machine; nothing was loaded with SITE=production.")
        lock_on("load_examples")
        if Partner.objects.filter(is_example=True).exists():
            self.stdout.write("Examples: they are here already.")
        else:
            self.load()
            pledges = Pledge.objects.filter(partner__is_example=True).count()
            partners = Partner.objects.filter(is_example=True).count()
            self.stdout.write(f"Examples: added {partners} partners with {pledges} pledges.")
        self.say_accounts()

    def say_accounts(self):
        here = set(get_user_model().objects.filter(is_example=True).values_list("email", flat=True))
        self.stdout.write(f"Example accounts (password {PASSWORD}, or a code by e-mail):")
        for email, what in ACCOUNTS.items():
            if email in here:
                self.stdout.write(f"  {email:<22}{what}")

    def load(self):
        try:
            self.charter = CharterVersion.objects.current()
        except CharterVersion.DoesNotExist:
            raise CommandError("There is no Charter to sign yet. Run first: python manage.py load_reference") from None
        self.today = timezone.localdate()
        self.manager = self.user("Example Manager", "manager@example.org", is_staff=True)
        self.manager.groups.add(make_manager_group())
        self.user("Example Administrator", "admin@example.org", is_staff=True, is_superuser=True)
        entries = []
        for path in sorted(EXAMPLES.glob("*.toml")):
            entries += tomllib.loads(path.read_text("utf-8"))["partner"]
        for self.number, entry in enumerate(entries):
            self.add_partner(entry)
        self.publish_charter_before_the_first_signature()

    def publish_charter_before_the_first_signature(self):
        """Examples have signed for years; nobody can sign a version that is not there yet."""
        first = Signature.objects.filter(partner__is_example=True).earliest("declared_at")
        self.charter.published_on = min(self.charter.published_on, timezone.localdate(first.declared_at))
        save(self.charter)

    # Time and people --------------------------------------------------------------------------

    def moment(self, day, hour):
        """A time on a day, not the same for each partner."""
        return timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour, self.number * 7 % 60)))

    def days_ago(self, days):
        return self.today - datetime.timedelta(days=days)

    def day_sent(self, entry):
        """The day on which a partner or pledge was sent in; None for a pledge that came with the signature."""
        if "waits" in entry:
            days = 0
            while working_days_between(self.days_ago(days), self.today) < entry["waits"]:
                days += 1
            return self.days_ago(days)
        days = entry.get("signed", entry.get("sent"))
        return self.days_ago(days) if days else None

    def user(self, name, email, **fields):
        users = get_user_model().objects
        if users.filter(email=email).exists():
            raise CommandError(f"{email} is an account already, so the example of that name cannot be added.")
        password = PASSWORD if email in ACCOUNTS else None
        user = users.create_user(email, password, name=name, is_example=True, **fields)
        user.full_clean()
        return user

    def record(self, verb, subject, at, *, actor=None, note="", **data):
        # As oiep.audit.record, at another time than now.
        AuditEvent.objects.create(verb=verb, subject=subject, at=at, actor=actor, note=note, data=data)

    # Partners ---------------------------------------------------------------------------------

    def add_partner(self, entry):
        self.decision = new_number()  # what is decided together is one decision
        signed = self.day_sent(entry)
        lead = self.user(date_joined=self.moment(signed, 9), **_person(entry["lead"]))
        partner = Partner(
            is_example=True,
            created_at=self.moment(signed, 9),
            sector=Sector.objects.get(slug=entry["sector"]) if "sector" in entry else None,
            contact_purposes=entry.get("contact", []),
            **{field: entry[field] for field in _PARTNER_FIELDS if field in entry},
            **self.decided(entry, entry.get("state", State.APPROVED), signed),
        )
        if partner.state == State.APPROVED:
            partner.approved_at = partner.decided_at
            partner.next_round_on = partner.round_after(timezone.localdate(partner.approved_at))
        if entry.get("contact_paused"):
            partner.contact_paused_at = self.moment(self.days_ago(9), 11)
        save(partner)
        partner.districts.set(District.objects.filter(slug__in=entry.get("districts", [])))
        self.record_moves(partner, lead)
        self.add_signature(partner, lead, entry)
        save(Membership(partner=partner, user=lead, role=Membership.Role.LEAD, started_at=partner.created_at,
                         confirmed_at=partner.created_at, job_title=entry["lead"].get("job_title", "")))  # fmt: skip
        for member in entry.get("members", []):
            self.add_member(partner, member)
        pledges = [None]
        for values in entry.get("pledge", []):
            pledges.append(self.add_pledge(partner, lead, values, pledges[-1]))
        if "paused" in entry:
            self.pause(partner, entry["paused"])
        if partner.state == State.APPROVED and "withdrawn" not in entry:
            ExampleReviews(self, partner, lead, pledges).add(entry.get("review", []))
        if "withdrawn" in entry:
            self.withdraw(partner, lead, self.moment(self.days_ago(entry["withdrawn"]["days"]), 12))
        else:
            refresh_active_areas(partner=partner)
        add_recognitions(self, partner, lead, entry.get("recognition", []))
        if "logo" in entry:
            partner.logo = draw_logo(partner, lead, entry["logo"])
            save(partner)
        if "profile_change" in entry:
            self.add_profile_change(partner, lead, entry["profile_change"])
        for request in entry.get("join_requests", []):
            self.add_join_request(partner, request)
        for invitation in entry.get("invitations", []):
            self.add_invitation(partner, lead, **invitation)
        add_messages(self, partner, lead, entry.get("messages", []))

    def decided(self, entry, state, sent):
        """The fields of something moderated, sent in on a day and decided some days later."""
        fields = {"state": state, "submitted_at": self.moment(sent, 10)}
        if state in DECIDED:
            day = sent + datetime.timedelta(days=entry.get("decided", 3))
            fields |= {"decided_at": self.moment(day, 15), "decided_by": self.manager}
            fields["decision_message"] = entry.get("message", "")
        return fields

    def record_moves(self, obj, actor, verb=None, **data):
        """Leaves the trail that sending in and deciding would have left."""
        name = obj._meta.model_name
        if verb:
            self.record(verb, obj, obj.submitted_at, actor=actor, **data)
        else:
            states = {"before": State.DRAFT, "after": State.SUBMITTED}
            self.record(f"{name}.{Move.SUBMIT}", obj, obj.submitted_at, actor=actor, **states)
        if obj.state in DECIDED:
            self.record(
                f"{name}.{MOVE_TO[obj.state]}",
                obj,
                obj.decided_at,
                actor=self.manager,
                note=obj.decision_message,
                before=State.SUBMITTED,
                after=obj.state,
                decision=self.decision,
                reason=None,
            )

    def add_signature(self, partner, lead, entry):
        assisted, approval = entry.get("assisted", ""), entry.get("approval", {})
        save(
            Signature(
                partner=partner,
                charter=self.charter,
                signer=lead,
                signer_name=lead.name,
                signer_job_title=entry["lead"].get("job_title", ""),
                declared_at=partner.created_at,
                confirmed_at=partner.submitted_at,
                assisted=assisted,
                assisted_by=self.manager if assisted else None,
                awaits_approval_of=approval.get("of", ""),
                approval_url=approval.get("url", ""),
            )
        )

    def withdraw(self, partner, lead, at):
        partner.withdrawn_at, partner.withdrawn_by = at, lead
        save(partner)
        self.record("partner.withdrawn", partner, at, actor=lead, state=partner.state)
        for pledge in partner.pledges.filter(ended_at=None):
            self.stop(pledge, lead, at, LEFT)

    def pause(self, partner, entry):
        starts_on = self.days_ago(entry["days"])
        values = {"until": self.days_ago(-entry["until"]), "reason": entry["reason"], "set_by": self.manager}
        pause = Pause(partner=partner, starts_on=starts_on, set_at=self.moment(starts_on, 11), **values)
        save(pause)
        self.record("partner.paused", partner, pause.set_at, actor=self.manager, until=str(pause.until))

    def add_member(self, partner, person):
        user = self.user(**_person(person))
        membership = Membership(
            partner=partner,
            user=user,
            role=Membership.Role.MEMBER,
            job_title=person["job_title"],
            started_at=partner.decided_at,
            confirmed_at=partner.decided_at,
        )
        save(membership)
        self.record("membership.added", membership, partner.decided_at, partner=partner.pk, role=membership.role)

    def add_join_request(self, partner, person):
        at = self.moment(self.days_ago(person["days"]), 10)
        user = self.user(date_joined=at, **_person(person))
        request = JoinRequest(partner=partner, user=user, job_title=person["job_title"], asked_at=at)
        save(request, exclude=["answered_at", "answered_by"])  # nobody has answered yet
        self.record("joinrequest.asked", request, at, actor=user, partner=partner.pk)

    def add_invitation(self, partner, lead, email, role, days):
        at = self.moment(self.days_ago(days), 10)
        invitation = PartnerInvitation(partner=partner, email=email, role=role, invited_by=lead, invited_at=at)
        save(invitation, exclude=["answered_at"])  # nobody has answered yet
        self.record("partnerinvitation.invited", invitation, at, actor=lead)

    def add_profile_change(self, partner, lead, entry):
        live, values = profile_of(partner), dict(entry["values"])
        if "logo" in entry:
            values["logo"] = draw_logo(partner, lead, entry["logo"]).pk
        moderated = self.decided(entry, State.SUBMITTED, self.day_sent(entry))
        change = ProfileChange(
            partner=partner,
            proposed_by=lead,
            proposed_at=moderated["submitted_at"],
            values=values,
            before={field: live[field] for field in values},
            **moderated,
        )
        save(change)
        self.record_moves(change, lead)

    # Pledges ----------------------------------------------------------------------------------

    def add_pledge(self, partner, lead, entry, previous):
        sent = self.day_sent(entry)
        state = entry.get("state", partner.state)
        if sent:
            self.decision = new_number()
            moderated = self.decided(entry, state, sent)
        else:
            fields = ("state", "submitted_at", "decided_at", "decided_by", "decision_message")
            moderated = {field: getattr(partner, field) for field in fields}
        pledge = Pledge(
            partner=partner,
            replaces=previous if entry.get("replaces_last") else None,
            created_at=moderated["submitted_at"],
            **self.words(entry, timezone.localdate(moderated["submitted_at"])),
            **moderated,
        )
        if state == State.APPROVED:
            pledge.started_on = timezone.localdate(pledge.decided_at)
        save(pledge)
        if pledge.replaces:
            self.replace(pledge, lead)
        elif sent:
            self.record_moves(pledge, lead, "pledge.added", partner=partner.pk, replaces=None)
        else:
            self.record_moves(pledge, lead)
        if "stopped" in entry:
            self.stop(
                pledge, lead, self.moment(self.days_ago(entry["stopped"]["days"]), 12), entry["stopped"]["reason"]
            )
        return pledge

    def words(self, entry, sent):
        """What a pledge says: its entry's own words, else those of the idea that it was made from."""
        idea = PledgeIdea.objects.select_related("area").get(title=entry["idea"]) if "idea" in entry else None
        words = {field: entry[field] for field in FIELDS if field in entry} | {"idea": idea}
        if "area" in entry:
            words["area"] = PriorityArea.objects.get(slug=entry["area"])
        if idea:
            words = {"area": idea.area, "capacity": idea.capacity, "statement": idea.statement} | words
            if "target" in entry:
                words = {"measure": idea.measure, "unit": idea.unit} | words
        if "target" in entry:
            words["target_date"] = add_months(sent, 12 * entry.get("target_years", 1))
        return words

    def replace(self, pledge, lead):
        old = pledge.replaces
        changed = sorted(field for field in FIELDS if getattr(pledge, field) != getattr(old, field))
        self.record_moves(
            pledge, lead, "pledge.change_proposed", partner=pledge.partner_id, replaces=old.pk, fields=changed
        )
        if pledge.state == State.APPROVED:
            old.ended_at, old.ending = pledge.decided_at, Pledge.Ending.REPLACED
            save(old)
            self.record("pledge.replaced", old, pledge.decided_at, by=pledge.pk)

    def stop(self, pledge, lead, at, reason):
        pledge.ended_at, pledge.ending, pledge.ending_reason = at, Pledge.Ending.STOPPED, reason
        save(pledge)
        self.record("pledge.stopped", pledge, at, actor=lead, note=reason, partner=pledge.partner_id)


_PARTNER_FIELDS = (
    "name", "kind", "show_name", "is_social_enterprise", "is_cooperative", "description", "website", "size",
    "county_wide", "review_months",
)  # fmt: skip


def _person(entry):
    return {"name": entry["name"], "email": entry["email"]}
