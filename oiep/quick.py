"""What Django asks again and again for each page, remembered."""

from django.utils.translation import trans_real

_AT_MOST = 20_000


class Translation(trans_real.DjangoTranslation):
    """A language that remembers what it said: for English words Django looks through six catalogues each time."""

    def __init__(self, *arguments, **options):
        self._said = {}
        super().__init__(*arguments, **options)

    def gettext(self, message):
        said = self._said.get(message)
        if said is None:
            if len(self._said) >= _AT_MOST:  # words of people are asked for as well (oiep/translated.py)
                self._said.clear()
            said = self._said[message] = super().gettext(message)
        return said


def remember_translations():
    trans_real.DjangoTranslation = Translation
    # What was read while Django started is read again.
    trans_real._translations, trans_real._default = {}, None
