/** Files that a person keeps: the kernel makes them, the browser saves them. */
import type { Ask } from "../core/asks";
import { isText } from "../core/decode";
import type { ViewStore } from "../core/store";
import { element } from "./dom";

/** Hands the picture to the browser as a PNG file. */
export async function savePicture(store: ViewStore, ask: Ask): Promise<void> {
  try {
    const { result, files } = await ask("file", { format: "png" });
    const [file] = files;
    if (file) download(file, isText(result.mime) ? result.mime : "", `${nameOf(store)}.png`);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    store.dispatch({ kind: "problem", message: `The picture was not saved: ${message}` });
  }
}

/** What files of the picture are called, without an ending. */
function nameOf(store: ViewStore): string {
  const { generatorName, seed } = store.state.shared.traits;
  return `${generatorName.replace(/[^\w-]+/g, "_") || "picture"}-${seed}`;
}

function download(file: Uint8Array, mime: string, name: string): void {
  const url = URL.createObjectURL(new Blob([new Uint8Array(file)], { type: mime }));
  element("a", { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
