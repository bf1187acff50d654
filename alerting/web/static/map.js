// The map: areas and rivers as they were imported, stations as the shape of their state. Drawn by Leaflet, without tiles.

import { element, say } from "./dom.js";
import { t } from "./words.js";

const LEAFLET = "/static/vendor/leaflet";
const AREAS = "/peta/wilayah.json";
const MISSING = t("Peta belum terpasang di server ini. Daftar stasiun dan wilayah tetap lengkap.");
const UNREAD = t("Batas wilayah tidak dapat dimuat. Stasiun tetap tampak.");
const EMPTY = t("Belum ada stasiun dengan koordinat.");
const LETTER_PX = 7;
const LINE_PX = 16;
const HOME = [[-7.68, 112.86], [-7.61, 112.95]]; // Kota Pasuruan, while nothing else is known
const MARKS = ["waspada", "siaga", "awas"];

/** @typedef {{code: string, name: string, kind: string, source?: string}} Facts */
/** @typedef {GeoJSON.Feature<GeoJSON.Geometry, Facts>} Area */
/** @typedef {{marker: L.Marker, node: HTMLElement, html: string}} Pin */
/** @typedef {{feature: Area, label: HTMLElement | null, shape: SVGElement | null, at: L.LatLng | null}} Shown */

/** @param {"script" | "link"} kind @param {Record<string, string>} facts */
function load(kind, facts) {
  return new Promise((resolve, reject) => {
    const tag = Object.assign(document.createElement(kind), facts);
    tag.addEventListener("load", resolve);
    tag.addEventListener("error", reject);
    document.head.append(tag);
  });
}

class AreaMap {
  /** @param {HTMLElement} holder */
  constructor(holder) {
    this.holder = holder;
    const isKiosk = document.body.dataset.screen === "kiosk";
    this.map = L.map(holder, { zoomControl: false, zoomSnap: 0.25, keyboard: !isKiosk, scrollWheelZoom: !isKiosk });
    this.map.attributionControl.setPrefix(false);
    if (!isKiosk) L.control.zoom({ position: "bottomleft", zoomInTitle: t("Perbesar"), zoomOutTitle: t("Perkecil") }).addTo(this.map);
    if (holder.dataset.tiles) L.tileLayer(holder.dataset.tiles, { attribution: holder.dataset.credit, maxZoom: 18 }).addTo(this.map);
    this.map.fitBounds(/** @type {L.LatLngBoundsLiteral} */ (HOME));
    /** @type {Map<string, Pin>} */
    this.pins = new Map();
    /** @type {Map<string, Shown>} */
    this.areas = new Map();
    this.isFitted = false;
    this.map.on("zoomend moveend resize", () => this.thinOut());
    new ResizeObserver(() => this.map.invalidateSize()).observe(holder);
  }

  /** @param {Area[]} features */
  drawAreas(features) {
    for (const feature of features) this.drawArea(feature);
    const sources = new Set(features.map((one) => one.properties.source).filter((one) => one));
    for (const source of sources) this.map.attributionControl.addAttribution(String(source));
    this.noteAreas();
    this.fit();
  }

  /** @param {Area} feature */
  drawArea(feature) {
    const { code, name, kind } = feature.properties;
    /** @type {Shown} */
    const shown = { feature, label: null, shape: null, at: null };
    if (feature.geometry.type !== "Point") {
      const layer = L.geoJSON(feature, { interactive: false, style: { className: kind === "sungai" ? "river" : "area" } });
      layer.addTo(this.map);
      layer.eachLayer((one) => {
        shown.shape = /** @type {SVGElement | null} */ (/** @type {L.Path} */ (one).getElement() ?? null);
      });
    }
    const at = labelPlace(feature);
    if (at && kind === "kelurahan") {
      shown.label = document.createElement("span");
      shown.label.textContent = name;
      shown.at = at;
      const icon = L.divIcon({ className: "area-label", html: shown.label, iconSize: [0, 0] });
      L.marker(at, { icon, interactive: false, keyboard: false }).addTo(this.map);
    }
    this.areas.set(code, shown);
  }

  /** Colour areas by what the list beside the map says of them. */
  noteAreas() {
    /** @type {Map<string, string>} */
    const marks = new Map();
    for (const row of document.querySelectorAll("#areas [data-area]")) {
      marks.set(row.getAttribute("data-area") ?? "", row.getAttribute("data-mark") ?? "");
    }
    for (const [code, { label, shape }] of this.areas) {
      const mark = marks.get(code);
      for (const each of MARKS) {
        label?.classList.toggle(`s-${each}`, each === mark);
        shape?.classList.toggle(`a-${each}`, each === mark);
      }
    }
    this.thinOut();
  }

  noteStations() {
    const cards = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("article.station[data-latitude]"));
    const present = new Set();
    for (const card of cards) {
      present.add(card.id);
      this.notePin(card);
    }
    for (const [id, { marker }] of this.pins) {
      if (present.has(id)) continue;
      marker.remove();
      this.pins.delete(id);
    }
    this.noteAreas();
    this.fit();
    const all = document.querySelectorAll("article.station").length;
    const missing = all - cards.length;
    const words = cards.length ? t("{n} stasiun tanpa koordinat tidak ada di peta.", { n: missing }) : EMPTY;
    say(element("map-note"), missing || !all ? words : "");
  }

  /** @param {HTMLElement} card */
  notePin(card) {
    const { latitude, longitude, mark, icon: shape, name, word } = card.dataset;
    const html = `${mark}|${shape}|${name}|${word}`;
    const at = L.latLng(Number(latitude), Number(longitude));
    const pin = this.pins.get(card.id);
    if (pin) {
      pin.marker.setLatLng(at);
      if (pin.html !== html) fill(pin.node, card);
      pin.html = html;
      return;
    }
    const node = document.createElement("span");
    fill(node, card);
    const icon = L.divIcon({ className: "pin-place", html: node, iconSize: [0, 0] });
    const marker = L.marker(at, { icon, keyboard: false, zIndexOffset: 1000 }).addTo(this.map);
    marker.on("click", () => reach(card.id));
    this.pins.set(card.id, { marker, node, html });
  }

  /** Show what there is, once: later the view is the reader's. */
  fit() {
    const places = [...this.pins.values()].map((pin) => pin.marker.getLatLng());
    for (const { at } of this.areas.values()) if (at) places.push(at);
    if (this.isFitted || !places.length) return;
    this.map.fitBounds(L.latLngBounds(places), { animate: false, maxZoom: 15, padding: [44, 20] });
    this.isFitted = this.areas.size > 0;
  }

  /** Pins reach inwards. Names that would lie on one another leave a dot; those with a level, and stations, come first. */
  thinOut() {
    const middle = this.map.getSize().x / 2;
    for (const { marker, node } of this.pins.values()) {
      node.classList.toggle("left", this.map.latLngToContainerPoint(marker.getLatLng()).x > middle);
    }
    /** @type {DOMRect[]} */
    const taken = [...this.pins.values()].map((pin) => pin.node.getBoundingClientRect());
    const shown = [...this.areas.values()].filter((one) => one.label && one.at);
    shown.sort((one, other) => Number(isMarked(other)) - Number(isMarked(one)));
    const { left, top } = this.holder.getBoundingClientRect();
    for (const { label, at, feature } of shown) {
      if (!label || !at) continue;
      const { x, y } = this.map.latLngToContainerPoint(at);
      const width = feature.properties.name.length * LETTER_PX + 8;
      const box = new DOMRect(left + x - width / 2, top + y - LINE_PX / 2, width, LINE_PX);
      const isFree = !taken.some((other) => overlap(box, other));
      label.classList.toggle("thin", !isFree);
      if (isFree) taken.push(box);
    }
  }
}

/** @param {Shown} one */
const isMarked = (one) => MARKS.some((mark) => one.label?.classList.contains(`s-${mark}`));

/**
 * @param {DOMRect} one
 * @param {DOMRect} other
 */
function overlap(one, other) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

/** @param {Area} feature */
function labelPlace({ geometry }) {
  if (geometry.type === "Point") return L.latLng(geometry.coordinates[1], geometry.coordinates[0]);
  const bounds = L.geoJSON(geometry).getBounds();
  return bounds.isValid() ? bounds.getCenter() : null;
}

/**
 * The shape, the name and the state of a station.
 * @param {HTMLElement} node
 * @param {HTMLElement} card
 */
function fill(node, card) {
  // The colour is the level that counts; the shape is the state, so that a level held in silence shows the silence.
  const { mark = "nodata", icon: shape = mark, name = "", word = "" } = card.dataset;
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("class", `icon m-${shape}`);
  icon.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${shape}`);
  icon.append(use);
  const label = document.createElement("span");
  label.textContent = name;
  node.className = `pin s-${mark}${node.classList.contains("left") ? " left" : ""}`;
  node.title = `${name}: ${word}`;
  node.replaceChildren(icon, label);
}

/** @param {string} id */
function reach(id) {
  const card = document.getElementById(id);
  card?.scrollIntoView({ block: "nearest" });
  /** @type {HTMLElement | null} */ (card?.querySelector("a, summary") ?? null)?.focus();
}

/**
 * Draw the map into `holder`; null when Leaflet is not there, which is said in its place.
 * @param {HTMLElement} holder
 */
export async function begin(holder) {
  if (holder.dataset.leaflet === undefined) {
    say(element("map-note"), MISSING);
    return null;
  }
  try {
    await Promise.all([
      load("link", { rel: "stylesheet", href: `${LEAFLET}.css` }),
      load("script", { src: `${LEAFLET}.js` }),
    ]);
  } catch {
    say(element("map-note"), MISSING);
    return null;
  }
  const drawn = new AreaMap(holder);
  drawn.noteStations();
  readAreas(drawn);
  return drawn;
}

/** @param {AreaMap} drawn */
async function readAreas(drawn) {
  try {
    const answer = await fetch(AREAS);
    if (!answer.ok) throw new Error(answer.statusText);
    drawn.drawAreas((await answer.json()).features);
  } catch {
    drawn.map.attributionControl.addAttribution(UNREAD);
  }
}
