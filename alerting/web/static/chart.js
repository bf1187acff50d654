// The six-hour line of a station: history once, then extended by what the page hears. Drawn by uPlot when it is there.

import { hourMinute, now } from "./clock.js";
import { element as elementOf } from "./dom.js";
import { decimal, t } from "./words.js";

const HOURS = 6;
const WINDOW_S = HOURS * 3600;
const LEAST_HEIGHT = 64;
const RETRY_MS = 30_000;
const REDRAW_MS = 1000;
const SLIDE_MS = 10_000; // the window moves on with the clock, also without readings
const GAP_S = 15 * 60; // a longer silence is a hole in the line, not a straight piece of it
const FAIL = 4;
const SUSPECT = 3;
/** @type {Record<string, string>} */
const COLORS = { waspada: "--line-waspada", siaga: "--line-siaga", awas: "--line-awas" };

/** @typedef {[number, number | null, number]} Point milliseconds, value, flag */
/**
 * @typedef {object} Chart
 * @property {string} station
 * @property {HTMLElement} holder
 * @property {Point[]} points
 * @property {uPlot | null} plot
 * @property {number} drawnAt
 * @property {boolean} isLoaded
 * @property {boolean} isStale
 */

/** @type {Map<string, Chart>} */
const charts = new Map();

/** @param {string} name */
function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * @param {HTMLElement} holder
 * @param {string} text
 */
function note(holder, text) {
  const paragraph = document.createElement("p");
  paragraph.className = "chart-note";
  paragraph.textContent = text;
  holder.replaceChildren(paragraph);
}

/**
 * Columns for uPlot: seconds, values (null where there is a hole), and doubtful values apart.
 * @param {Point[]} points
 * @returns {[number[], (number | null)[], (number | null)[]]}
 */
function columns(points) {
  /** @type {number[]} */
  const times = [];
  /** @type {(number | null)[]} */
  const good = [];
  /** @type {(number | null)[]} */
  const doubtful = [];
  for (const [ms, value, flag] of points) {
    const time = ms / 1000;
    const before = times.at(-1);
    if (before !== undefined && time - before > GAP_S) {
      times.push(before + 1);
      good.push(null);
      doubtful.push(null);
    }
    times.push(time);
    good.push(value === null || flag === FAIL ? null : value);
    doubtful.push(flag === SUSPECT ? value : null);
  }
  return [times, good, doubtful];
}

/**
 * Marks of the thresholds and their values.
 * @param {HTMLElement} holder
 * @returns {[string, number][]}
 */
function limits(holder) {
  const said = (holder.dataset.limits ?? "").trim();
  return said ? said.split(/\s+/).map((pair) => [pair.split(":")[0], Number(pair.split(":")[1])]) : [];
}

/**
 * @param {uPlot} plot
 * @param {HTMLElement} holder
 */
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

/**
 * @param {HTMLElement} holder
 * @param {number} low
 * @param {number} high
 * @returns {[number, number]}
 */
function range(holder, low, high) {
  const { low: from, high: to } = holder.dataset;
  if (from !== undefined && to !== undefined) return [Math.min(Number(from), low), Math.max(Number(to), high)];
  const room = Math.max((high - low) * 0.1, 1);
  return [Math.max(low - room, 0), high + room];
}

/**
 * @param {HTMLElement} holder
 * @returns {uPlot.Options}
 */
function options(holder) {
  const ink = css("--ink");
  const axis = { stroke: css("--muted"), font: "14px system-ui, sans-serif", ticks: { show: false } };
  const grid = { stroke: css("--hairline"), width: 1 };
  return {
    width: holder.clientWidth,
    height: height(holder),
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 20, 0, 0],
    scales: {
      x: { time: false, range: () => /** @type {[number, number]} */ ([now() / 1000 - WINDOW_S, now() / 1000]) },
      y: { range: (_, low, high) => range(holder, low ?? 0, high ?? 1) },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 28, incrs: [3600, 7200, 10800], values: (_, at) => at.map((s) => hourMinute(s * 1000)) },
      { ...axis, grid, size: 44, space: 30, values: (_, at) => at.map((v) => decimal(String(v))) },
    ],
    series: [
      {},
      { stroke: ink, width: 2, points: { show: false } },
      { stroke: ink, width: 0, paths: () => null, points: { show: true, size: 6, fill: css("--card"), stroke: ink } },
    ],
    hooks: { drawAxes: [(plot) => drawLimits(plot, holder)] },
  };
}

/** @param {HTMLElement} holder */
const height = (holder) => Math.max(holder.clientHeight, LEAST_HEIGHT);

/** @param {Chart} chart */
function draw(chart) {
  chart.drawnAt = performance.now();
  chart.isStale = false;
  if (!chart.plot) {
    chart.holder.replaceChildren();
    chart.plot = new uPlot(options(chart.holder), columns(chart.points), chart.holder);
    return;
  }
  chart.plot.setData(columns(chart.points));
}

/** @param {Chart} chart */
async function load(chart) {
  const { station, holder } = chart;
  const url = `/line/${station}?quantity=${holder.dataset.quantity}&hours=${HOURS}`;
  try {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(answer.statusText);
    merge(chart, (await answer.json()).points);
    chart.isLoaded = true;
  } catch {
    if (!chart.plot) note(holder, t("Riwayat enam jam tidak dapat dimuat. Dicoba lagi sebentar."));
    setTimeout(() => load(chart), RETRY_MS);
    return;
  }
  if (chart.points.length) draw(chart);
  else note(holder, t("Belum ada bacaan dalam enam jam terakhir."));
}

/**
 * @param {Chart} chart
 * @param {Point[]} past
 */
function merge(chart, past) {
  const last = past.at(-1);
  const live = chart.points.filter(([time]) => !last || time > last[0]);
  chart.points = [...past, ...live];
}

/**
 * @param {HTMLElement} element
 * @returns {HTMLElement | null}
 */
const holderOf = (element) => element.querySelector(".chart");

/** @param {HTMLElement} element */
function begin(element) {
  const holder = holderOf(element);
  if (!holder) return null;
  /** @type {Chart} */
  const chart = { station: element.dataset.station ?? "", holder, points: [], plot: null, drawnAt: 0, isLoaded: false, isStale: false };
  charts.set(chart.station, chart);
  note(holder, t("Memuat enam jam terakhir …"));
  load(chart);
  return chart;
}

/**
 * Extend a station's line by the reading that its card now shows.
 * @param {HTMLElement} element
 */
export function noteStation(element) {
  if (!("uPlot" in window)) {
    drawMissing(element);
    return;
  }
  const holder = holderOf(element);
  let chart = charts.get(element.dataset.station ?? "") ?? null;
  if (!chart || chart.holder !== holder) chart = begin(element);
  if (!chart || !element.dataset.time) return;
  const time = Number(element.dataset.time);
  const value = element.dataset.value === "" ? null : Number(element.dataset.value);
  const last = chart.points.at(-1);
  if (last && time <= last[0]) return;
  chart.points.push([time, value, Number(element.dataset.flag)]);
  while (chart.points[0][0] < now() - WINDOW_S * 1000) chart.points.shift();
  chart.isStale = true;
}

/** @param {HTMLElement} element */
function drawMissing(element) {
  const holder = holderOf(element);
  if (holder) note(holder, t("Garis enam jam belum terpasang di server ini. Angkanya tetap langsung."));
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
  for (const card of document.querySelectorAll("article.station")) noteStation(/** @type {HTMLElement} */ (card));
  setInterval(redraw, REDRAW_MS);
  addEventListener("themechange", rebuild);
  new ResizeObserver(() => {
    for (const chart of charts.values()) {
      const { plot, holder } = chart;
      if (plot && holder.clientWidth) plot.setSize({ width: holder.clientWidth, height: height(holder) });
    }
  }).observe(elementOf("stations"));
}
