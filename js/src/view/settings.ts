/** The settings of the drag, folded away: each with what it means, what it may be, and why it may have no effect. */
import {
  choicesOf,
  isStandard,
  rangeInWords,
  readNumber,
  settingOf,
  standardSettings,
  unusedBecause,
} from "../core/settings";
import {
  type ChoiceSetting,
  type NumberSetting,
  SETTINGS,
  type Setting,
  type SettingValue,
  SOLVER,
} from "../core/settings_table";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { button, element, onPress, setAttribute, setEnabled, setText, uniqueId } from "./dom";
import { buildDrawer, type Drawer } from "./drawer";
import { buildGeneratorMenu } from "./generator_menu";

interface Field {
  readonly node: HTMLElement;
  readonly control: HTMLInputElement | HTMLSelectElement;
  readonly update: (state: State) => void;
}

/** What a control holds, and what is said against it. */
interface Entry {
  readonly control: HTMLInputElement | HTMLSelectElement;
  readonly show: (value: SettingValue, state: State) => void;
  readonly read: () => { readonly value: SettingValue } | { readonly error: string };
}

/**
 * Builds the settings.
 *
 * @param store takes the actions
 * @param signal ends the listeners
 */
export function buildSettings(store: ViewStore, signal: AbortSignal): Drawer {
  const standard = button("reset", "All settings as at first", { text: "Defaults" });
  const menu = buildGeneratorMenu(store, true, signal);
  const fields = SETTINGS.map((setting) => buildField(setting, store, signal));
  const of = (fine: boolean) =>
    fields.filter((_, index) => SETTINGS[index]?.fine === fine).map(({ node }) => node);
  const more = element(
    "details",
    { class: "dgw-more" },
    element("summary", {}, "More, for those who know the method"),
    ...of(true),
  );
  const foot = element(
    "p",
    { class: "dgw-meaning" },
    "Lengths are given for a picture of 512 px and scaled to yours. A change stops a drag that runs, and holds from the next one on.",
  );
  const reset = () => store.dispatch({ kind: "configure", settings: standardSettings() });
  onPress(standard, reset, signal);
  const drawer = buildDrawer(
    {
      name: "settings",
      title: "Settings",
      icon: "gear",
      label: "Settings: solver, mask and limits",
      key: ",",
      tools: [standard],
      body: [element("div", { class: "dgw-settings" }, ...of(false)), more, menu.node, foot],
      entry: () => fields[0]?.control ?? null,
    },
    store,
    signal,
  );
  const update = (state: State): void => {
    drawer.update(state);
    if (state.view.drawer !== "settings") return;
    menu.update(state);
    for (const field of fields) field.update(state);
    setEnabled(standard, !isStandard(state.shared));
  };
  return { ...drawer, update };
}

function buildField(setting: Setting, store: ViewStore, signal: AbortSignal): Field {
  const { name, label: text } = setting;
  const id = uniqueId(name);
  const entry = setting.kind === "choice" ? choiceEntry(setting) : numberEntry(setting);
  const { control } = entry;
  const unit = setting.kind === "number" ? setting.unit : "";
  const meaning = element("p", { class: "dgw-meaning", id: `${id}-meaning` });
  const complaint = element("p", { class: "dgw-complaint", id: `${id}-error`, role: "alert" });
  setAttribute(control, "id", id);
  setAttribute(control, "data-setting", name);
  setAttribute(control, "aria-describedby", `${id}-meaning ${id}-error`);
  const node = element(
    "div",
    { class: "dgw-setting" },
    element("label", { class: "dgw-label", for: id }, text),
    element("span", { class: "dgw-input" }, control, element("span", { class: "dgw-unit" }, unit)),
    meaning,
    complaint,
  );
  let wrong = "";
  let shown: SettingValue | undefined;

  control.addEventListener(
    "change",
    () => {
      const found = entry.read();
      wrong = "error" in found ? found.error : "";
      if ("value" in found && found.value !== settingOf(store.state.shared, setting)) {
        store.dispatch({ kind: "configure", settings: { [name]: found.value } });
      } else update(store.state);
    },
    { signal },
  );
  if (control instanceof HTMLInputElement) {
    control.addEventListener(
      "keydown",
      (event) => {
        // The field commits what was typed, and keeps the focus.
        if (event.key === "Enter") control.dispatchEvent(new Event("change"));
      },
      { signal },
    );
  }

  const update = (state: State): void => {
    const { shared } = state;
    const value = settingOf(shared, setting);
    const refused = shared.refusal?.fields.includes(name) ? shared.refusal.error : "";
    if (refused !== "") wrong = "";
    const said = wrong || refused;
    if (value !== shown) wrong = "";
    // What was refused stays to be put right, until something else holds.
    if (value !== shown || (said === "" && !control.matches(":focus"))) entry.show(value, state);
    shown = value;
    const reason = unusedBecause(name, settingOf(shared, SOLVER));
    const chosen =
      setting.kind === "choice" ? setting.choices.find((choice) => choice.value === value) : null;
    const words = [setting.meaning, chosen?.meaning ?? ""].filter((part) => part !== "").join(" ");
    control.disabled = reason !== null;
    setAttribute(node, "data-unused", reason !== null);
    setText(meaning, reason ?? words);
    setText(complaint, said);
    setAttribute(control, "aria-invalid", said === "" ? false : "true");
  };
  return { node, control, update };
}

function choiceEntry(setting: ChoiceSetting): Entry {
  const control = element("select", { class: "dgw-select" });
  const at = (value: SettingValue) =>
    String(setting.choices.findIndex((choice) => choice.value === value));
  let filled = -1;
  return {
    control,
    show: (value, { shared }) => {
      const { height } = shared.traits.imageSize;
      if (filled !== height) {
        filled = height;
        const options = choicesOf(setting, height).map(({ value: each, label, meaning }) =>
          element("option", { value: at(each), title: meaning }, label),
        );
        control.replaceChildren(...options);
      }
      control.value = at(value);
    },
    read: () => {
      const choice = setting.choices[Number(control.value)];
      return choice ? { value: choice.value } : { error: "Choose one." };
    },
  };
}

function numberEntry(setting: NumberSetting): Entry {
  const control = element("input", {
    type: "text",
    inputmode: setting.whole ? "numeric" : "decimal",
    class: "dgw-number",
    autocomplete: "off",
    placeholder: setting.optional ? "auto" : "",
    title: `${setting.label}: ${rangeInWords(setting)}`,
  });
  return {
    control,
    show: (value) => {
      control.value = value === null ? "" : String(value);
    },
    read: () => readNumber(setting, control.value),
  };
}
