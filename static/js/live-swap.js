// Shows the `live:news` of a [data-live] section. What somebody types is never replaced: the newest waits until the field
// is left as it was. With data-live-phase the page is loaded anew when the phase changes, its forms being over.
const SPREAD = 1500; // ms over which everybody reloads

const FIELDS = "input:not([type=hidden],[type=submit],[type=button]), textarea, select";
const differs = (field) =>
  [...(field.options ?? [])].some((o) => o.selected !== o.defaultSelected && (field.multiple || o.defaultSelected)) ||
  (!field.options && (field.value !== field.defaultValue || field.checked !== field.defaultChecked));
const changed = (root) => [...root.querySelectorAll(FIELDS)].some((f) => !f.closest("[data-saved]") && differs(f));
const busy = (root) => changed(root) || (root.contains(document.activeElement) && document.activeElement.matches(FIELDS));

function keep(region) {
  const { livePhase } = region.dataset;
  let held = null;

  function take(news) {
    if (news.rev <= Number(region.dataset.liveRev.replace(/\D/g, ""))) return;
    const moved = livePhase && news.phase !== livePhase;
    held = busy(region) ? news : null;
    if (!held) swap(news);
    if (moved) move();
    else if (news.ended && !held) stop();
  }

  function swap(news) {
    region.innerHTML = news.html;
    region.dataset.liveRev = news.rev;
    window.htmx?.process(region);
    const detail = { rev: news.rev, phase: news.phase };
    region.dispatchEvent(new CustomEvent("live:swapped", { bubbles: true, detail }));
  }

  function stop() {
    region.dataset.liveEnded = "";
    region.dispatchEvent(new CustomEvent("live:ended"));
  }

  // A fresh page, unless something unsent would be lost.
  function move() {
    stop();
    if (changed(document)) document.querySelectorAll("[data-live-moved]").forEach((e) => (e.hidden = false));
    else setTimeout(() => location.reload(), Math.random() * SPREAD);
  }

  region.addEventListener("live:news", (event) => take(event.detail));
  region.addEventListener("focusout", () => setTimeout(() => held && !("liveEnded" in region.dataset) && take(held)));
}

document.querySelectorAll("[data-live]").forEach(keep);
