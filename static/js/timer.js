// [data-until]: the server says until when, the page counts
function tick() {
  for (const mark of document.querySelectorAll("[data-until]")) {
    const rest = Math.max(0, Math.floor((new Date(mark.getAttribute("datetime")) - Date.now()) / 1000));
    mark.textContent = Math.floor(rest / 60) + ":" + String(rest % 60).padStart(2, "0");
    mark.classList.toggle("over", rest === 0);
  }
}
tick();
setInterval(tick, 1000);
