"""Removes at once what the sweep removes bit by bit, and says what that was."""

from collections import Counter

from django.core.management.base import BaseCommand

from imports import retention


class Command(BaseCommand):
    help = (
        "Removes forgotten drafts, files and details of imports whose time is over, imports and history that "
        "are older still, and files that belong to no import. The queue worker does the same by itself."
    )

    def handle(self, **options):
        removed = Counter()
        while some := +retention.remove_what_is_over():
            removed += some
        removed["remove_orphans"] = retention.remove_orphans()
        for name, words in retention.WORDS.items():
            self.stdout.write(f"{removed[name]} {words}")
