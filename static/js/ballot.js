// The ballot of a workshop. It works without this: select boxes, a plain form, a page again after it.
const { store, deliver, why } = globalThis.post;

// --- the ballot: − and + with the points left, saved after every change
for (const form of document.querySelectorAll("form[data-ballot]")) {
  const key = "room-" + form.dataset.ballot;
  const points = document.querySelector("[data-points]");
  const said = document.querySelector("[data-status]");
  const boxes = [...form.querySelectorAll(".st select")];
  const budget = Number(points.dataset.budget);
  const paints = [];
  function paint() {
    const rest = budget - boxes.reduce((sum, box) => sum + Number(box.value), 0);
    points.querySelector("[data-n]").textContent = rest;
    points.querySelector("b").classList.toggle("over", rest < 0);
    points.querySelectorAll(".discs i").forEach((disc, n) => disc.classList.toggle("u", n >= budget - rest));
    paints.forEach((one) => one(rest));
  }
  for (const box of boxes) {
    const label = box.labels[0].querySelector("b").textContent;
    const button = (sign, words, step) => {
      const made = Object.assign(document.createElement("button"), { type: "button", textContent: sign });
      made.setAttribute("aria-label", words + " " + label);
      made.addEventListener("click", () => {
        box.value = String(Number(box.value) + step);
        changed();
      });
      return made;
    };
    const less = button("−", form.dataset.less, -1);
    const more = button("+", form.dataset.more, 1);
    const out = document.createElement("output");
    box.tabIndex = -1;
    box.setAttribute("aria-hidden", "true");
    box.after(less, out, more);
    box.parentNode.classList.add("on");
    paints.push((rest) => {
      out.textContent = box.value;
      box.parentNode.classList.toggle("z", box.value === "0");
      less.disabled = box.value === "0";
      more.disabled = rest <= 0 || box.selectedIndex === box.options.length - 1;
    });
  }

  let timer = 0, running = false, again = false, leaving = false, changes = 0;
  const body = () => new FormData(form, leaving ? document.querySelector("[form=ballot][name=done]") : null);
  async function save() {
    if (running) { again = true; return; }
    running = true;
    const sent = changes;
    const answer = await deliver(form.action, body, () => { said.textContent = form.dataset.wait; });
    running = false;
    if (answer.ok && sent === changes) store.drop(key);
    said.textContent = answer.ok ? form.dataset.saved : await why(answer);
    if (again) return (again = false), save();
    if (answer.ok && leaving) location.href = location.pathname;
    leaving = false;
  }
  function changed() {
    changes++;
    store.set(key, boxes.map((box) => [box.name, box.value]));
    said.textContent = "";
    paint();
    clearTimeout(timer);
    timer = setTimeout(save, 500);
  }
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => { // kept and sent like every change when there is no line
    event.preventDefault();
    clearTimeout(timer);
    leaving = true; // with the name of the button, until the answer is there
    save();
  });

  const unsent = store.get(key); // points that never reached the server
  if (unsent) {
    for (const [name, value] of unsent) if (form.elements[name]) form.elements[name].value = value;
    changed();
  } else paint();
}
