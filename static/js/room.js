// The phone of a workshop. Everything here works without it: plain forms, a page again after each.
const AGAIN = [1000, 2000, 4000, 8000]; // ms between two tries
const store = {
  get: (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* private mode */ } },
  drop: (key) => { try { localStorage.removeItem(key); } catch { /* private mode */ } },
};

// Sends until somebody answers. The ids in the form make a repeat the same card or ballot.
async function deliver(address, makeBody, waiting) {
  for (let n = 0; ; n++) {
    try {
      const answer = await fetch(address, { method: "POST", body: makeBody(), headers: { "X-Room": "1" } });
      if (answer.status < 500 && answer.status !== 429) return answer;
    } catch { /* no connection */ }
    waiting();
    await new Promise((go) => setTimeout(go, AGAIN[Math.min(n, AGAIN.length - 1)]));
  }
}

async function why(answer) {
  try { return (await answer.json()).reasons.join(" "); } catch { return String(answer.status); }
}

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
