// Ctrl/⌘ K and / go to search, g + letter to a page, n to what is new, the letter of a button to it, ? to the list. Letters can be switched off.
const lettersOn = document.documentElement.dataset.keys !== "off";
let afterG = -Infinity; // ms; no g was pressed yet

const typing = (target) => target.closest?.('input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable], dialog');

function search(event) {
  event.preventDefault();
  const field = document.querySelector("[data-search]");
  if (field && field.offsetParent) {
    field.focus();
    field.select();
  } else {
    location.assign("/search");
  }
}

function letter(event) {
  const go = performance.now() - afterG < 1200;
  afterG = -Infinity;
  if (go) {
    const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) link.click();
  } else if (event.key === "g") {
    afterG = performance.now();
  } else if (event.key === "/") {
    search(event);
  } else if (event.key === "?") {
    document.getElementById("keys")?.showModal();
  } else {
    document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
  }
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return search(event);
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || !lettersOn) return undefined;
  return letter(event);
});
