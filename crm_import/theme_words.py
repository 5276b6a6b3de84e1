"""Words of the theme and of Django of which they bring no Greek: marked here, so that our catalogue has them."""

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

WORDS = (
    _("Select record"),
    _("Select action"),
    _("Select action to run"),
    _("Select value"),
    _("Collapse"),
    _("Value"),
    _("From"),
    _("To"),
    _("Date"),
    _("Date from"),
    _("Date to"),
    _("Submit"),
    _("Run"),
    _("Expand row"),
    _("Welcome back to"),
    _("Type to search"),
    _("You have been successfully logged out from the administration"),
    _("Thanks for spending some quality time with the web site today."),
    _("After you've created a user, you’ll be able to edit more user options."),
    _(
        "Raw passwords are not stored, so there is no way to see this user’s password, but you can change the "
        'password using <a href="{}" class="text-primary-600 dark:text-primary-500">this form</a>.'
    ),
    _("No data"),
    _("More actions"),
    _("All applications"),
    _("True"),
    _("False"),
    _("Apply Filters"),
    _("Hide counts"),
    _("Show counts"),
    _("Select all rows"),
    _("Select all objects on this page for an action"),
    _("Recent searches"),
    _("No recent searches"),
    _("No results matching your query"),
    _("No results found"),
    _("Loading more results..."),
    _("Record picture"),
    _("This item will be deleted."),
    _("Click to cancel"),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("Reset filters"),
    _("Go back"),
    _("Previous"),
    _("Next"),
    _("Search apps and models..."),
    _("Filter navigation items"),
    _("General"),
    _("Light"),
    _("Dark"),
    _("System"),
    _("Toggle password visibility"),
    _("View selected %(model)s"),
    _("Add row"),
    _("Filters"),
)


PLURALS = (
    ngettext_lazy("Please correct the error below.", "Please correct the errors below."),
    ngettext_lazy("%(num)d year", "%(num)d years"),
    ngettext_lazy("%(num)d month", "%(num)d months"),
    ngettext_lazy("%(num)d week", "%(num)d weeks"),
    ngettext_lazy("%(num)d day", "%(num)d days"),
    ngettext_lazy("%(num)d hour", "%(num)d hours"),
    ngettext_lazy("%(num)d minute", "%(num)d minutes"),
)
