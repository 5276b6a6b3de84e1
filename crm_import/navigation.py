"""The admin's sidebar: each item is shown to those who may see its page."""

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def may_view(app, model):
    def permission(request):
        return request.user.has_perm(f"{app}.view_{model}") or request.user.has_perm(f"{app}.change_{model}")

    return permission


def list_of(title, app, model, icon):
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{model}_changelist"),
        "permission": may_view(app, model),
    }


def is_superuser(request):
    return request.user.is_superuser


def for_superusers(title, app, model, icon):
    return list_of(title, app, model, icon) | {"permission": is_superuser}


SIDEBAR = {
    "show_search": True,
    "navigation": [
        {
            "title": "CRM",
            "items": [
                list_of(_("Contacts"), "entities", "contact", "group"),
                list_of(_("Devices"), "entities", "device", "devices"),
                list_of(_("Products"), "entities", "product", "inventory_2"),
                list_of(_("Reward Schemes"), "entities", "rewardscheme", "loyalty"),
                list_of(_("Reward Scheme Codes"), "entities", "rewardschemecode", "qr_code_2"),
                list_of(_("Organisations"), "entities", "organisation", "apartment"),
            ],
        },
        {
            "title": _("Look-ups"),
            "collapsible": True,
            "items": [
                list_of(_("Contact Classifications"), "entities", "contactclassification", "label"),
                list_of(_("Device Locations"), "entities", "devicelocation", "location_on"),
                list_of(_("Product Types"), "entities", "producttype", "category"),
                list_of(_("Product Families"), "entities", "productfamily", "account_tree"),
                list_of(_("Brands"), "entities", "brand", "sell"),
            ],
        },
        {
            "title": _("Settings › Platform › Bulk Data Operations"),
            "items": [
                {
                    "title": _("Import Data"),
                    "icon": "upload",
                    "link": reverse_lazy("imports:list"),
                    "permission": may_view("imports", "importjob"),
                },
            ],
        },
        {
            "title": _("Administration"),
            "items": [
                for_superusers(_("Users"), "auth", "user", "person"),
                for_superusers(_("Groups"), "auth", "group", "shield_person"),
            ],
        },
    ],
}
