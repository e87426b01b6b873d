// <section data-live data-live-url data-live-stream data-live-rev>: hears what the server says now and passes it on as
// `live:news` (live-swap.js shows it). A stream where one connects, else polls at the server's pace; hidden tabs rest.
const OPENING = 5000; // ms; a proxy that collects lets nothing through in this time
const SILENCE = 40000; // ms; the server beats every 15 s
const AGAIN = 60000; // ms until a stream is tried anew

const show = (selector, on) => document.querySelectorAll(selector).forEach((e) => (e.hidden = !on));

function follow(region) {
  const { liveUrl, liveStream } = region.dataset;
  let [source, wait, streaming] = [null, OPENING, false];
  let [pollTimer, quietTimer, againTimer] = [0, 0, 0];
  const ended = () => "liveEnded" in region.dataset;
  const rev = () => region.dataset.liveRev.replace(/\D/g, ""); // pages may group its digits
  const at = (address) => address + (address.includes("?") ? "&" : "?") + "v=" + rev();
  const tell = (news) => region.dispatchEvent(new CustomEvent("live:news", { detail: news }));

  function rest() {
    [pollTimer, quietTimer, againTimer].forEach(clearTimeout);
    source?.close();
    [source, streaming] = [null, false];
  }

  async function poll() {
    clearTimeout(pollTimer);
    try {
      const answer = await fetch(at(liveUrl), { cache: "no-store", redirect: "manual" });
      if (!answer.headers.has("X-Live-Rev") && answer.status < 500 && answer.status !== 429) {
        region.dataset.liveEnded = ""; // not for us any more: a sign-in that ended, a seat that is gone
        rest();
        return show("[data-live-moved]", true);
      }
      if (!answer.headers.has("X-Live-Rev")) throw new Error(answer.status);
      show("[data-live-mark]", false);
      wait = Number(answer.headers.get("X-Live-Next"));
      const head = { rev: Number(answer.headers.get("X-Live-Rev")), phase: answer.headers.get("X-Live-Phase") };
      if (answer.status === 200) tell({ ...head, ended: wait === 0, html: await answer.text() });
    } catch {
      show("[data-live-mark]", true);
      wait = Math.min(30000, (wait || OPENING) * 1.5);
    }
    if (!ended() && !streaming && !document.hidden) pollTimer = setTimeout(poll, wait);
  }

  function heard(patience) {
    clearTimeout(quietTimer);
    quietTimer = setTimeout(fallBack, patience);
  }

  function fallBack() {
    rest();
    poll();
    againTimer = setTimeout(stream, AGAIN * (1 + Math.random()));
  }

  function stream() {
    source = new EventSource(at(liveStream));
    const alive = () => {
      streaming = true;
      clearTimeout(pollTimer);
      show("[data-live-mark]", false);
      heard(SILENCE);
    };
    source.addEventListener("beat", alive);
    source.addEventListener("state", (event) => (alive(), tell(JSON.parse(event.data))));
    source.addEventListener("error", () => {
      if (source?.readyState === EventSource.CLOSED) return fallBack();
      show("[data-live-mark]", true);
      return heard(OPENING);
    });
    heard(OPENING);
  }

  const start = () => !ended() && (liveStream && window.EventSource ? stream() : poll());
  document.addEventListener("visibilitychange", () => (rest(), document.hidden || start()));
  region.addEventListener("live:ended", rest);
  if (!document.hidden) start();
}

document.querySelectorAll("[data-live]").forEach(follow);
