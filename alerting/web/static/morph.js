// Make one element look like another without replacing it: what is open stays open, what has the focus keeps it.

const OWNED_BY_THE_READER = new Set(["open"]);
// Drawn or ticking in the browser: the server's empty places must not wipe them.
const KEPT = ["data-keep", "data-age", "data-running", "data-until"];

/**
 * The element that a fragment is, on no page yet.
 * @param {string} html
 * @returns {Element | null}
 */
export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

/** @param {Node} node */
const idOf = (node) => (node instanceof Element ? node.id : "");

/**
 * @param {Node} one
 * @param {Node} other
 */
function sameKind(one, other) {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName && idOf(one) === idOf(other);
}

/**
 * @param {Element} from
 * @param {Element} to
 */
function copyAttributes(from, to) {
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !OWNED_BY_THE_READER.has(name)) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}

/**
 * @param {Node} from
 * @param {Node} to
 */
function morphChildren(from, to) {
  let old = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    let match = old;
    while (match && !sameKind(match, wanted)) match = match.nextSibling;
    if (!match) {
      from.insertBefore(wanted, old);
      continue;
    }
    old = removeBetween(old, match);
    old = match.nextSibling;
    morph(match, wanted);
  }
  removeBetween(old, null);
}

/**
 * Remove siblings from `first` up to `end`; returns `end`.
 * @param {ChildNode | null} first
 * @param {ChildNode | null} end
 */
function removeBetween(first, end) {
  while (first && first !== end) {
    const gone = first;
    first = first.nextSibling;
    gone.remove();
  }
  return end;
}

/**
 * @param {Node} from
 * @param {Node} to
 */
function morph(from, to) {
  if (!(from instanceof Element && to instanceof Element)) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  copyAttributes(from, to);
  if (KEPT.some((name) => from.hasAttribute(name))) return;
  morphChildren(from, to);
}

/**
 * Put a fragment in place of the element with the same id. Returns the element, or null when the page has none.
 * @param {string} id
 * @param {string} html
 */
export function setFragment(id, html) {
  const wanted = parse(html);
  const present = document.getElementById(id);
  if (present && wanted) morph(present, wanted);
  return present;
}

/**
 * Bring a list into order with as few moves as possible; `fresh` holds the html of members that are not there yet.
 * False when a member is neither there nor in `fresh`.
 * @param {Element} list
 * @param {string[]} members
 * @param {Record<string, string>} fresh
 */
export function setList(list, members, fresh) {
  const wanted = new Set(members);
  for (const child of [...list.children]) if (!wanted.has(child.id)) child.remove();
  let place = list.firstElementChild;
  for (const id of members) {
    if (place?.id === id) {
      place = place.nextElementSibling;
      continue;
    }
    const member = document.getElementById(id) ?? (fresh[id] ? parse(fresh[id]) : null);
    if (!member) return false;
    list.insertBefore(member, place);
  }
  return true;
}
