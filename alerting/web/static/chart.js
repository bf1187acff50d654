// The six-hour line of a station: history once, then extended by what the page hears. Drawn by uPlot when it is there.

import { hourMinute, now } from "./clock.js";

const HOURS = 6;
const WINDOW_S = HOURS * 3600;
const HEIGHT = 112;
const RETRY_MS = 30_000;
const REDRAW_MS = 1000;
const SLIDE_MS = 10_000; // the window moves on with the clock, also without readings
const GAP_S = 15 * 60; // a longer silence is a hole in the line, not a straight piece of it
const FAIL = 4;
const SUSPECT = 3;
const COLORS = { waspada: "--line-waspada", siaga: "--line-siaga", awas: "--line-awas" };

const charts = new Map();
const dark = matchMedia("(prefers-color-scheme: dark)");

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function note(holder, text) {
  const paragraph = document.createElement("p");
  paragraph.className = "chart-note";
  paragraph.textContent = text;
  holder.replaceChildren(paragraph);
}

/** Columns for uPlot: seconds, values (null where there is a hole), and doubtful values apart. */
function columns(points) {
  const times = [];
  const good = [];
  const doubtful = [];
  for (const [ms, value, flag] of points) {
    const time = ms / 1000;
    if (times.length && time - times.at(-1) > GAP_S) {
      times.push(times.at(-1) + 1);
      good.push(null);
      doubtful.push(null);
    }
    times.push(time);
    good.push(value === null || flag === FAIL ? null : value);
    doubtful.push(flag === SUSPECT ? value : null);
  }
  return [times, good, doubtful];
}

function limits(holder) {
  const said = holder.dataset.limits.trim();
  return said ? said.split(/\s+/).map((pair) => [pair.split(":")[0], Number(pair.split(":")[1])]) : [];
}

function drawLimits(plot, holder) {
  const { ctx } = plot;
  const { left, width, top, height } = plot.bbox;
  ctx.save();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const [mark, value] of limits(holder)) {
    const y = plot.valToPos(value, "y", true);
    if (y < top || y > top + height) continue;
    ctx.strokeStyle = css(COLORS[mark]);
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
  }
  ctx.restore();
}

function range(holder, low, high) {
  const { low: from, high: to } = holder.dataset;
  if (from !== undefined && to !== undefined) return [Math.min(Number(from), low), Math.max(Number(to), high)];
  const room = Math.max((high - low) * 0.1, 1);
  return [Math.max(low - room, 0), high + room];
}

function options(holder) {
  const ink = css("--ink");
  const axis = { stroke: css("--muted"), font: "14px system-ui, sans-serif", ticks: { show: false } };
  const grid = { stroke: css("--hairline"), width: 1 };
  return {
    width: holder.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 12, 0, 0],
    scales: {
      x: { time: false, range: () => [now() / 1000 - WINDOW_S, now() / 1000] },
      y: { range: (_, low, high) => range(holder, low ?? 0, high ?? 1) },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 28, incrs: [3600, 7200, 10800], values: (_, at) => at.map((s) => hourMinute(s * 1000)) },
      { ...axis, grid, size: 44, space: 30, values: (_, at) => at.map((v) => String(v).replace(".", ",")) },
    ],
    series: [
      {},
      { stroke: ink, width: 2, points: { show: false } },
      { stroke: ink, width: 0, paths: () => null, points: { show: true, size: 6, fill: css("--card"), stroke: ink } },
    ],
    hooks: { drawAxes: [(plot) => drawLimits(plot, holder)] },
  };
}

function draw(chart) {
  chart.drawnAt = performance.now();
  chart.isStale = false;
  if (!chart.plot) {
    chart.holder.replaceChildren();
    chart.plot = new window.uPlot(options(chart.holder), columns(chart.points), chart.holder);
    return;
  }
  chart.plot.setData(columns(chart.points));
}

async function load(chart) {
  const { station, holder } = chart;
  const url = `/line/${station}?quantity=${holder.dataset.quantity}&hours=${HOURS}`;
  try {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(answer.statusText);
    merge(chart, (await answer.json()).points);
    chart.isLoaded = true;
  } catch {
    if (!chart.plot) note(holder, "Riwayat enam jam tidak dapat dimuat. Dicoba lagi sebentar.");
    setTimeout(() => load(chart), RETRY_MS);
    return;
  }
  if (chart.points.length) draw(chart);
  else note(holder, "Belum ada bacaan dalam enam jam terakhir.");
}

function merge(chart, past) {
  const live = chart.points.filter(([time]) => !past.length || time > past.at(-1)[0]);
  chart.points = [...past, ...live];
}

function begin(element) {
  const holder = element.querySelector(".chart");
  if (!holder) return null;
  const chart = { station: element.dataset.station, holder, points: [], plot: null, drawnAt: 0, isLoaded: false, isStale: false };
  charts.set(chart.station, chart);
  note(holder, "Memuat enam jam terakhir …");
  load(chart);
  return chart;
}

/** Extend a station's line by the reading that its card now shows. */
export function noteStation(element) {
  if (!window.uPlot) return drawMissing(element);
  const holder = element.querySelector(".chart");
  let chart = charts.get(element.dataset.station);
  if (!chart || chart.holder !== holder) chart = begin(element);
  if (!chart || !element.dataset.time) return;
  const time = Number(element.dataset.time);
  const value = element.dataset.value === "" ? null : Number(element.dataset.value);
  if (chart.points.length && time <= chart.points.at(-1)[0]) return;
  chart.points.push([time, value, Number(element.dataset.flag)]);
  while (chart.points[0][0] < now() - WINDOW_S * 1000) chart.points.shift();
  chart.isStale = true;
}

function drawMissing(element) {
  const holder = element.querySelector(".chart");
  if (holder) note(holder, "Garis enam jam belum terpasang di server ini. Angkanya tetap langsung.");
}

function redraw() {
  for (const chart of charts.values()) {
    const isDue = chart.isStale || performance.now() - chart.drawnAt > SLIDE_MS;
    if (isDue && chart.isLoaded && chart.points.length) draw(chart);
  }
}

function rebuild() {
  for (const chart of charts.values()) {
    chart.plot?.destroy();
    chart.plot = null;
    chart.isStale = true;
  }
  redraw();
}

/** Begin every chart on the page; they follow its width, its colours and the passing of time. */
export function drawCharts() {
  document.querySelectorAll("article.station").forEach(noteStation);
  setInterval(redraw, REDRAW_MS);
  dark.addEventListener("change", rebuild);
  new ResizeObserver(() => {
    for (const chart of charts.values()) {
      if (chart.plot && chart.holder.clientWidth) chart.plot.setSize({ width: chart.holder.clientWidth, height: HEIGHT });
    }
  }).observe(document.getElementById("stations"));
}
