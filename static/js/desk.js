// [data-beside]: what stands beside the live region of a desk, its buttons above all, follows what the region shows.
// Nothing that has the focus or was changed is replaced; it follows with the next change.
const PAUSE = 400; // ms; in a full room changes come close together

const changed = (part) => [...part.querySelectorAll("input:not([type=hidden]), select")].some((field) =>
  field.options ? field.selectedIndex > 0 : field.value !== field.defaultValue || field.checked !== field.defaultChecked);

let timer = 0;
async function follow() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-beside]")) {
      const now = page.getElementById(part.id);
      if (now && !part.contains(document.activeElement) && !changed(part)) part.replaceWith(now);
    }
  } catch { /* the live region says that the line is lost */ }
}
document.addEventListener("live:swapped", () => {
  clearTimeout(timer);
  timer = setTimeout(follow, PAUSE);
});
