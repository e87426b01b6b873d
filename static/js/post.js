// For the phone of a workshop: what is kept in the browser, and what is sent until somebody answers.
const AGAIN = [1000, 2000, 4000, 8000]; // ms between two tries
const store = {
  get: (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* private mode */ } },
  drop: (key) => { try { localStorage.removeItem(key); } catch { /* private mode */ } },
};

// Until somebody answers. The ids in the form make a repeat the same card or ballot.
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

globalThis.post = { store, deliver, why }; // for the one module beside it on the page
