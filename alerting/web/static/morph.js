// Make one element look like another without replacing it: what is open stays open, what has the focus keeps it.

const OWNED_BY_THE_READER = new Set(["open"]);

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

function sameKind(one, other) {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName && (one.id ?? "") === (other.id ?? "");
}

function copyAttributes(from, to) {
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !OWNED_BY_THE_READER.has(name)) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}

function morphChildren(from, to) {
  let old = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    let match = old;
    while (match && !sameKind(match, wanted)) match = match.nextSibling;
    if (!match) {
      from.insertBefore(wanted, old);
      continue;
    }
    while (old !== match) {
      const gone = old;
      old = old.nextSibling;
      gone.remove();
    }
    old = match.nextSibling;
    morph(match, wanted);
  }
  while (old) {
    const gone = old;
    old = old.nextSibling;
    gone.remove();
  }
}

function morph(from, to) {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  copyAttributes(from, to);
  // Charts and ages are drawn in the browser: the server's empty places must not wipe them.
  if (from.hasAttribute("data-keep") || from.hasAttribute("data-age") || from.hasAttribute("data-running")) return;
  morphChildren(from, to);
}

/** Put a fragment in place of the element with the same id. Returns the element, or null when the page has none. */
export function setFragment(id, html) {
  const wanted = parse(html);
  const present = document.getElementById(id);
  if (present) morph(present, wanted);
  return present ? present : null;
}

/** Bring a list into order with as few moves as possible; `fresh` holds the html of members that are not there yet. */
export function setList(list, members, fresh) {
  const wanted = new Set(members);
  for (const child of [...list.children]) if (!wanted.has(child.id)) child.remove();
  let place = list.firstElementChild;
  for (const id of members) {
    if (place?.id === id) {
      place = place.nextElementSibling;
      continue;
    }
    const element = document.getElementById(id) ?? (fresh[id] && parse(fresh[id]));
    if (!element) return false;
    list.insertBefore(element, place);
  }
  return true;
}
