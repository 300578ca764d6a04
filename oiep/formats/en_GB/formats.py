DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y, g.ia"
TIME_FORMAT = "g.ia"
MONTH_DAY_FORMAT = "j F"
SHORT_DATE_FORMAT = "j M Y"
# Our own: a day with its weekday, a day with its time on 24 hours, and money.
WEEKDAY_FORMAT = "l j F Y"
MONEY_FORMAT = "£{}"
MOMENT_FORMAT = "j F Y, H:i"
