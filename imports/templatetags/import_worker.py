"""`{% worker_answers waits %}`: where something waits for a worker and none answers, a banner says so."""

from django import template
from django.utils import timezone
from django.utils.formats import date_format

from imports import beat

register = template.Library()


@register.inclusion_tag("imports/_worker.html")
def worker_answers(waits):
    since = beat.silent_since() if waits else None
    return {"since": since and in_words(timezone.localtime(since))}


def in_words(time):
    """ "14:02", with the day unless it is today."""
    is_today = time.date() == timezone.localdate()
    return date_format(time, "H:i" if is_today else "j M Y, H:i")
