from django.urls import path

from partners import views

urlpatterns = [
    path("partners/<slug:slug>/contact/", views.contact, name="partner-contact"),
    path("partners/<slug:slug>/contact/sent/", views.contact_sent, name="partner-contact-sent"),
]
