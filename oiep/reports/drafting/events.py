"""Events and what was learnt at them, and awards."""

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.honours import honours_of_rounds
from events.models import AwardRound, Contributor, Event
from oiep.moments import end_of, start_of
from oiep.reports.drafting.draft import Draft, bullets, in_a_row, paragraphs, said, source
from oiep.reports.sections import Section


def drafts(report):
    within = {"starts_at__gte": start_of(report.starts_on), "starts_at__lt": end_of(report.ends_on)}
    events = Event.objects.published().past().filter(**within).order_by("starts_at", "pk")
    for event in events.prefetch_related("contributors__partner", "learning"):
        yield _of_event(event)
    announced = {"announced_at__gte": start_of(report.starts_on), "announced_at__lt": end_of(report.ends_on)}
    rounds = AwardRound.objects.published().announced().filter(**announced).order_by("announced_at")
    winners = honours_of_rounds(rounds)
    for award_round in rounds:
        if award_round.pk in winners:
            yield _of_awards(award_round, winners[award_round.pk])


def _of_event(event):
    learning = list(event.learning.all())
    text = [f"**{said(event.title)}**, {event.when}{_where(event)}.", said(event.summary)]
    text += [_held_by(event), _how_many_came(event)]
    lessons = _("What we learnt from it:") if learning else ""
    return Draft(
        Section.EVENTS,
        f"event/{event.pk}",
        paragraphs(" ".join(filter(None, text)), lessons, bullets(said(point.text) for point in learning)),
        [source(_("The event, those who held it, and its learning"), event)],
    )


def _where(event):
    return f", {said(event.place)}" if event.place else ""


def _held_by(event):
    names = {role: [] for role in Contributor.Role.values}
    for row in event.contributors.all():
        names[row.role].append(said(row.partner.public_name if row.partner else row.name))
    hosts, partners, sponsors = (names[role] for role in Contributor.Role.values)
    words = {"hosts": in_a_row(hosts), "partners": in_a_row(partners), "sponsors": in_a_row(sponsors)}
    if not hosts:
        return ""
    if partners and sponsors:
        return _("%(hosts)s held it in partnership with %(partners)s, and with sponsorship from %(sponsors)s.") % words
    if partners:
        return _("%(hosts)s held it in partnership with %(partners)s.") % words
    if sponsors:
        return _("%(hosts)s held it with sponsorship from %(sponsors)s.") % words
    return _("%(hosts)s held it.") % words


def _how_many_came(event):
    came = event.registrations.aggregate(came=Sum("arrived"))["came"] or 0
    return ngettext("%(n)d person came.", "%(n)d people came.", came) % {"n": came} if came else ""


def _of_awards(award_round, winners):
    lines = [f"{said(row.category)}: **{said(row.partner.public_name)}**" for row in winners]
    return Draft(
        Section.EVENTS,
        f"awards/{award_round.pk}",
        paragraphs(_("**%(awards)s.** The winners were:") % {"awards": said(award_round)}, bullets(lines)),
        [source(_("The awards"), award_round), source(_("Nominations that won"), *winners)],
    )
