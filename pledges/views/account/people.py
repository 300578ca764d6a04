"""Who acts for a partner."""

from django.shortcuts import get_object_or_404, render

from oiep.moderation import NotPossible
from partners import actions as partner_actions
from partners.models import JoinRequest
from pledges.views.account.page import back, done, of_partner


@of_partner(lead_only=True)
def join_request(request, partner, pk):
    asked = get_object_or_404(partner.join_requests.select_related("user"), pk=pk)
    if request.method == "POST" and request.POST.get("answer") in ("accept", "refuse"):
        accept = request.POST["answer"] == "accept"
        try:
            partner_actions.answer_join_request(request=asked, accept=accept, actor=request.user)
        except NotPossible as obstacle:
            return back(request, partner, obstacle)
        return done(request, partner, waits=False)
    waits = asked.state == JoinRequest.State.ASKED
    return render(request, "pledges/account/join_request.html", {"partner": partner, "asked": asked, "waits": waits})
