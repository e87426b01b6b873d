// The theme is rendered by the server; this only spares a page load when it is switched.
for (const form of document.querySelectorAll("[data-theme-switch]")) {
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button) return;
    event.preventDefault();
    const body = new FormData(form);
    body.set("theme", button.value);
    document.documentElement.dataset.theme = button.value;
    for (const b of form.querySelectorAll("button")) b.setAttribute("aria-pressed", String(b === button));
    document.dispatchEvent(new CustomEvent("theme:changed"));
    fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => form.submit());
  });
}
