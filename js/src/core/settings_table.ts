/** The settings of the drag as a table: what each means, what it may be, and which solver looks at it. */

/** A value of a setting; null leaves it to the solver. */
export type SettingValue = string | number | boolean | null;

/** One of several values. */
export interface Choice {
  readonly value: SettingValue;
  readonly label: string;
  /** What it means, in a sentence; empty where the setting's own meaning says it. */
  readonly meaning: string;
}

interface About {
  readonly name: string;
  readonly label: string;
  /** What it does, in plain words. */
  readonly meaning: string;
  readonly standard: SettingValue;
  /** Whether it is shown only to those who look for more. */
  readonly fine: boolean;
}

export interface ChoiceSetting extends About {
  readonly kind: "choice";
  readonly choices: readonly Choice[];
}

export interface NumberSetting extends About {
  readonly kind: "number";
  readonly unit: string;
  readonly least: number;
  readonly most: number | null;
  readonly whole: boolean;
  /** Whether the least value itself can be taken. */
  readonly leastIncluded: boolean;
  /** Whether it may be left empty, and so to the solver. */
  readonly optional: boolean;
}

export type Setting = ChoiceSetting | NumberSetting;

/** A radius is at most half of the picture of 512 px for which it is given. */
const LARGEST_RADIUS = 256;
const PX = "px";

export const SOLVER: ChoiceSetting = {
  kind: "choice",
  name: "solver",
  label: "Solver",
  meaning: "",
  standard: "kinematic",
  fine: false,
  choices: [
    {
      value: "kinematic",
      label: "Kinematic",
      meaning:
        "Measures how the picture moves with its latent and takes large, exact steps. The fastest, and the one for live pulls.",
    },
    {
      value: "whitened",
      label: "Whitened",
      meaning:
        "The published loop along the directions in which pictures really vary: many small steps, natural pictures.",
    },
    {
      value: "paper",
      label: "Paper",
      meaning: "The published method as its article tells it: many small steps in w.",
    },
    {
      value: "official",
      label: "Official",
      meaning: "As the authors' own program behaves: whole pixels, and half the pace.",
    },
  ],
};

const BLOCKS = [4, 8, 16, 32, 64, 128, 256, 512, 1024];

export const SETTINGS: readonly Setting[] = [
  SOLVER,
  {
    kind: "choice",
    name: "space",
    label: "Space",
    meaning: "",
    standard: "w+",
    fine: false,
    choices: [
      { value: "w+", label: "w+", meaning: "Every layer moves freely: reaches the most." },
      {
        value: "w",
        label: "w",
        meaning: "All layers move together: stays nearer to what was learned, reaches less.",
      },
      {
        value: "z",
        label: "z",
        meaning:
          "Moves what the picture was made from: always a picture of the generator. For pictures of seeds.",
      },
    ],
  },
  {
    kind: "number",
    name: "mask_weight",
    label: "Mask weight",
    meaning: "How firmly the part outside the mask is held; 0 does not hold it.",
    standard: 20,
    fine: false,
    unit: "",
    least: 0,
    most: 1e6,
    whole: false,
    leastIncluded: true,
    optional: false,
  },
  {
    kind: "number",
    name: "max_steps",
    label: "Most steps",
    meaning: "A drag that has not arrived by then ends.",
    standard: 300,
    fine: false,
    unit: "steps",
    least: 1,
    most: null,
    whole: true,
    leastIncluded: true,
    optional: false,
  },
  {
    kind: "number",
    name: "arrival_px",
    label: "Arrival",
    meaning: "A handle this near to its target has arrived. Empty: 1 px, 2 px with many points.",
    standard: null,
    fine: false,
    unit: PX,
    least: 0,
    most: null,
    whole: false,
    leastIncluded: false,
    optional: true,
  },
  {
    kind: "choice",
    name: "feature_block",
    label: "Feature block",
    meaning:
      "The layer by whose features points are found again: a large one is fine, a small one sees the whole.",
    standard: null,
    fine: true,
    choices: [
      { value: null, label: "By the solver", meaning: "" },
      ...BLOCKS.map((size) => ({ value: size, label: `${size} \u00d7 ${size}`, meaning: "" })),
    ],
  },
  {
    kind: "number",
    name: "trainable_rows",
    label: "Moving rows",
    meaning: "So many layers move, from the coarsest; the others keep the colours.",
    standard: 6,
    fine: true,
    unit: "rows",
    least: 1,
    most: null,
    whole: true,
    leastIncluded: true,
    optional: false,
  },
  {
    kind: "choice",
    name: "jacobian_refresh",
    label: "Measure anew",
    meaning: "Measures at every step how the picture moves: surer; otherwise once, and faster.",
    standard: true,
    fine: true,
    choices: [
      { value: true, label: "At every step", meaning: "" },
      { value: false, label: "Once", meaning: "" },
    ],
  },
  {
    kind: "number",
    name: "supervision_radius",
    label: "Pulled patch",
    meaning: "Radius of the patch around a handle that is pulled (r1).",
    standard: 3,
    fine: true,
    unit: PX,
    least: 0,
    most: LARGEST_RADIUS,
    whole: false,
    leastIncluded: false,
    optional: false,
  },
  {
    kind: "number",
    name: "tracking_radius",
    label: "Searched window",
    meaning: "How far around its last place a handle is looked for (r2).",
    standard: 12,
    fine: true,
    unit: PX,
    least: 0,
    most: LARGEST_RADIUS,
    whole: false,
    leastIncluded: false,
    optional: false,
  },
  {
    kind: "number",
    name: "learning_rate",
    label: "Step size",
    meaning: "How far a step moves the latent. Empty: the solver's own.",
    standard: null,
    fine: true,
    unit: "",
    least: 0,
    most: null,
    whole: false,
    leastIncluded: false,
    optional: true,
  },
  {
    kind: "choice",
    name: "subpixel_tracking",
    label: "Tracking",
    meaning: "Whether handles are found again between pixels or on whole ones.",
    standard: null,
    fine: true,
    choices: [
      { value: null, label: "By the solver", meaning: "" },
      { value: true, label: "Between pixels", meaning: "" },
      { value: false, label: "Whole pixels", meaning: "" },
    ],
  },
];

/** The settings that a solver does not look at. */
export const UNUSED: Readonly<Record<string, readonly string[]>> = {
  kinematic: ["supervision_radius", "tracking_radius", "learning_rate", "subpixel_tracking"],
  whitened: ["jacobian_refresh"],
  paper: ["jacobian_refresh"],
  official: ["jacobian_refresh"],
};
