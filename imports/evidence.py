"""What a file's own values say about its columns, beside the headers."""

from .cells import shown_cell
from .suggestions import suggest

ROWS = 200


def suggestions(importer, headers, rows, remembered=None):
    """[Suggestion or None] for each header of a file that begins with these rows [(number, cells)]."""
    texts = texts_by_header(rows, len(headers), ROWS)
    return suggest(importer, headers, texts, remembered, existing_keys)


def texts_by_header(rows, header_count, most):
    """For each header its first `most` values that are not blank, as texts."""
    texts = [[] for _ in range(header_count)]
    for _, cells in rows:
        for index, cell in enumerate(cells[:header_count]):
            text = str(shown_cell(cell)).strip() if cell is not None else ""
            if text and len(texts[index]) < most:
                texts[index].append(text)
    return texts


def existing_keys(column, texts):
    """Those of the texts that are keys of records which a reference column may refer to."""
    model = column.field.model
    key_field = next(name for name in column.field.by if name != "pk")
    to_key = model.keys[key_field][1]
    keys = {text: to_key(text) for text in texts}
    existing = set(
        model.objects.filter(**{f"{key_field}__in": set(keys.values())}).values_list(key_field, flat=True)
    )
    return {text for text, key in keys.items() if key in existing}
