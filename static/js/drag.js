// [data-drag] > li: dropped on another, two items become one. An extra: the boxes and the button of the form do the same.
const items = "[data-drag] > li";
let carried = null;

document.addEventListener("dragstart", (event) => {
  carried = event.target.closest?.(items) ?? null;
  if (carried) event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragend", () => {
  carried = null;
  mark(null);
});

const under = (event) => {
  const item = event.target.closest?.(items);
  return carried && item && item !== carried && item.parentNode === carried.parentNode ? item : null;
};
const mark = (item) => {
  document.querySelectorAll(items + ".under").forEach((e) => e.classList.toggle("under", e === item));
  item?.classList.add("under");
};

document.addEventListener("dragover", (event) => {
  const item = under(event);
  mark(item);
  if (item) event.preventDefault(); // a drop is welcome here
});
document.addEventListener("drop", (event) => {
  const item = under(event);
  if (!item) return;
  event.preventDefault();
  const box = (one) => one.querySelector("input[type=checkbox]");
  const form = box(item).form;
  form.querySelectorAll("input[type=checkbox]").forEach((e) => (e.checked = e === box(item) || e === box(carried)));
  form.elements.into.value = box(item).value;
  form.requestSubmit();
});
