from django.urls import path

from pledges.views import signing

urlpatterns = [
    path("sign/", signing.start, name="sign"),
    path("sign/questions/", signing.questions, name="sign-questions"),
    path("sign/confirm/<str:token>/", signing.confirm, name="sign-confirm"),
    path("sign/resume/<str:token>/", signing.resume, name="sign-resume"),
    path("sign/<uuid:pk>/done/", signing.done, name="sign-done"),
    path("sign/<uuid:pk>/save/", signing.save_for_later, name="sign-save"),
    path("sign/<uuid:pk>/pledges/add/", signing.add_pledge, name="sign-pledge-add"),
    path("sign/<uuid:pk>/pledges/<int:number>/", signing.edit_pledge, name="sign-pledge"),
    path("sign/<uuid:pk>/check/", signing.check, name="sign-check"),
    path("sign/<uuid:pk>/<slug:step>/", signing.step, name="sign-step"),
]
