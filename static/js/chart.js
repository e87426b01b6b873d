// Mounts a Plotly figure over its server SVG. Colour words in the figure become the theme's values.
const WORDS = ["ink", "ink-2", "ink-3", "accent", "seal", "good", "bad", "warn", "violet", "py", "line", "line-2", "paper", "surface", "sunken"];
const AXIS = { zeroline: false, automargin: true };

function palette() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(WORDS.map((w) => [w, style.getPropertyValue(`--${w}`).trim()]));
}

function coloured(value, colours) {
  if (typeof value === "string") return colours[value] ?? value;
  if (Array.isArray(value)) return value.map((v) => coloured(v, colours));
  if (value && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([k, v]) => [k, /colou?r|fill/i.test(k) || typeof v === "object" ? coloured(v, colours) : v]),
    );
  }
  return value;
}

function layout(own, colours) {
  const font = { family: getComputedStyle(document.body).fontFamily, size: 13, color: colours["ink-2"] };
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 44, r: 16, b: 44, t: 36 },
    showlegend: false,
    hovermode: "x unified",
    colorway: ["ink", "accent", "seal", "good", "warn", "violet"].map((w) => colours[w]),
    ...own,
    font: { ...font, ...own.font },
    hoverlabel: { bgcolor: colours.surface, bordercolor: colours.line, font: { ...font, color: colours.ink } },
    xaxis: { ...AXIS, showgrid: false, linecolor: colours["line-2"], ...own.xaxis },
    yaxis: { ...AXIS, gridcolor: colours.line, rangemode: "tozero", ...own.yaxis },
  };
}

async function draw(holder) {
  const source = document.getElementById(holder.dataset.plot);
  if (!source || !window.Plotly) return;
  const figure = JSON.parse(source.textContent);
  const colours = palette();
  if (!holder.firstChild) holder.append(" "); // an empty holder is not displayed and would be measured as 700 px wide
  const config = { displayModeBar: false, responsive: true, locale: "en" };
  await window.Plotly.react(holder, coloured(figure.data ?? [], colours), layout(coloured(figure.layout ?? {}, colours), colours), config);
  const still = document.getElementById(holder.dataset.replaces ?? "");
  if (still) still.toggleAttribute("hidden", true);
}

const drawAll = () => document.querySelectorAll("[data-plot]").forEach(draw);
if (document.readyState === "complete") drawAll();
else addEventListener("load", drawAll);
document.addEventListener("theme:changed", drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
