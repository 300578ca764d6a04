"""What the tables of the Charter, pledges and reviews hold about people."""

from django.db.models import Value
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from oiep.personal import Rows, Table

_MODERATED = "state submitted_at decided_at decided_by"


def unname_signatures(signatures):
    """That it was signed stays, and not by whom."""
    signatures.update(signer=None, signer_name=Value(_now("Somebody who has left")), signer_job_title="")


REGISTER = {
    "pledges.CharterVersion": Table(plain="id number published_on", ours="title summary purpose vision commitment"),
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
        plain=f"id {_MODERATED} partner round_on due_on opened_at answered_at closed_at closing recorded_by",
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
    "pledges.PutAside": Table(
        plain="id user key until",
        rows=(Rows(_("Suggestions that you put aside"), user="user", shown="key until"),),
    ),
}
