// The phone of a workshop. Everything here works without it: plain forms, a page again after each.
const { store, deliver, why } = globalThis.post;

// --- a card: kept while it is typed, sent until it is acknowledged
for (const form of document.querySelectorAll("form[data-send]")) {
  const key = "room-" + form.dataset.draft;
  const { card, text } = form.elements;
  const status = form.querySelector("[data-said]");
  const isNew = form.action.endsWith("/add");
  const kept = isNew ? store.get(key) : null;
  if (kept && !text.value) [card.value, text.value] = [kept.card, kept.text];
  text.addEventListener("input", () => isNew && store.set(key, { card: card.value, text: text.value }));
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  let sending = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    sending = true;
    const body = new FormData(form);
    const answer = await deliver(form.action, () => body, () => { status.textContent = form.dataset.send; });
    sending = false;
    if (answer.ok) {
      store.drop(key);
      location.href = location.pathname;
    } else status.textContent = await why(answer);
  });
}
