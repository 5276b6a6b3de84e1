/* A second press of Start Import does nothing; the server would not start a second import either. */
for (const form of document.querySelectorAll("[data-start]")) {
    form.addEventListener("submit", (event) => {
        if (form.dataset.sent) event.preventDefault();
        form.dataset.sent = "yes";
    });
    window.addEventListener("pageshow", () => delete form.dataset.sent);
}
