"""Times in words: how long something took, and how long it will go on."""

from datetime import timedelta

from django.utils.translation import gettext, ngettext

MEANINGFUL_SHARE, MEANINGFUL_SECONDS = 0.1, 5


def seconds_left(done, rows, seconds):
    """How long the rest of the rows will take, None until that means something."""
    if not done or not seconds or (done < rows * MEANINGFUL_SHARE and seconds < MEANINGFUL_SECONDS):
        return None
    return seconds / done * (rows - done)


def left_in_words(run, rows):
    """What is left of a run of so many rows, such as "about 20 seconds left"; "" until it means something."""
    left = seconds_left(run.rows_done, rows, run.seconds)
    return "" if left is None else gettext("%(time)s left") % {"time": about(left)}


def about(seconds):
    """A time to come such as "about 20 seconds"."""
    if seconds < 5:
        return gettext("a few seconds")
    if seconds < 60:
        return gettext("about %(count)s seconds") % {"count": round(seconds / 5) * 5}
    if seconds < 5400:
        count = round(seconds / 60)
        return ngettext("about %(count)s minute", "about %(count)s minutes", count) % {"count": count}
    count = round(seconds / 3600)
    return ngettext("about %(count)s hour", "about %(count)s hours", count) % {"count": count}


def in_words(time):
    """A duration such as "3 min 4 s"."""
    seconds = max(round(time / timedelta(seconds=1)), 0)
    if seconds < 1:
        return gettext("under 1 s")
    hours, minutes = seconds // 3600, seconds // 60
    if seconds < 60:
        return gettext("%(seconds)s s") % {"seconds": seconds}
    if seconds < 3600:
        return gettext("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": seconds % 60}
    return gettext("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes % 60}
