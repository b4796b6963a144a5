/** What holds of the settings of the drag, and what a person enters for them. */
import { isNumber, isRecord, isText } from "./decode";
import type { Args } from "./protocol";
import {
  type Choice,
  type ChoiceSetting,
  type NumberSetting,
  SETTINGS,
  type Setting,
  type SettingValue,
  SOLVER,
  UNUSED,
} from "./settings_table";
import type { Refusal, Shared } from "./types";

/** Why a setting has no effect at present; null where it has one. */
export function unusedBecause(name: string, solver: SettingValue): string | null {
  const chosen = SOLVER.choices.find((choice) => choice.value === solver);
  if (!chosen || !UNUSED[String(solver)]?.includes(name)) return null;
  if (name === "jacobian_refresh") return "Only the solver Kinematic measures this.";
  return `Not used by the solver ${chosen.label}, which has its own.`;
}

/** The value of a setting: the newest that was entered, or the kernel's. */
export function settingOf(shared: Shared, { name, standard }: Setting): SettingValue {
  const sent = shared.commands
    .filter((command) => command.name === "configure")
    .map((command) => command.args.settings)
    .filter((settings): settings is Args => isRecord(settings) && name in settings);
  const value = (sent.at(-1) ?? shared.traits.config)[name];
  return isValue(value) ? value : standard;
}

/** The values of all settings with which a session begins. */
export function standardSettings(): Args {
  return Object.fromEntries(SETTINGS.map(({ name, standard }) => [name, standard]));
}

/** True where every setting has its first value. */
export function isStandard(shared: Shared): boolean {
  return SETTINGS.every((setting) => settingOf(shared, setting) === setting.standard);
}

/** The choices of a setting that there can be for pictures of a height. */
export function choicesOf(setting: ChoiceSetting, heightPx: number): readonly Choice[] {
  if (setting.name !== "feature_block") return setting.choices;
  return setting.choices.filter(({ value }) => !isNumber(value) || value <= heightPx);
}

/** What was entered for a number: its value, or what is wrong with it. */
export function readNumber(
  setting: NumberSetting,
  text: string,
): { readonly value: number | null } | { readonly error: string } {
  const trimmed = text.trim();
  const error = `Enter ${rangeInWords(setting)}.`;
  if (trimmed === "") return setting.optional ? { value: null } : { error };
  const value = Number(trimmed.replace(",", "."));
  const { least, most, whole, leastIncluded } = setting;
  const low = leastIncluded ? value >= least : value > least;
  const fits = Number.isFinite(value) && low && (most === null || value <= most);
  return fits && (!whole || Number.isSafeInteger(value)) ? { value } : { error };
}

/** The numbers that can be entered: "a whole number from 1". */
export function rangeInWords({
  least,
  most,
  whole,
  leastIncluded,
  optional,
}: NumberSetting): string {
  const from = leastIncluded ? `from ${least}` : `above ${least}`;
  const to = most === null ? "" : leastIncluded ? ` to ${most}` : `, up to ${most}`;
  return `a ${whole ? "whole " : ""}number ${from}${to}${optional ? ", or nothing" : ""}`;
}

/** What the kernel's answer to changed settings says against them; null where it says nothing. */
export function refusalOf(args: Args, error: string): Refusal | null {
  if (error === "") return null;
  return { fields: isRecord(args.settings) ? Object.keys(args.settings) : [], error };
}

function isValue(value: unknown): value is SettingValue {
  return value === null || isText(value) || isNumber(value) || typeof value === "boolean";
}
