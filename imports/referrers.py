"""Which records refer to a record, found from the models alone."""

from collections import defaultdict

from django.db.models import Count


def relations(model, but=()):
    """The foreign keys of other models, those of many-to-many tables included, that point to `model`;
    without those of the models in `but`."""
    return [
        field
        for field in model._meta.get_fields(include_hidden=True)
        if field.auto_created and (field.one_to_many or field.one_to_one) and field.related_model not in but
    ]


def referring(relation, pks):
    """The records that refer to one of these through a relation."""
    return relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": pks}).order_by()


def count_referrers(model, pks, but=()):
    """{identifier: [(model, how many of its records refer to it)]}; nothing for what nobody refers to."""
    found = defaultdict(list)
    for relation in relations(model, but) if pks else ():
        counted = referring(relation, pks).values_list(relation.field.attname).annotate(Count("pk"))
        for pk, count in counted:
            found[pk].append((relation.related_model, count))
    return found


def with_nouns(counted):
    """[(model, count)] as [[count, what that many are called]]."""
    return [
        [count, str(model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural)]
        for model, count in counted
    ]
