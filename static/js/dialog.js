// <a data-dialog="id" href="/page"> opens <dialog id="id">; without script the link works. Also: menus, toasts, first focus.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog) {
      event.preventDefault();
      dialog.showModal();
    }
  }
  const close = event.target.closest("[data-dismiss]");
  if (close) close.closest(".toast")?.remove();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

function focusSummary(root) {
  root.querySelector("[data-focus]")?.focus();
}
focusSummary(document);
document.addEventListener("htmx:after:swap", (event) => focusSummary(event.target instanceof Element ? event.target : document));
