/** A note over the picture that tells of work on files: what is made, how much is done, how to give it up. */
import { button, element, icon, setAttribute, setIcon, setText } from "./dom";
import type { Told } from "./files";

/** How long the note says that it is done. */
const DONE_MS = 3200;

/** What is done sooner than this is not told of. */
const PATIENCE_MS = 250;

/**
 * Builds the note.
 *
 * @param signal ends the listeners
 */
export function buildJob(signal: AbortSignal): { node: HTMLElement; told: Told } {
  const words = element("span", { class: "dgw-job-words" });
  const fill = element("span", { class: "dgw-job-fill" });
  const bar = element("span", { class: "dgw-job-bar", "aria-hidden": "true" }, fill);
  const cancel = button("close", "Cancel");
  const live = element("span", { class: "dgw-job-live", role: "status" }, words);
  const node = element("div", { class: "dgw-job", hidden: true }, icon("save"), live, bar, cancel);
  let timer = 0;
  let act: (() => void) | null = null;
  const later = (delayMs: number, then: () => void): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(then, delayMs);
  };
  const show = (): void => {
    node.hidden = false;
  };
  const hide = (): void => {
    window.clearTimeout(timer);
    node.hidden = true;
  };
  cancel.addEventListener("click", () => act?.(), { signal });
  signal.addEventListener("abort", hide, { once: true });

  const told: Told = {
    begins: (text, cancelling) => {
      act = cancelling;
      setText(words, text);
      setAttribute(node, "data-state", "working");
      setIcon(node, "save");
      bar.hidden = cancel.hidden = cancelling === null;
      fill.style.transform = "scaleX(0)";
      if (node.hidden) later(PATIENCE_MS, show);
      else window.clearTimeout(timer);
    },
    progressed: (part) => {
      fill.style.transform = `scaleX(${part.toFixed(4)})`;
    },
    ends: (text) => {
      act = null;
      if (text === null) {
        hide();
        return;
      }
      setText(words, text);
      setAttribute(node, "data-state", "done");
      setIcon(node, "check");
      bar.hidden = cancel.hidden = true;
      show();
      later(DONE_MS, hide);
    },
  };
  return { node, told };
}
