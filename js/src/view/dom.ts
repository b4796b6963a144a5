/** Small builders of elements and icons, and what is asked of their events. */

import { ICONS, type IconName, SOLID } from "./icons";

type Attributes = Readonly<Record<string, string | number | boolean>>;

const SVG = "http://www.w3.org/2000/svg";

/** CSS pixels of a unit, of a line and of a page, in which wheels count. */
const WHEEL_UNITS_PX = [1, 16, 400];

/** An element with attributes and children; true sets an empty attribute, false none. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  node.append(...children);
  return node;
}

/** An element of a drawing, with attributes and children. */
export function shape<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Node[]
): SVGElementTagNameMap[Tag] {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  node.append(...children);
  return node;
}

/** Sets an attribute where it differs; false removes it. */
export function setAttribute(node: Element, name: string, value: string | number | boolean): void {
  if (value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

/** Sets the text of an element where it differs. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** An icon in the colour of the text, hidden from those who listen. */
export function icon(name: IconName): SVGSVGElement {
  const outlines = ICONS[name].map((outline) => shape("path", { d: outline }));
  const svg = shape(
    "svg",
    {
      viewBox: "0 0 24 24",
      "aria-hidden": "true",
      class: SOLID.has(name) ? "dgw-icon dgw-icon-solid" : "dgw-icon",
    },
    ...outlines,
  );
  svg.dataset.icon = name;
  return svg;
}

/** Puts another icon in the place of the one inside an element. */
export function setIcon(node: Element, name: IconName): void {
  const before = node.querySelector("svg");
  if (before?.dataset.icon === name) return;
  const next = icon(name);
  if (before) before.replaceWith(next);
  else node.prepend(next);
}

/** A button with an icon, perhaps a word, and a tooltip that names its key. */
export function button(
  name: IconName,
  label: string,
  options: { readonly text?: string; readonly key?: string; readonly className?: string } = {},
): HTMLButtonElement {
  const { text, key, className = "" } = options;
  const node = element(
    "button",
    { type: "button", class: `dgw-button ${className}`.trim() },
    icon(name),
  );
  if (text !== undefined) node.append(element("span", { class: "dgw-button-text" }, text));
  setLabel(node, label, key);
  return node;
}

/** Names a button for the eye, the ear and the keyboard. */
export function setLabel(node: Element, label: string, key?: string): void {
  setAttribute(node, "aria-label", label);
  setAttribute(node, "title", key === undefined ? label : `${label} (${key})`);
}

/** Greys a button out without taking the focus from it. */
export function setEnabled(node: Element, enabled: boolean): void {
  setAttribute(node, "aria-disabled", enabled ? false : "true");
}

/** Acts on clicks of a button, unless it is greyed out. */
export function onPress(node: HTMLElement, act: () => void, signal: AbortSignal): void {
  const press = (): void => {
    if (node.getAttribute("aria-disabled") !== "true") act();
  };
  node.addEventListener("click", press, { signal });
}

/** True for what keeps the keys it needs: fields, sliders and menus of the browser. */
export function isField(target: EventTarget | undefined): boolean {
  return target instanceof Element && target.matches("input, select, textarea");
}

/** True for a press of a key that goes on to what is typed. */
export function isTyping(event: KeyboardEvent): boolean {
  return event.isComposing || isField(event.composedPath()[0]);
}

/** CSS pixels by which a wheel was turned downwards; some count in lines or in pages. */
export function turnedPx({ deltaY, deltaMode }: WheelEvent): number {
  return deltaY * (WHEEL_UNITS_PX[deltaMode] ?? 1);
}

/** Elements of several views need different names, and so do those of widgets that have a module of their own each. */
const own = Math.random().toString(36).slice(2, 8);
let count = 0;

/** A name that no other element of the page has. */
export function uniqueId(name: string): string {
  count += 1;
  return `dgw-${name}-${own}-${count}`;
}
