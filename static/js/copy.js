// Copies a full address, or the words in data-copy-text; without script the link simply goes there.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-copy]");
  if (!link || !navigator.clipboard) return;
  event.preventDefault();
  const address = link.dataset.copyText ?? new URL(link.dataset.copy || location.href, location.href).href;
  await navigator.clipboard.writeText(address);
  const words = link.querySelector("span") ?? link;
  const before = words.textContent;
  words.textContent = link.dataset.done || before;
  link.classList.add("copied");
  setTimeout(() => {
    words.textContent = before;
    link.classList.remove("copied");
  }, 2000);
});
