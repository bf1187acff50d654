// A station's picture drawn by uPlot: the line and its spread by uPlot itself, everything around it by hand. What is
// drawn is what the server says; here is only how, and which part of the time axis is looked at.

import { decimal, t } from "./words.js";

const HEIGHT = 292;
const STRIP = 18; // of the alerts between the plot and the times below it
const RAIN_SHARE = 0.4;
const LEAST_RAIN_MM = 10;
const WIB_S = 7 * 3600;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"];
const STEPS_S = [60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 604_800, 1_209_600];
const DAY_S = 86_400;
const MONTH_S = 30 * DAY_S;

/**
 * As ``picture.columns`` of the server says it; times are seconds.
 * @typedef {object} Picture
 * @property {string} name
 * @property {string} unit
 * @property {[number, number]} axis
 * @property {number} now milliseconds
 * @property {[number, number]} scale
 * @property {number | null} step milliseconds
 * @property {number[]} times
 * @property {(number | null)[]} values
 * @property {(number | null)[]} lows
 * @property {(number | null)[]} highs
 * @property {[number, number][]} doubtful
 * @property {number[]} failed
 * @property {[number, number][]} gaps
 * @property {{step: number, names: string[], starts: number[], mm: number[]} | null} rain
 * @property {[string, string, number, number, number][]} limits mark, word, value, from, until
 * @property {[string, string, number, number][]} warned mark, word, from, until
 * @property {[number, number][]} forecast
 * @property {[number, number] | null} tide
 * @property {string} tide_words
 * @property {boolean} live
 * @property {string} said
 * @property {string} listing
 */

/** @param {string} name */
function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @type {Record<string, string>} */
const SURFACES = { waspada: "--waspada", siaga: "--siaga", awas: "--awas" };

/** @param {number} value @param {number} digits */
export function number(value, digits) {
  return decimal(value.toFixed(digits)).replace("-", "−");
}

/** @param {number} s @param {boolean} withDay */
export function moment(s, withDay) {
  const local = new Date((s + WIB_S) * 1000);
  const clock = `${String(local.getUTCHours()).padStart(2, "0")}:${String(local.getUTCMinutes()).padStart(2, "0")}`;
  return withDay ? `${local.getUTCDate()} ${t(MONTHS[local.getUTCMonth()])} ${clock}` : clock;
}

/** @param {number} from @param {number} to @param {number} width */
function ticks(from, to, width) {
  const most = Math.max(3, Math.floor(width / 110));
  const step = STEPS_S.find((each) => (to - from) / each <= most);
  if (!step) return months(from, to, most);
  const found = [];
  for (let at = Math.ceil((from + WIB_S) / step) * step - WIB_S; at <= to; at += step) found.push(at);
  return found;
}

/** @param {number} from @param {number} to @param {number} most */
function months(from, to, most) {
  const every = Math.max(1, Math.ceil((to - from) / MONTH_S / most));
  const found = [];
  const first = new Date((from + WIB_S) * 1000);
  for (let month = 0; ; month += 1) {
    const at = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + month, 1) / 1000 - WIB_S;
    if (at > to) return found;
    if (at >= from && (first.getUTCMonth() + month) % every === 0) found.push(at);
  }
}

/** @param {number[]} at @param {number} step seconds between two of them */
function words(at, step) {
  return at.map((s) => {
    const local = new Date((s + WIB_S) * 1000);
    const day = `${local.getUTCDate()} ${t(MONTHS[local.getUTCMonth()])}`;
    if (step > 20 * DAY_S) return `${t(MONTHS[local.getUTCMonth()])} ${local.getUTCFullYear()}`;
    return step >= DAY_S || (s + WIB_S) % DAY_S === 0 ? day : moment(s, false);
  });
}

/** @param {CanvasRenderingContext2D} ctx @param {string} color @param {number} width */
function hatch(ctx, color, width) {
  const size = 8 * devicePixelRatio;
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const pen = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
  pen.strokeStyle = color;
  pen.lineWidth = width * devicePixelRatio;
  for (const shift of [-size, 0, size]) {
    pen.beginPath();
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
    pen.stroke();
  }
  return /** @type {CanvasPattern} */ (ctx.createPattern(tile, "repeat"));
}

export class Plot {
  /**
   * @param {HTMLElement} holder
   * @param {Picture} picture
   * @param {(words: string) => void} read what stands under the cursor
   * @param {string} doubt how a doubtful reading is called
   */
  constructor(holder, picture, read, doubt) {
    this.holder = holder;
    this.picture = picture;
    this.read = read;
    this.doubt = doubt;
    this.from = picture.axis[0] / 1000;
    this.to = picture.axis[1] / 1000;
    holder.replaceChildren();
    this.uplot = new uPlot(this.options(), this.columns(), holder);
  }

  /** @returns {uPlot.AlignedData} */
  columns() {
    const { times, values, lows, highs } = this.picture;
    const none = times.map(() => null);
    return [times, values, highs.length ? highs : none, lows.length ? lows : none];
  }

  /** @returns {uPlot.Options} */
  options() {
    const axis = { stroke: css("--muted"), font: "14px system-ui, sans-serif", ticks: { show: false } };
    const grid = { stroke: css("--hairline"), width: 1 };
    const spread = { width: 0, points: { show: false } };
    return {
      width: Math.max(this.holder.clientWidth, 120),
      height: HEIGHT,
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, y: false, points: { show: false } },
      padding: [8, 28, 0, 0],
      scales: {
        x: { time: false, range: () => [this.from, this.to] },
        y: { range: () => [this.picture.scale[0], this.picture.scale[1]] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          gap: STRIP + 4,
          size: STRIP + 28,
          splits: (plot) => ticks(this.from, this.to, plot.width),
          values: (_, at) => words(at, at.length > 1 ? at[1] - at[0] : 3600),
        },
        { ...axis, grid, size: 48, space: 30, values: (_, at) => at.map((value) => decimal(String(+value.toFixed(3)))) },
      ],
      series: [{}, { stroke: css("--ink"), width: 2, points: { show: false } }, spread, spread],
      bands: [{ series: [2, 3], fill: `${css("--muted")}55` }],
      hooks: {
        drawAxes: [(plot) => this.drawUnder(plot)],
        draw: [(plot) => this.drawOver(plot)],
        setCursor: [(plot) => this.tell(plot)],
      },
    };
  }

  /** Take what the server says of the stretch that is looked at. @param {Picture} picture */
  show(picture) {
    this.picture = picture;
    this.uplot.setData(this.columns(), false);
    this.look(picture.axis[0] / 1000, picture.axis[1] / 1000);
  }

  /** Look at another stretch with what is known so far. @param {number} from @param {number} to seconds */
  look(from, to) {
    this.from = from;
    this.to = to;
    this.uplot.batch(() => {
      this.uplot.setScale("x", { min: from, max: to });
      this.uplot.setScale("y", { min: this.picture.scale[0], max: this.picture.scale[1] });
    });
  }

  fit() {
    const width = this.holder.clientWidth;
    if (width && width !== this.uplot.width) this.uplot.setSize({ width, height: HEIGHT });
  }

  /** Drawn anew, in the colours that hold now. */
  repaint() {
    this.uplot.destroy();
    this.uplot = new uPlot(this.options(), this.columns(), this.holder);
  }

  /** @param {uPlot} plot @param {number} s */
  across(plot, s) {
    const { left, width } = plot.bbox;
    return Math.min(Math.max(plot.valToPos(s, "x", true), left), left + width);
  }

  /** Holes, tide, rain and thresholds. @param {uPlot} plot */
  drawUnder(plot) {
    const { ctx } = plot;
    const { top, height } = plot.bbox;
    ctx.save();
    ctx.fillStyle = hatch(ctx, css("--hairline"), 3);
    for (const [from, until] of this.picture.gaps) this.block(plot, from, until, top, height);
    if (this.picture.tide) this.drawTide(plot, this.picture.tide);
    this.drawRain(plot);
    this.drawForecast(plot);
    this.drawLimits(plot);
    ctx.restore();
  }

  /** @param {uPlot} plot @param {number} from @param {number} until @param {number} top @param {number} height */
  block(plot, from, until, top, height) {
    const left = this.across(plot, from);
    const right = this.across(plot, until);
    if (right > left) plot.ctx.fillRect(left, top, right - left, height);
  }

  /** @param {uPlot} plot @param {[number, number]} tide */
  drawTide(plot, tide) {
    const { ctx } = plot;
    const { top, height } = plot.bbox;
    ctx.fillStyle = `${css("--link")}22`;
    this.block(plot, tide[0], tide[1], top, height);
    const isLate = tide[0] > (this.from + this.to) / 2;
    const x = this.across(plot, isLate ? this.to : tide[0]) + (isLate ? -4 : 4) * devicePixelRatio;
    this.label(plot, this.picture.tide_words, x, top + height - 6 * devicePixelRatio, isLate ? "right" : "left");
  }

  /** Rain hangs from the top. @param {uPlot} plot */
  drawRain(plot) {
    const { rain } = this.picture;
    if (!rain) return;
    const { top, height } = plot.bbox;
    const most = Math.max(LEAST_RAIN_MM, ...rain.mm);
    plot.ctx.fillStyle = `${css("--link")}99`;
    rain.starts.forEach((start, index) => {
      this.block(plot, start, start + rain.step, top, (height * RAIN_SHARE * rain.mm[index]) / most);
    });
  }

  /** @param {uPlot} plot */
  drawForecast(plot) {
    const { forecast } = this.picture;
    if (!forecast.length) return;
    const { ctx } = plot;
    ctx.beginPath();
    for (const [s, value] of forecast) ctx.lineTo(this.across(plot, s), plot.valToPos(value, "y", true));
    ctx.closePath();
    ctx.fillStyle = hatch(ctx, css("--ink"), 1);
    ctx.fill();
    ctx.strokeStyle = css("--muted");
    ctx.setLineDash([3 * devicePixelRatio, 2 * devicePixelRatio]);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  /** @param {uPlot} plot */
  drawLimits(plot) {
    const { ctx } = plot;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    /** @type {Map<string, [number, number]>} */
    const last = new Map();
    for (const [mark, word, value, from, until] of this.picture.limits) {
      const y = plot.valToPos(value, "y", true);
      const [left, right] = [this.across(plot, from), this.across(plot, until)];
      if (right <= left) continue;
      ctx.strokeStyle = css(`--line-${mark}`);
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(right, y);
      ctx.stroke();
      last.set(word, [right, y]);
    }
    ctx.setLineDash([]);
    for (const [word, [right, y]] of last) this.label(plot, word, right - 4 * devicePixelRatio, y - 4 * devicePixelRatio, "right");
  }

  /** What is doubtful has a ring, what failed a cross; now is a line; alerts stand below. @param {uPlot} plot */
  drawOver(plot) {
    const { ctx } = plot;
    const { left, top, width, height } = plot.bbox;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height + (STRIP + 4) * devicePixelRatio);
    ctx.clip();
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.strokeStyle = css("--ink");
    ctx.fillStyle = css("--card");
    for (const [s, value] of this.picture.doubtful) this.ring(ctx, plot.valToPos(s, "x", true), plot.valToPos(value, "y", true));
    for (const s of this.picture.failed) this.cross(ctx, plot.valToPos(s, "x", true), top + height - 6 * devicePixelRatio);
    this.drawPresent(plot);
    this.drawWarned(plot);
    ctx.restore();
  }

  /** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y */
  ring(ctx, x, y) {
    ctx.beginPath();
    ctx.arc(x, y, (this.picture.step === null ? 4 : 2.5) * devicePixelRatio, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  }

  /** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y */
  cross(ctx, x, y) {
    const arm = 3 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(x - arm, y - arm);
    ctx.lineTo(x + arm, y + arm);
    ctx.moveTo(x - arm, y + arm);
    ctx.lineTo(x + arm, y - arm);
    ctx.stroke();
  }

  /** @param {uPlot} plot */
  drawPresent(plot) {
    const now = this.picture.now / 1000;
    if (now <= this.from || now >= this.to) return;
    const x = plot.valToPos(now, "x", true);
    plot.ctx.strokeStyle = css("--muted");
    plot.ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    plot.ctx.beginPath();
    plot.ctx.moveTo(x, plot.bbox.top);
    plot.ctx.lineTo(x, plot.bbox.top + plot.bbox.height);
    plot.ctx.stroke();
    plot.ctx.setLineDash([]);
  }

  /** @param {uPlot} plot */
  drawWarned(plot) {
    const { ctx } = plot;
    const top = plot.bbox.top + plot.bbox.height + 2 * devicePixelRatio;
    const height = (STRIP - 4) * devicePixelRatio;
    for (const [mark, word, from, until] of this.picture.warned) {
      const left = this.across(plot, from);
      const width = Math.max(this.across(plot, until) - left, 2 * devicePixelRatio);
      ctx.fillStyle = mark in SURFACES ? css(SURFACES[mark]) : hatch(ctx, css("--muted"), 2);
      ctx.fillRect(left, top, width, height);
      ctx.font = `600 ${13 * devicePixelRatio}px system-ui, sans-serif`;
      if (width < ctx.measureText(word).width + 8 * devicePixelRatio) continue;
      ctx.fillStyle = mark === "awas" ? css("--on-awas") : mark in SURFACES ? css("--on-warm") : css("--ink");
      ctx.textAlign = "left";
      ctx.textBaseline = "alphabetic";
      ctx.fillText(word, left + 4 * devicePixelRatio, top + height - 3 * devicePixelRatio);
    }
  }

  /**
   * @param {uPlot} plot
   * @param {string} text
   * @param {number} x
   * @param {number} y
   * @param {CanvasTextAlign} align
   */
  label(plot, text, x, y, align = "left") {
    const { ctx } = plot;
    ctx.font = `600 ${14 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = align;
    ctx.textBaseline = "alphabetic";
    ctx.lineWidth = 3 * devicePixelRatio;
    ctx.strokeStyle = css("--card");
    ctx.setLineDash([]);
    ctx.strokeText(text, x, y);
    ctx.fillStyle = css("--ink");
    ctx.fillText(text, x, y);
    ctx.lineWidth = 1.5 * devicePixelRatio;
  }

  /** @param {uPlot} plot */
  tell(plot) {
    const index = plot.cursor.idx;
    const { times, values, lows, highs, doubtful, name, unit } = this.picture;
    if (index === null || index === undefined || values[index] === null || values[index] === undefined) {
      this.read("");
      return;
    }
    const value = /** @type {number} */ (values[index]);
    const isDoubtful = doubtful.some(([s]) => s === times[index]);
    const low = lows[index];
    const high = highs[index];
    const spread = typeof low === "number" && typeof high === "number" && high !== value ? ` (${number(low, 2)} – ${number(high, 2)})` : "";
    const doubt = isDoubtful ? `, ${this.doubt}` : "";
    this.read(`${moment(times[index], true)} WIB: ${name} ${number(value, 2)} ${unit}${spread}${doubt}`);
  }
}
