/** What the front end needs of its surroundings: the host's model, and what the page lends. */
import type { Later } from "./alarms";
import type { Mask } from "./mask";
import type { Meter } from "./meter";
import type { FrameInfo, ToKernel } from "./protocol";

/** What every anywidget host offers. */
export interface AnyModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: ToKernel, callbacks?: undefined, buffers?: (ArrayBuffer | DataView)[]): unknown;
  on(event: string, callback: (...values: unknown[]) => void): void;
  off(event: string, callback: (...values: unknown[]) => void): void;
}

/** What the page lends: pictures, clocks and where it runs. */
export interface Ports {
  readonly encodeMask: (mask: Mask) => Promise<Uint8Array>;
  readonly decodeMask: (png: Uint8Array) => Promise<Mask>;
  readonly showFrame: (frame: FrameInfo, picture: Uint8Array) => void;
  /** Calls back once, before the next paint. */
  readonly beforePaint: (callback: () => void) => void;
  readonly later: Later;
  /** Told when a pointer asks for a picture, and by which number the kernel is then asked. */
  readonly meter?: Pick<Meter, "asked" | "pulled">;
  readonly dpr: number;
  readonly loopback: boolean;
  /** True on a saved copy of a page, behind which no kernel will ever be. */
  readonly saved?: boolean;
}
