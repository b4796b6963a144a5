/** Whether the page around the widget is light or dark. */

export type Theme = "light" | "dark";

/** What hosts say of their theme: JupyterLab, VS Code, Colab, marimo and others. */
const DARK_HOST =
  '[data-jp-theme-light="false"], .vscode-dark, .vscode-high-contrast:not(.vscode-high-contrast-light), html[theme="dark"], [data-theme="dark"], .dark-theme, .dark';
const LIGHT_HOST =
  '[data-jp-theme-light="true"], .vscode-light, .vscode-high-contrast-light, html[theme="light"], [data-theme="light"], .light-theme, .light';

/** Keeps a callback told of the theme, at once and after each change. */
export function watchTheme(
  node: Element,
  callback: (theme: Theme) => void,
  signal: AbortSignal,
): void {
  const preference = window.matchMedia("(prefers-color-scheme: dark)");
  const tell = () => callback(themeAround(node, preference.matches));
  const observer = new MutationObserver(tell);
  const attributeFilter = ["class", "theme", "data-jp-theme-light", "data-theme", "style"];
  for (const place of [document.documentElement, document.body]) {
    observer.observe(place, { attributes: true, attributeFilter });
  }
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  preference.addEventListener("change", tell, { signal });
  tell();
}

/**
 * The theme of the nearest ancestor that names one, else of the system. An element that is not on the page yet, as while
 * JupyterLab renders it, has the theme of the page.
 */
function themeAround(node: Element, systemIsDark: boolean): Theme {
  let place: Element | null = node.isConnected ? outer(node) : document.body;
  while (place) {
    if (place.matches(DARK_HOST)) return "dark";
    if (place.matches(LIGHT_HOST)) return "light";
    place = outer(place);
  }
  return systemIsDark ? "dark" : "light";
}

/** The parent of an element, through the boundary of a shadow tree. */
function outer(node: Element): Element | null {
  if (node.parentElement) return node.parentElement;
  const root = node.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}
