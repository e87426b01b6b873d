// <form data-autosave>: one second after typing stops the form is sent as it is; the button keeps working without this.
const PAUSE = 900; // ms; the promise to people is one second

for (const form of document.querySelectorAll("form[data-autosave]")) {
  const status = form.querySelector("[data-autosave-status]");
  let timer = 0;
  let running = false;
  let again = false;

  const say = (key, extra = "") => {
    if (!status) return;
    status.classList.toggle("bad", key === "failed");
    status.textContent = (status.dataset[key] ?? "") + extra;
  };

  async function save() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    say("saving");
    try {
      const response = await fetch(form.dataset.autosave || form.action, {
        method: "POST",
        body: new FormData(form),
        headers: { "X-Autosave": "1", Accept: "application/json" },
      });
      if (response.status === 412) return form.submit(); // the page with both texts
      if (!response.ok) return say("failed");
      const version = response.headers.get("X-Version");
      if (version && form.elements.version) form.elements.version.value = version;
      say("saved", " " + new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" }));
    } catch {
      say("failed");
    } finally {
      running = false;
      if (again) {
        again = false;
        save();
      }
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  });
}
