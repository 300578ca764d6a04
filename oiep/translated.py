"""Fields whose English words are translated in locale/: read in the language that is spoken, written as they are.

What the manager words anew is in English in every language, until somebody translates the new words: a translation of
words that are gone would be wrong. It costs no query.
"""

from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils import translation


def spoken(words):
    """Words of reference data in the language that is spoken; as they are where they have no translation."""
    if not words or translation.get_language() in (None, settings.LANGUAGE_CODE):
        return words
    return translation.gettext(words)


class _Spoken(DeferredAttribute):
    def __get__(self, instance, cls=None):
        value = super().__get__(instance, cls)
        return value if instance is None else spoken(value)

    def __set__(self, instance, value):  # without it the instance's own value would be read past us
        instance.__dict__[self.field.attname] = value


class _Field:
    descriptor_class = _Spoken

    def as_written(self, instance):
        return DeferredAttribute(self).__get__(instance)

    def pre_save(self, instance, add):
        return self.as_written(instance)

    def value_from_object(self, obj):
        return self.as_written(obj)

    def deconstruct(self):
        name, _path, arguments, keywords = super().deconstruct()
        return name, f"django.db.models.{type(self).__bases__[-1].__name__}", arguments, keywords


class TranslatedCharField(_Field, models.CharField):
    """One line that is read in the language spoken."""


class TranslatedTextField(_Field, models.TextField):
    """A text that is read in the language spoken."""


class Translated(models.Model):
    """A model with such fields. It is checked and read anew in English, the language of what is stored."""

    class Meta:
        abstract = True

    def as_written(self, name):
        """A field's own words, whatever language is spoken."""
        return self._meta.get_field(name).value_from_object(self)

    def clean_fields(self, exclude=None):
        with translation.override(settings.LANGUAGE_CODE):
            super().clean_fields(exclude=exclude)

    def refresh_from_db(self, *args, **kwargs):
        with translation.override(settings.LANGUAGE_CODE):
            super().refresh_from_db(*args, **kwargs)
