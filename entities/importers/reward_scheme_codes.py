"""Reward scheme codes: each signs one contact up, once."""

from django.utils.translation import gettext_noop as _

from entities import models
from imports.fields import Code, Reference
from imports.importers import Column, Importer, register
from imports.names import Vocabulary
from imports.problems import CONTENT, Cause

from .names import names_for


def why_no_codes(sign_up, method):
    """What keeps a reward scheme from taking codes, or None."""
    takes_codes = (models.RewardScheme.SignUp.CLOSED_LOOP, models.RewardScheme.Method.CODE)
    return (
        None
        if (sign_up, method) == takes_codes
        else _("the reward scheme is not closed loop with sign-up by code")
    )


@register
class RewardSchemeCodes(Importer):
    slug = "reward-scheme-codes"
    title = _("Reward Scheme Codes")
    purpose = _("Codes with which contacts sign up to a closed-loop reward scheme; each is used once.")
    icon = "redeem"
    order = 40
    model = models.RewardSchemeCode
    key = "code"
    vocabulary = Vocabulary(**names_for(slug))
    causes = {
        "code_of_another_scheme": Cause(
            CONTENT,
            _("“{value}” is already a code of another reward scheme"),
            _("Use another code, or remove the row."),
        ),
    }
    updates = False
    columns = (
        Column(
            _("Reward Scheme"),
            Reference(
                models.RewardScheme,
                by=("pk", "name_key"),
                fetch=("sign_up", "closed_loop_method"),
                refuse=why_no_codes,
            ),
            "scheme",
            ("Student Club", "Student Club", "Student Club"),
            required=True,
            help=_("The name or identifier of an existing scheme that is closed loop with sign-up by code."),
            synonyms=(
                "Scheme",
                "Scheme Name",
                "Reward Scheme Name",
                "Loyalty Scheme",
                "Σχήμα Επιβράβευσης",
                "Πρόγραμμα Επιβράβευσης",
            ),
        ),
        Column(
            _("Code"),
            Code(),
            "code",
            ("ABCTKN123456798VGP2020", "ABCTKN123456799VGP2020", "ABCTKN123456800VGP2020"),
            required=True,
            unique="code_key",
            help=_("Unique in the business. A code that the same scheme has already is left as it is."),
            synonyms=(
                "Reward Scheme Code",
                "Sign Up Code",
                "Token",
                "Voucher",
                "Voucher Code",
                "Κωδικός",
                "Κουπόνι",
            ),
        ),
    )

    def already_there(self, row):
        scheme = row.values.get("scheme")
        if not (row.is_bad("Reward Scheme") or (scheme and scheme.pk == row.stored["scheme_id"])):
            row.refuse("code_of_another_scheme", "Code", row.values["code"])
