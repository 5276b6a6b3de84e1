/* What happens to stored values: asked beside a header only when records are updated and its column can. */
for (const form of document.querySelectorAll("[data-mapping]")) {
    form.addEventListener("change", () => offer(form));
    offer(form);
}

function offer(form) {
    const updates = form.querySelector("[data-update]")?.checked;
    for (const question of form.querySelectorAll("[data-stored]")) {
        const header = question.closest("td").querySelector("[data-header]");
        const column = form.querySelector(`[data-fixed="${CSS.escape(header.value)}"]`);
        const policies = column?.dataset.policies.split(" ").filter(Boolean) ?? [];
        question.hidden = !updates || !policies.length;
        limit(question.querySelector("select"), policies);
    }
}

function limit(select, policies) {
    for (const option of select.options) {
        option.hidden = option.disabled = Boolean(option.value) && !policies.includes(option.value);
    }
    if (select.selectedOptions[0]?.disabled) select.value = "";
}
