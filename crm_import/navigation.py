"""The admin's sidebar: each item is shown to those who may see its page."""

from django.urls import reverse_lazy


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
                list_of("Contacts", "entities", "contact", "group"),
                list_of("Devices", "entities", "device", "devices"),
                list_of("Products", "entities", "product", "inventory_2"),
                list_of("Reward Schemes", "entities", "rewardscheme", "loyalty"),
                list_of("Reward Scheme Codes", "entities", "rewardschemecode", "qr_code_2"),
                list_of("Organisations", "entities", "organisation", "apartment"),
            ],
        },
        {
            "title": "Look-ups",
            "collapsible": True,
            "items": [
                list_of("Contact Classifications", "entities", "contactclassification", "label"),
                list_of("Device Locations", "entities", "devicelocation", "location_on"),
                list_of("Product Types", "entities", "producttype", "category"),
                list_of("Product Families", "entities", "productfamily", "account_tree"),
                list_of("Brands", "entities", "brand", "sell"),
            ],
        },
        {
            "title": "Settings › Platform › Bulk Data Operations",
            "items": [
                {
                    "title": "Import Data",
                    "icon": "upload",
                    "link": reverse_lazy("imports:list"),
                    "permission": may_view("imports", "importjob"),
                },
            ],
        },
        {
            "title": "Administration",
            "items": [
                for_superusers("Users", "auth", "user", "person"),
                for_superusers("Groups", "auth", "group", "shield_person"),
            ],
        },
    ],
}
