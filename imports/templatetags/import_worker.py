"""`{% worker_answers waits %}`: where something waits for a worker and all is paused or no worker answers, a
banner says so."""

from django import template
from django.utils import timezone
from django.utils.formats import date_format

from imports import beat, pausing

register = template.Library()


@register.inclusion_tag("imports/_worker.html")
def worker_answers(waits):
    paused = pausing.since() if waits else None
    silent = beat.silent_since() if waits and not paused else None
    return {"paused": paused and in_words(paused), "since": silent and in_words(silent)}


def in_words(moment):
    """ "14:02", with the day unless it is today."""
    time = timezone.localtime(moment)
    is_today = time.date() == timezone.localdate()
    return date_format(time, "H:i" if is_today else "j M Y, H:i")
