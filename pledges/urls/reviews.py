from django.urls import path

from pledges.views import reviews

urlpatterns = [
    path("reviews/<str:token>/", reviews.review, name="review"),
    path("reviews/<str:token>/pledges/<int:pk>/", reviews.pledge, name="review-pledge"),
    path("reviews/<str:token>/pledges/<int:pk>/change/", reviews.change, name="review-pledge-change"),
    path("reviews/<str:token>/pledges/<int:pk>/stop/", reviews.stop, name="review-pledge-stop"),
    path("reviews/<str:token>/ideas/", reviews.ideas, name="review-ideas"),
    path("reviews/<str:token>/ideas/add/", reviews.adopt, name="review-adopt"),
    path("reviews/<str:token>/ideas/<int:pk>/", reviews.adopted, name="review-adopted"),
    path("reviews/<str:token>/people/", reviews.outcomes, name="review-outcomes"),
    path("reviews/<str:token>/help/", reviews.help_wanted, name="review-help"),
    path("reviews/<str:token>/check/", reviews.check, name="review-check"),
    path("reviews/<str:token>/explanation/", reviews.explanation, name="review-explanation"),
    path("reviews/<str:token>/evidence/<int:pk>/", reviews.own_evidence, name="review-evidence"),
    path("account/reviews/<int:pk>/", reviews.account_review, name="account-review"),
    path("evidence/<int:pk>/", reviews.evidence, name="evidence"),
]
