/** Files that are dragged from elsewhere and dropped on the widget. */
import { element, icon } from "./dom";

/** Pages hear of a drag that is over them several times a second; of one that has left them, not always. */
const GONE_MS = 600;

/**
 * Takes files that are dropped, and says while one is held over the widget what will happen.
 *
 * @param root where files may be dropped
 * @param stage where it is said
 * @param take is given the file
 * @param signal ends it
 */
export function acceptDrops(
  root: HTMLElement,
  stage: HTMLElement,
  take: (file: File) => void,
  signal: AbortSignal,
): void {
  const words = element(
    "span",
    {},
    "Drop a photo to look for it, or what was saved here to open it",
  );
  const note = element("div", { class: "dgw-drop", hidden: true }, icon("open"), words);
  stage.append(note);
  let timer = 0;
  const hide = (): void => {
    window.clearTimeout(timer);
    note.hidden = true;
  };
  const over = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    event.dataTransfer.dropEffect = "copy";
    note.hidden = false;
    window.clearTimeout(timer);
    timer = window.setTimeout(hide, GONE_MS);
  };
  const drop = (event: DragEvent): void => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    hide();
    take(file);
  };
  root.addEventListener("dragenter", over, { signal });
  root.addEventListener("dragover", over, { signal });
  root.addEventListener("drop", drop, { signal });
  signal.addEventListener("abort", hide, { once: true });
}
