/* Moves the focus to the error summary, and opens what a link into a closed <details> points to. */
document.querySelector("[data-focus]")?.focus();

document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    const target = link && document.getElementById(link.getAttribute("href").slice(1));
    if (!target) return;
    event.preventDefault();
    target.closest("details")?.setAttribute("open", "");
    const focusable = target.matches("input, select, button") ? target : target.querySelector("input, select, summary");
    (focusable ?? target).focus();
    target.scrollIntoView({ block: "center" });
});
