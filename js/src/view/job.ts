/** A note over the picture that tells of work on files: what is made, how much is done, how to give it up. */
import { button, element, icon, setAttribute, setIcon, setLabel, setText } from "./dom";
import type { Told } from "./files";

/** How long the note says that it is done, and how well; what warns stays. */
const DONE_MS = 3200;
const FOUND_MS = 9000;

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
  const more = element("span", { class: "dgw-job-more" });
  const live = element("span", { class: "dgw-job-live", role: "status" }, words, more);
  const node = element("div", { class: "dgw-job", hidden: true }, icon("save"), live, bar, cancel);
  let timer = 0;
  let act: (() => void) | null = null;
  const later = (delayMs: number, then: () => void): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(then, delayMs);
  };
  const say = (text: string, state: string, further = ""): void => {
    setText(words, text);
    setText(more, further);
    setAttribute(node, "data-state", state);
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
      say(text, "working");
      setLabel(cancel, "Cancel");
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
      say(text, "done");
      setIcon(node, "check");
      bar.hidden = cancel.hidden = true;
      show();
      later(DONE_MS, hide);
    },
    found: ({ words: text, hint, warning }) => {
      act = hide;
      say(text, warning === "" ? "found" : "warns", warning === "" ? hint : warning);
      setIcon(node, warning === "" ? "check" : "warning");
      setLabel(cancel, "Dismiss");
      bar.hidden = true;
      cancel.hidden = false;
      show();
      if (warning === "") later(FOUND_MS, hide);
      else window.clearTimeout(timer);
    },
  };
  return { node, told };
}
