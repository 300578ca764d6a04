from django.urls import path

from pledges.views.account import charter, leaving, mail, messages, partner, people, pledges, profile, reviews

urlpatterns = [
    path("account/mail/", mail.mail, name="account-mail"),
    path("account/mail/<uuid:pk>/", mail.letter, name="account-letter"),
    path("account/partners/<slug:slug>/", partner.partner, name="account-partner"),
    path("account/partners/<slug:slug>/profile/", profile.profile, name="account-profile"),
    path("account/partners/<slug:slug>/contact/", profile.contact, name="account-contact"),
    path("account/partners/<slug:slug>/details/", profile.details, name="account-details"),
    path("account/partners/<slug:slug>/messages/", messages.passed_on, name="account-messages"),
    path("account/partners/<slug:slug>/messages/<int:pk>/report/", messages.report, name="account-message-report"),
    path("account/partners/<slug:slug>/reviews/", reviews.reviews, name="account-reviews"),
    path("account/partners/<slug:slug>/pledges/", pledges.pledges, name="account-pledges"),
    path("account/partners/<slug:slug>/pledges/ideas/", pledges.ideas, name="account-ideas"),
    path("account/partners/<slug:slug>/pledges/add/", pledges.add_pledge, name="account-pledge-add"),
    path("account/partners/<slug:slug>/pledges/<int:pk>/", pledges.change_pledge, name="account-pledge"),
    path("account/partners/<slug:slug>/pledges/<int:pk>/stop/", pledges.stop_pledge, name="account-pledge-stop"),
    path("account/partners/<slug:slug>/joining/<int:pk>/", people.join_request, name="account-join-request"),
    path("account/partners/<slug:slug>/decision/<int:pk>/", profile.own_approval, name="account-own-approval"),
    path("account/partners/<slug:slug>/charter/", charter.sign_again, name="account-sign-again"),
    path("account/partners/<slug:slug>/withdraw/", leaving.withdraw, name="account-withdraw"),
]
