/** Whether the host says that the widget has lost its kernel: Jupyter marks such a view by a class. */

const DISCONNECTED = ".jupyter-widgets-disconnected";

/**
 * Keeps a callback told, at once and after each change.
 *
 * @param parent the element that the host gave for the view
 * @param callback is told whether the kernel is there
 * @param signal ends it
 */
export function watchConnection(
  parent: Element,
  callback: (connected: boolean) => void,
  signal: AbortSignal,
): void {
  const tell = () => callback(parent.closest(DISCONNECTED) === null);
  const observer = new MutationObserver(tell);
  const options = { attributes: true, attributeFilter: ["class"] };
  observer.observe(parent, options);
  // Hosts may wrap the element that they mark.
  if (parent.parentElement) observer.observe(parent.parentElement, options);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  tell();
}
