from django.urls import path

from events.views import awards, nominations

urlpatterns = [
    path("awards/", awards.awards, name="awards"),
    path("awards/nominations/", nominations.nominations, name="nominations"),
    path("awards/nominations/<int:pk>/", nominations.nomination, name="nomination"),
    path("awards/nominations/<int:pk>/change/", nominations.change, name="nomination-change"),
    path("awards/nominations/<int:pk>/withdraw/", nominations.withdraw, name="nomination-withdraw"),
    path("awards/<int:year>/", awards.year, name="awards-year"),
    path("awards/<int:year>/nominate/", nominations.choose, name="award-nominate"),
    path("awards/<int:year>/nominate/<slug:slug>/", nominations.nominate, name="award-nominate-partner"),
]
