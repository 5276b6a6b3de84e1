/*
 * Keeps parts of a page current without loading it again.
 *
 * An element with data-refresh-url is fetched every data-refresh-every milliseconds. Each element
 * with data-refresh of the answer (a fragment or a whole page) replaces the one of the same id here.
 * When its successor has no data-refresh-url, the fetching ends. A changed data-milestone goes to the
 * page's polite live region [data-announce]; the rest changes silently.
 */
const shortest = 500;
const longest = 30000;

function watch(element) {
    const every = Math.max(Number(element.dataset.refreshEvery) || 2000, shortest);
    setTimeout(refresh, every, element.id, every);
}

async function refresh(id, wait) {
    const element = document.getElementById(id);
    if (!element?.dataset.refreshUrl) return;
    if (document.hidden) {
        document.addEventListener("visibilitychange", () => refresh(id, wait), { once: true });
        return;
    }
    try {
        const response = await fetch(element.dataset.refreshUrl, { credentials: "same-origin", cache: "no-store" });
        if (response.redirected || response.status === 404) return location.reload();
        if (!response.ok) throw new Error(response.statusText);
        swap(new DOMParser().parseFromString(await response.text(), "text/html"));
    } catch {
        setTimeout(refresh, Math.min(wait * 2, longest), id, Math.min(wait * 2, longest));
        return;
    }
    const successor = document.getElementById(id);
    if (successor?.dataset.refreshUrl) watch(successor);
}

function swap(answer) {
    for (const fresh of answer.querySelectorAll("[data-refresh]")) {
        const stale = document.getElementById(fresh.id);
        // A button that is being pressed must be there when it is let go.
        if (!stale || stale.matches(":active")) continue;
        keepOpen(stale, fresh);
        const focused = stale.contains(document.activeElement) ? addressOf(document.activeElement) : null;
        announce(stale.dataset.milestone, fresh.dataset.milestone);
        stale.replaceWith(fresh);
        if (focused) (fresh.querySelector(focused) ?? fallback(fresh)).focus({ preventScroll: true });
    }
}

function keepOpen(stale, fresh) {
    for (const open of stale.querySelectorAll("details[id][open]")) {
        fresh.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
    }
}

/* How to find the focused element again among its successors. */
function addressOf(element) {
    if (element.id) return `#${CSS.escape(element.id)}`;
    if (element.hasAttribute("href")) return `a[href="${CSS.escape(element.getAttribute("href"))}"]`;
    const within = element.closest("[id]");
    return `#${CSS.escape(within.id)} ${element.localName}`;
}

function fallback(element) {
    element.tabIndex = -1;
    return element;
}

function announce(before, now) {
    const region = document.querySelector("[data-announce]");
    if (region && now && now !== before) region.textContent = now;
}

for (const element of document.querySelectorAll("[data-refresh-url]")) watch(element);
