"""What the tables of the Charter, pledges and reviews hold about people."""

from django.db.models import Value
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from oiep.personal import Rows, Table
from pledges.models import Story

_MODERATED = "state submitted_at decided_at decided_by"


def unname_signatures(signatures):
    """That it was signed stays, and not by whom."""
    signatures.update(signer=None, signer_name=Value(_now("Somebody who has left")), signer_job_title="")


def delete_stories_with(consents):
    """Who is in a story is most of what it tells, so it goes with them, and with it its pictures."""
    Story.objects.filter(consents__in=list(consents)).delete()


REGISTER = {
    "pledges.CharterVersion": Table(
        plain="id number published_on again again_until again_was_until", ours="title summary purpose vision commitment"
    ),
    "pledges.PledgeIdea": Table(
        plain="id order retired_at area capacity kinds on_short_route",
        ours="title statement why first_steps measure unit",
    ),
    "pledges.Signature": Table(
        plain="id partner charter reference signer declared_at confirmed_at assisted assisted_by",
        personal="signer_name signer_job_title",
        partners="awaits_approval_of approval_url",
        rows=(
            Rows(
                _("Your signatures"),
                user="signer",
                erased=unname_signatures,
                shown="partner charter reference signer_name signer_job_title declared_at confirmed_at",
            ),
        ),
        partner="partner",
        clock="withdrawn",
        title=_("Your signature"),
    ),
    "pledges.Pledge": Table(
        plain=(
            f"id {_MODERATED} partner area capacity idea baseline target target_date commitment commitment_amount"
            " created_at started_on renewed_on replaces ended_at ending"
        ),
        partners="statement measure unit commitment_note ending_reason search_text search",
        letters="decision_message",
        partner="partner",
        clock="declined",
        title=_("Your pledges"),
    ),
    "pledges.Review": Table(
        plain=(
            f"id {_MODERATED} partner round_on due_on opened_at answered_at closed_at closing recorded_by"
            " recruitment_effect retention_effect diversity_effect may_quote"
        ),
        partners="explanation recruitment retention diversity help_wanted",
        letters="decision_message",
        partner="partner",
        clock="declined",
        title=_("Your progress reviews"),
    ),
    "pledges.DueDate": Table(
        plain="id review due_on known_from set_by", letters="reason", partner="review__partner", title=_("Due dates")
    ),
    "pledges.Answer": Table(
        plain="id review pledge progress figure next changed_at new_pledge",
        partners="words evidence_url reason new_values effect",
        partner="review__partner",
        clock="declined",
        title=_("What you said about your pledges"),
    ),
    "pledges.Evidence": Table(
        plain="id answer size added_at",
        partners="file name",
        partner="answer__review__partner",
        clock="declined",
        title=_("Your evidence"),
    ),
    "pledges.Signing": Table(
        plain=(
            "id reference kind language source browser started_at changed_at charter declared_at last_mailed_at mails"
            " confirmed_at assisted assisted_by signature join_request"
        ),
        personal="answers email",
        rows=(
            Rows(
                _("Signatures under way"),
                address="email",
                shown="reference kind answers email started_at declared_at confirmed_at",
            ),
            Rows(user="signature__signer"),
        ),
        clock="signings",
    ),
    "pledges.Resource": Table(
        plain=(
            "id order retired_at kind slug capacities partner_kinds sizes needs file file_size partner agreed_on"
            " agreed_until"
        ),
        ours="title summary body url file_name source",
        groups="agreed_by",
    ),
    "pledges.Resource_areas": Table(plain="id resource priorityarea"),
    "pledges.HelpRequest": Table(
        plain=f"id {_MODERATED} partner asked_by asked_at direction need open_until closed_at outcome is_example",
        partners="title text outcome_words",
        letters="decision_message",
        partner="partner",
        clock="declined",
        title=_("Help that you wanted or offered"),
    ),
    "pledges.HelpRequest_areas": Table(plain="id helprequest priorityarea"),
    "pledges.HelpReply": Table(
        plain="id request sent_at introduced_at introduced_by dismissed_at outcome outcome_at",
        personal="name organisation email message source",
        letters="outcome_words",
        rows=(
            Rows(
                _("Your answers to help wanted or offered"),
                address="email",
                shown="request name organisation email message sent_at introduced_at outcome outcome_words",
            ),
        ),
        clock="messages",
    ),
    # Before the stories, by which they are found.
    "pledges.Consent": Table(
        plain="id story uses agreed_on until withdrawn_at",
        personal="name email how",
        rows=(
            Rows(
                _("Stories that you agreed to be in"),
                address="email",
                erased=delete_stories_with,
                shown="story name email uses how agreed_on until withdrawn_at",
            ),
        ),
    ),
    "pledges.Story": Table(
        plain=(
            f"id {_MODERATED} kind slug partner pledge review shows_people offered_by offered_at confirmed_at"
            " first_published_at taken_down_at taken_down revised_at replaces drop_pictures drop_people is_example"
        ),
        personal="teller_name teller_email source",
        groups="title summary body quote quote_by decision_message",
        rows=(
            Rows(
                _("Stories that you offered"),
                address="teller_email",
                erased=None,
                shown="title summary body quote quote_by state offered_at",
            ),
        ),
        clock="stories",
    ),
    "pledges.Story_areas": Table(plain="id story priorityarea"),
    "pledges.Story_districts": Table(plain="id story district"),
    "pledges.StoryPicture": Table(plain="id story order", groups="alt"),
    "pledges.StoryPictureSize": Table(plain="id picture file width height"),
    "pledges.PutAside": Table(
        plain="id user key until",
        rows=(Rows(_("Suggestions that you put aside"), user="user", shown="key until"),),
    ),
}
