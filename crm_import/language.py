"""The language of a page: what the account has chosen, else the browser's cookie, else what it prefers."""

from django.conf import settings
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.views import i18n

from .models import Preference

SESSION = "language"


class LanguageMiddleware(LocaleMiddleware):
    """Django's, which knows cookie and browser; what the account has chosen goes before both."""

    def process_request(self, request):
        super().process_request(request)
        if chosen := chosen_language(request):
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen


def chosen_language(request):
    """What the account has chosen, or ""; asked for once per session."""
    if not request.user.is_authenticated:
        return ""
    if SESSION not in request.session:
        known = Preference.objects.filter(user=request.user).values_list("language", flat=True)
        request.session[SESSION] = known.first() or ""
    chosen = request.session[SESSION]
    return chosen if chosen in dict(settings.LANGUAGES) else ""


def set_language(request):
    """Django's view, which sets the cookie, for a button of the language form; kept with the account."""
    language = request.POST.get("language")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        Preference.objects.update_or_create(user=request.user, defaults={"language": language})
        request.session[SESSION] = language
    return i18n.set_language(request)
