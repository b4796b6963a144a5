/**
 * A host for the built module in a blank page: it plays the notebook and the kernel's end of the comm.
 *
 * `makeHost(address, traits)` loads the module; `window.host` then has the model and everything it was told.
 * `addressOf(source)` is an address of a module that is there as text.
 */

/** Counts what a module leaves behind: listeners outside its own elements, observers and timers. */
function watchLeftovers() {
  const left = { listeners: 0, observers: 0, timers: 0 };
  for (const target of [window, document]) {
    const add = target.addEventListener;
    target.addEventListener = (type, listener, options) => {
      left.listeners += 1;
      options?.signal?.addEventListener("abort", () => {
        left.listeners -= 1;
      });
      add.call(target, type, listener, options);
    };
  }
  for (const name of ["ResizeObserver", "IntersectionObserver", "MutationObserver"]) {
    const Observer = window[name];
    window[name] = class extends Observer {
      constructor(callback) {
        super(callback);
        left.observers += 1;
      }
      disconnect() {
        left.observers -= 1;
        super.disconnect();
      }
    };
  }
  const pending = new Set();
  const { setTimeout, clearTimeout } = window;
  window.setTimeout = (callback, delay) => {
    const timer = setTimeout(() => {
      pending.delete(timer);
      left.timers = pending.size;
      callback();
    }, delay);
    pending.add(timer);
    left.timers = pending.size;
    return timer;
  };
  window.clearTimeout = (timer) => {
    pending.delete(timer);
    left.timers = pending.size;
    clearTimeout(timer);
  };
  return left;
}

window.addressOf = (source) => URL.createObjectURL(new Blob([source], { type: "text/javascript" }));

window.makeHost = async (address, traits) => {
  const leftovers = watchLeftovers();
  const exported = (await import(address)).default;
  const hooks = typeof exported === "function" ? await exported() : exported;
  const values = structuredClone(traits);
  const listeners = new Map();
  const of = (name) => listeners.get(name) ?? [];
  const tell = (name, ...what) => {
    for (const listener of of(name)) listener(...what);
  };
  let dirty = {};
  const host = {
    leftovers,
    /** Custom messages to the kernel, oldest first. */
    sent: [],
    /** What each save_changes wrote, oldest first; bytes as arrays of numbers. */
    saved: [],
    /** The buffers of those that have some, as arrays of numbers. */
    buffers: [],
    /** Both of these in their order: `{message}` or `{state}`. */
    told: [],
    /** While true the comm throws, as after the kernel's end. */
    dead: false,
    /** The number of the newest question, and those of the newest writes, by the names of traits. */
    asked: 0,
    writes: {},
    /** Sends a custom message as the kernel does. */
    emit: (message, buffers = []) => tell("msg:custom", message, buffers),
    /** Answers the newest question as the kernel does. */
    here: () => {
      const lost = { lost_commands: [], lost_questions: [] };
      host.emit({
        k: "here",
        n: host.asked,
        state_rev: null,
        more: false,
        writes: host.writes,
        ...lost,
      });
    },
    /** Sets traits as the kernel does: all values first, then one event each. */
    update: (changes) => {
      Object.assign(values, changes);
      for (const name of Object.keys(changes)) tell(`change:${name}`);
    },
    /** Tells of the end of the kernel as Jupyter does. */
    lose: () => tell("comm_live_update"),
    get: (name) => values[name],
    listeners: () => [...listeners.values()].flat().length,
  };
  const plain = (value) =>
    value instanceof DataView
      ? [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]
      : structuredClone(value);
  const note = (state) => {
    for (const name of Object.keys(state)) host.writes[name] = state.page_write?.n;
  };
  const guard = () => {
    if (host.dead) throw new Error("Cannot send on a closed comm");
  };
  const model = {
    get: (name) => values[name],
    set: (name, value) => {
      values[name] = value;
      dirty[name] = plain(value);
      tell(`change:${name}`);
    },
    save_changes: () => {
      guard();
      host.saved.push(dirty);
      note(dirty);
      host.told.push({ state: dirty });
      dirty = {};
    },
    send: (message, _callbacks, buffers = []) => {
      guard();
      if (buffers.length > 0) host.buffers.push(buffers.map(plain));
      const files = buffers.map((buffer) =>
        plain(ArrayBuffer.isView(buffer) ? buffer : new DataView(buffer)),
      );
      if (message.k === "hello" || message.k === "poll") host.asked = message.n;
      if (message.k === "set")
        note(message.mask ? { ...message.state, mask: true } : message.state);
      host.sent.push({ ...structuredClone(message), ...(files.length > 0 ? { files } : {}) });
      host.told.push({ message: structuredClone(message), files });
    },
    on: (name, listener) => listeners.set(name, [...of(name), listener]),
    off: (name, listener) =>
      listeners.set(
        name,
        of(name).filter((other) => other !== listener),
      ),
  };
  host.end = await hooks.initialize?.({ model });
  /** Renders one more view, on the page or before it is there; its cleanup is kept beside its element. */
  host.view = async (style = "", detached = false) => {
    const el = document.createElement("div");
    el.style.cssText = style;
    if (!detached) document.body.append(el);
    const cleanup = await hooks.render({ model, el });
    if (detached) document.body.append(el);
    return Object.assign(el, { cleanup });
  };
  window.host = host;
};
