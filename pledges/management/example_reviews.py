"""Progress reviews of the examples, with all that the daily job and the manager would have left behind by today."""

import datetime

from django.conf import settings
from django.utils import timezone

from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import State
from pledges import standing
from pledges.actions.reminders import context_of, key_of
from pledges.history import history_of
from pledges.models import Answer, DueDate, Pledge, Review

_WORDS = ("recruitment", "retention", "diversity", "explanation")


class ExampleReviews:
    """The rounds of an example partner. loader: the command that adds it. pledges: by their place in the file."""

    def __init__(self, loader, partner, lead, pledges):
        self.loader, self.partner, self.lead, self.pledges = loader, partner, lead, pledges

    def add(self, entries):
        """Opens each round whose day has come; entries: what was said in them, the oldest first."""
        entries = list(entries)
        awaited = None
        while standing.opens_on(round_on := self.partner.next_round_on) <= self.loader.today:
            if awaited:
                self._miss(awaited, standing.opens_on(round_on))
            entry = entries.pop(0) if entries else {}
            review = self._open(round_on, entry)
            sent = self.loader.day_sent(entry)
            self._write_mails(review, until=sent or self.loader.today)
            if sent:
                self._answer(review, entry, sent)
            awaited = None if sent else review
            self.partner.next_round_on = self.partner.round_after(round_on)
        if entries:
            raise ValueError(f"{self.partner.name}: {len(entries)} reviews too many for when it signed.")
        self._lapse()
        save(self.partner)

    def _open(self, round_on, entry):
        opened = standing.opens_on(round_on)
        at = self.loader.moment(opened, 7)
        words = {field: entry[field] for field in _WORDS if field in entry}
        review = Review(partner=self.partner, round_on=round_on, due_on=round_on, opened_at=at, **words)
        save(review)
        save(DueDate(review=review, due_on=round_on, known_from=opened), exclude=["set_by"])
        self.loader.record("review.opened", review, at, round=str(round_on), due=str(round_on))
        return review

    def _miss(self, review, day):
        review.closed_at, review.closing = self.loader.moment(day, 7), Review.Closing.MISSED
        save(review)
        self.loader.record("review.missed", review, review.closed_at)

    def _write_mails(self, review, until):
        """The ledger as the job has kept it each morning before that day."""
        for step, offset in settings.REVIEW_STEPS if not self.partner.is_resident else ():
            day = review.due_on + datetime.timedelta(days=offset)
            if day >= until:
                break
            at = self.loader.moment(day, 7)
            subject, text = mail.compose(f"review_{step}", {**context_of(review, step, day), "user": self.lead})
            OutgoingEmail.objects.create(
                key=key_of(review, step),
                template=f"review_{step}",
                to=self.lead.email,
                subject_line=subject,
                text=text,
                subject=review,
                state=OutgoingEmail.State.SENT,
                attempts=1,
                created_at=at,
                due_at=at,
                sent_at=at,
            )

    def _answer(self, review, entry, sent):
        for field, value in self.loader.decided(entry, entry.get("state", self._state_of(entry)), sent).items():
            setattr(review, field, value)
        review.answered_at = review.submitted_at
        if not self.partner.is_resident:
            self._say_effects(review, entry.get("effects"))
        save(review)
        self.loader.record_moves(review, self.lead)
        for values in entry["answers"]:
            self._say(review, values)

    def _say_effects(self, review, effects):
        """What it did for people, as a choice; those who wrote about it may be quoted."""
        Effect = Review.Effect
        for topic, effect in (effects or {}).items():
            setattr(review, f"{topic}_effect", Effect(effect))
        for number, topic in enumerate(() if effects else ("recruitment", "retention", "diversity")):
            helped = bool(getattr(review, topic)) or (self.loader.number + number) % 3
            setattr(review, f"{topic}_effect", Effect.HELPED if helped else Effect.NONE)
        review.may_quote = any((review.recruitment, review.retention, review.diversity))

    def _state_of(self, entry):
        return State.SUBMITTED if "waits" in entry else State.APPROVED

    def _say(self, review, values):
        values = dict(values)
        pledge = self.pledges[values.pop("pledge")]
        is_stopped = values["progress"] == Answer.Progress.STOPPED
        answer = Answer(review=review, pledge=pledge, **{"next": "" if is_stopped else Answer.Next.RENEW} | values)
        if review.state == State.APPROVED:
            answer.effect = self._follow(answer, review)
        save(answer)

    def _follow(self, answer, review):
        """What approving the review did to the pledge."""
        pledge = answer.pledge
        if answer.next == Answer.Next.RENEW:
            effect = {"renewed_on": pledge.renewed_on and str(pledge.renewed_on)}
            pledge.renewed_on = timezone.localdate(review.answered_at)
            save(pledge)
            return effect
        pledge.ending = Pledge.Ending.ACHIEVED if answer.next == Answer.Next.CLOSE else Pledge.Ending.STOPPED
        pledge.ended_at, pledge.ending_reason = review.decided_at, answer.reason
        save(pledge)
        self.loader.record(
            f"pledge.{pledge.ending}",
            pledge,
            pledge.ended_at,
            actor=review.decided_by,
            note=answer.reason,
            partner=self.partner.pk,
        )
        return {"ended": True}

    def _lapse(self):
        now = standing.standing(history_of(self.partner), self.loader.today)
        if now.status == standing.Status.LAPSED:
            self.partner.lapsed_on = now.since
            self.loader.record("partner.lapsed", self.partner, self.loader.moment(now.since, 7), on=str(now.since))


def save(obj, exclude=None):
    obj.full_clean(exclude=exclude)
    obj.save()
