/* The upload step: drop a file or choose it, see how far it is, cancel it; then on to the next step. */
for (const form of document.querySelectorAll("[data-upload]")) prepare(form);

function prepare(form) {
    const input = form.querySelector('input[type="file"]');
    const zone = form.querySelector("[data-drop-zone]");
    input.hasChangeListener = true; // the theme's own listener expects a text field beside it, and fails
    form.addEventListener("submit", (event) => {
        if (!input.files.length && "hasFile" in form.dataset) return;
        event.preventDefault();
        submit(form, input.files[0]);
    });
    input.addEventListener("change", () => input.files.length && submit(form, input.files[0]));
    for (const type of ["dragenter", "dragover"]) {
        zone.addEventListener(type, (event) => {
            event.preventDefault();
            zone.classList.add("is-over");
        });
    }
    zone.addEventListener("dragleave", (event) => {
        if (!zone.contains(event.relatedTarget)) zone.classList.remove("is-over");
    });
    zone.addEventListener("drop", (event) => {
        event.preventDefault();
        zone.classList.remove("is-over");
        if (event.dataTransfer.files.length) submit(form, event.dataTransfer.files[0]);
    });
    for (const type of ["dragover", "drop"]) document.addEventListener(type, (event) => event.preventDefault());
    // Who is quicker than this script has chosen a file already.
    if (input.files.length && !("hasFile" in form.dataset)) submit(form, input.files[0]);
}

function submit(form, file) {
    if (form.dataset.busy) return;
    if (!file) return tell(form, form.dataset.notChosen);
    if (file.size > Number(form.dataset.maxBytes)) return tell(form, form.dataset.tooBig);
    send(form, file);
}

function send(form, file) {
    const request = new XMLHttpRequest();
    const fields = new FormData(form);
    fields.delete("file");
    fields.append("file", file, file.name); // last, so that the token comes before it
    request.upload.addEventListener("progress", (event) => show(form, file, event.loaded, event.total));
    request.addEventListener("load", () => finish(form, request));
    request.addEventListener("error", () => tell(form, form.dataset.interrupted));
    request.addEventListener("abort", () => tell(form, form.dataset.cancelled));
    form.querySelector("[data-cancel]").onclick = () => request.abort();
    form.dataset.busy = "yes";
    hideProblem(form);
    show(form, file, 0, file.size);
    form.querySelector("[data-progress]").hidden = false;
    request.open("POST", form.action || location.href);
    request.setRequestHeader("Accept", "application/json");
    request.send(fields);
}

function show(form, file, loaded, total) {
    const percent = total ? Math.floor((100 * loaded) / total) : 0;
    const bar = form.querySelector("[data-bar]");
    bar.setAttribute("aria-valuenow", percent);
    bar.firstElementChild.style.width = `${percent}%`;
    form.querySelector("[data-percent]").textContent = `${percent} %`;
    const sentence = percent < 100 ? form.dataset.uploading : form.dataset.uploaded;
    form.querySelector("[data-progress-text]").textContent = sentence.replace("{file}", () => file.name);
}

function finish(form, request) {
    let answer;
    try {
        answer = JSON.parse(request.responseText);
    } catch {
        return request.status === 404 || request.status === 403 ? location.reload() : tell(form, form.dataset.interrupted);
    }
    if (answer.next) location.assign(answer.next);
    else tell(form, answer.problem);
}

function tell(form, sentence) {
    delete form.dataset.busy;
    form.querySelector("[data-progress]").hidden = true;
    const input = form.querySelector('input[type="file"]');
    const problem = form.querySelector("[data-problem]");
    input.value = "";
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", `file-limits ${problem.id}`);
    problem.textContent = sentence;
    problem.hidden = false;
    document.querySelector("[data-errors]").replaceChildren(summary(form.dataset.toCorrect, sentence, input.id));
    document.querySelector("[data-errors] > section").focus();
    const mark = `${form.dataset.error} `;
    if (!document.title.startsWith(mark)) document.title = mark + document.title.trim();
}

function summary(heading, sentence, id) {
    const section = document.createElement("section");
    section.className = "error-summary";
    section.tabIndex = -1;
    section.setAttribute("role", "alert");
    const title = document.createElement("h2");
    title.textContent = heading;
    const link = document.createElement("a");
    link.href = `#${id}`;
    link.textContent = sentence;
    const list = document.createElement("ul");
    list.append(document.createElement("li"));
    list.firstElementChild.append(link);
    section.append(title, list);
    return section;
}

function hideProblem(form) {
    form.querySelector("[data-problem]").hidden = true;
    form.querySelector('input[type="file"]').removeAttribute("aria-invalid");
    document.querySelector("[data-errors]").replaceChildren();
    document.title = document.title.trim().replace(new RegExp(`^${form.dataset.error} `), "");
}
