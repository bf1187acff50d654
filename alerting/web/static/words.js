// The texts of the page in its language: Indonesian as they are written, English from the catalogue of the server.

const isEnglish = document.documentElement.lang === "en";

/** @type {Record<string, string>} */
const ENGLISH = isEnglish ? await load() : {};

/** Without the catalogue everything stays Indonesian, and works. @returns {Promise<Record<string, string>>} */
async function load() {
  try {
    const answer = await fetch("/static/words.en.json");
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}

/**
 * `text` in the page's language, its `{names}` filled with `values`.
 * @param {string} text
 * @param {Record<string, string | number>} [values]
 */
export function t(text, values = {}) {
  const said = ENGLISH[text] ?? text;
  return said.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

/**
 * A number that is written with a point, as it is read in the page's language.
 * @param {string} written
 */
export function decimal(written) {
  return isEnglish ? written : written.replace(".", ",");
}
