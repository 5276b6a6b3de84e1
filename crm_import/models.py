"""What an account has chosen for itself."""

from django.conf import settings
from django.db import models


class Preference(models.Model):
    """The language in which a person wants the product, whatever browser they sit at."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="preference"
    )
    language = models.CharField(max_length=10)

    class Meta:
        default_permissions = ()  # each person has their own and no page for those of others

    def __str__(self):
        return f"{self.user}: {self.language}"
