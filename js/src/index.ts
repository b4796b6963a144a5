/** The module that anywidget loads: one store and one comm per model, and as many views as there are. */
import { Meter } from "./core/meter";
import type { AnyModel, Ports } from "./core/ports";
import { SharedStore } from "./core/store";
import { Sync } from "./sync";
import { beforePaint, FrameStream } from "./view/frame";
import { decodeMask, encodeMask } from "./view/mask_png";
import { mountView } from "./view/view";

/** Pages that share a kernel count their commands from far apart. */
const FIRST_RIDS = 2 ** 31;

type Cleanup = () => void;

/** Everything that the views of one model share. */
class Widget {
  readonly #store = new SharedStore(1 + Math.floor(Math.random() * FIRST_RIDS));
  readonly #meter = new Meter(() => performance.now());
  readonly #frames: FrameStream;
  readonly #sync: Sync;

  constructor(model: AnyModel) {
    this.#frames = new FrameStream(
      (frame) => {
        this.#meter.shown(frame);
        this.#store.dispatch({ kind: "frame", frame, atMs: performance.now() });
      },
      (frame, shown) => this.#sync.acknowledge(frame.seq, shown),
    );
    const ports: Ports = {
      encodeMask,
      decodeMask,
      showFrame: (frame, picture) => this.#frames.push(frame, picture),
      beforePaint,
      later: (delayMs, callback) => {
        const timer = window.setTimeout(callback, delayMs);
        return () => window.clearTimeout(timer);
      },
      meter: this.#meter,
      dpr: window.devicePixelRatio || 1,
      loopback: isLoopback(window.location.hostname),
      saved: isSaved(),
    };
    this.#sync = new Sync(model, this.#store, ports);
  }

  mount(parent: HTMLElement): Cleanup {
    const view = {};
    this.#sync.hello(view, !document.hidden);
    const { ask } = this.#sync;
    const unmount = mountView(parent, this.#store, this.#frames, this.#meter, ask, (visible) =>
      this.#sync.setVisible(view, visible),
    );
    return () => {
      unmount();
      this.#sync.setVisible(view, null);
    };
  }

  close(): void {
    this.#sync.close();
    this.#frames.close();
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Whether marimo has written the page into a file. */
function isSaved(): boolean {
  return "__MARIMO_STATIC__" in window;
}

/** Makes the two hooks of one model; each gives back what ends it. */
export default function widget(): {
  initialize: (context: { model: AnyModel }) => Cleanup;
  render: (context: { model: AnyModel; el: HTMLElement }) => Cleanup;
} {
  let current: Widget | null = null;
  return {
    initialize({ model }) {
      const made = new Widget(model);
      current = made;
      return () => {
        made.close();
        if (current === made) current = null;
      };
    },
    render({ model, el }) {
      if (current) return current.mount(el);
      // A host that does not initialize still gets its widget, one for each view.
      const alone = new Widget(model);
      const unmount = alone.mount(el);
      return () => {
        unmount();
        alone.close();
      };
    },
  };
}
