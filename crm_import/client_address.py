"""Where a request comes from, also behind reverse proxies."""

from django.conf import settings

from imports.events import came_from


def client_address(request) -> str:
    """Each proxy of ours appends the address it was called from; what stands before those can be made up."""
    forwarded = [
        part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()
    ]
    count = settings.PROXY_COUNT
    if count and len(forwarded) >= count:
        return forwarded[-count]
    return request.META.get("REMOTE_ADDR", "")


def note_client_address(get_response):
    """Middleware: what is noted in the audit while a request is answered, is noted with its address."""

    def middleware(request):
        token = came_from.set(client_address(request))
        try:
            return get_response(request)
        finally:
            came_from.reset(token)

    return middleware
