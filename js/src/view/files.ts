/** Files on their way between the kernel, the page and a person: saved, copied, opened. */
import { type Ask, CANCELLED } from "../core/asks";
import { isText } from "../core/decode";
import { essenceOf } from "../core/essence";
import { type FileKind, fileName, uploadObstacle } from "../core/files";
import type { ViewStore } from "../core/store";
import { blobOf } from "./bitmap";
import { element } from "./dom";

/** What a person is told of work on a file. */
export interface Told {
  /** Work has begun; `cancel` is null where it is short. */
  readonly begins: (words: string, cancel: (() => void) | null) => void;
  /** So much is done, 0..1. */
  readonly progressed: (part: number) => void;
  /** It has ended well, and this is to be said for a moment; null says nothing. */
  readonly ends: (words: string | null) => void;
}

export class Files {
  readonly #store: ViewStore;
  readonly #ask: Ask;
  readonly #told: Told;

  /**
   * @param store gets the problems
   * @param ask asks the kernel
   * @param told tells a person
   */
  constructor(store: ViewStore, ask: Ask, told: Told) {
    this.#store = store;
    this.#ask = ask;
    this.#told = told;
  }

  /** Hands a file to the browser, which saves it. */
  async save(kind: FileKind, points: boolean): Promise<void> {
    await this.#try(`The ${kind.noun} was not saved`, async () => {
      const words = `Making the ${kind.noun}`;
      this.#told.begins(words, null);
      const { result, files } = await this.#ask("file", { format: kind.format, points }, [], {
        begun: (cancel) => this.#told.begins(words, kind.moves ? cancel : null),
        progressed: this.#told.progressed,
      });
      const [file] = files;
      const name = fileName(this.#store.state.shared.traits, result.ending);
      if (file) download(file, isText(result.mime) ? result.mime : "", name);
      this.#told.ends(`Saved ${name}`);
    });
  }

  /** Puts the picture into the clipboard. */
  async copy(points: boolean): Promise<void> {
    await this.#try("The picture was not copied", async () => {
      if (!navigator.clipboard || typeof ClipboardItem === "undefined") {
        throw new Error("this page may not use the clipboard; save it instead.");
      }
      const png = this.#ask("file", { format: "png", points }).then(({ files: [file] }) => {
        if (!file) throw new Error("the kernel has sent no picture.");
        return blobOf(file, "image/png");
      });
      // The promise, not its value: browsers ask for the copy in the moment of the press.
      await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
      this.#told.ends("Picture copied");
    });
  }

  /** Has the kernel open a file: picture, points and mask in it become the present ones. */
  async open(file: File): Promise<void> {
    await this.#try("The file was not opened", async () => {
      this.#told.begins(`Opening ${file.name}`, null);
      const bytes = essenceOf(new Uint8Array(await file.arrayBuffer()));
      const obstacle = uploadObstacle(file.name, bytes.length);
      if (obstacle) throw new Error(obstacle);
      await this.#ask("open", { name: file.name.slice(-200) }, [bytes]);
      this.#told.ends(`Opened ${file.name}; Undo goes back`);
    });
  }

  /** Does something with a file; what fails is shown, and what was cancelled is not. */
  async #try(failure: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#told.ends(null);
      const reason = error instanceof Error ? error.message : String(error);
      if (reason === CANCELLED) return;
      this.#store.dispatch({ kind: "problem", message: `${failure}: ${reason}` });
    }
  }
}

function download(file: Uint8Array, mime: string, name: string): void {
  const url = URL.createObjectURL(blobOf(file, mime));
  element("a", { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
