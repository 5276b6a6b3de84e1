/* The mapping step, live: how each match came about, which columns a header feeds, what is still required. */
for (const form of document.querySelectorAll("[data-mapping]")) {
    form.addEventListener("change", () => update(form));
    form.addEventListener("input", (event) => event.target.closest("[data-fixed]") && update(form));
    update(form);
}

function update(form) {
    const selects = [...form.querySelectorAll("[data-header]")];
    const first = new Map();
    for (const select of selects) {
        showMatch(form.dataset, select, first.get(select.value));
        if (select.value && !first.has(select.value)) first.set(select.value, select);
    }
    const fields = [...form.querySelectorAll("[data-fixed]")];
    for (const field of fields) field.hidden = first.has(field.dataset.fixed);
    showRequired(form, fields, first);
}

function showMatch(words, select, earlier) {
    const { suggested, state, word, reason } = select.dataset;
    const match = earlier
        ? ["taken", words.taken, words.feeds.replace("{header}", () => labelOf(earlier))]
        : !select.value
          ? ["unmapped", words.unmapped, ""]
          : select.value === suggested
            ? [state, word, reason]
            : ["chosen", words.chosen, words.byYou];
    const [badge, beside] = select.closest("tr").querySelectorAll("[data-match] > span");
    if (badge.textContent === match[1] && beside.textContent === match[2]) return;
    badge.className = `match is-${match[0]}`;
    badge.textContent = match[1];
    beside.textContent = match[2];
}

function labelOf(select) {
    return select.labels[0].textContent.trim();
}

function showRequired(form, fields, fed) {
    const updates = form.querySelector("[data-update]")?.checked;
    const isFed = (field) => fed.has(field.dataset.fixed) || field.querySelector("input, select").value.trim();
    const replaced = (field) => fields.some((other) => other.dataset.fixed === field.dataset.unless && isFed(other));
    const isNeeded = (field) => (updates ? "key" in field.dataset : "required" in field.dataset && !replaced(field));
    const needed = fields.filter(isNeeded);
    const missing = needed.filter((field) => !isFed(field));
    const line = form.querySelector("[data-required-count]");
    const parts = needed.length ? count(line.dataset, needed.length - missing.length, needed.length) : [line.dataset.none];
    if (missing.length) parts.push(" · ", ...links(missing), ` ${missing.length === 1 ? line.dataset.isMissing : line.dataset.areMissing}`);
    const text = parts.map((part) => part.textContent ?? part).join("");
    if (line.textContent.trim() !== text) line.replaceChildren(...parts);
}

function count(words, mapped, all) {
    const strong = document.createElement("strong");
    strong.textContent = words.mapped.replace("{mapped}", mapped).replace("{all}", all);
    return [strong, ` ${words.columns}`];
}

function links(fields) {
    return fields.flatMap((field, index) => {
        const link = document.createElement("a");
        link.href = `#${field.querySelector("input, select").id}`;
        link.textContent = field.dataset.name;
        return index ? [", ", link] : [link];
    });
}
