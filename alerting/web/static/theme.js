// Which theme somebody chose, before the first paint; without a choice, and without a script, the system's holds.

(() => {
  const KEY = "kentongan-tema";
  const ORDER = ["system", "light", "dark", "dim"];
  const root = document.documentElement;

  /** The words of a theme; only another language needs the catalogue, which comes after the first paint. */
  async function words() {
    /** @type {(text: string) => string} */
    const t = root.lang === "en" ? (await import("./words.js")).t : (text) => text;
    return [t("Tema: sistem"), t("Tema: terang"), t("Tema: gelap"), t("Tema: redup")];
  }

  function chosen() {
    try {
      return localStorage.getItem(KEY) ?? "system";
    } catch {
      return "system";
    }
  }

  /** @param {string} theme */
  function wear(theme) {
    if (theme === "system" || !ORDER.includes(theme)) delete root.dataset.theme;
    else root.dataset.theme = theme;
    dispatchEvent(new Event("themechange"));
  }

  /** @param {HTMLElement} button */
  async function offer(button) {
    const said = await words();
    let theme = root.dataset.theme ?? "system";
    button.textContent = said[ORDER.indexOf(theme)];
    button.hidden = false;
    button.addEventListener("click", () => {
      theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        // It holds until the page is left, then.
      }
      button.textContent = said[ORDER.indexOf(theme)];
      wear(theme);
    });
  }

  wear(chosen());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));
  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    if (button) offer(button);
  });
})();
