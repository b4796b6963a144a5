/** Bundles the front end into the package: one ES module and one style sheet, no other file, no request at run time. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outdir = join(root, "draggan_widget", "static");

await mkdir(outdir, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: [
    { in: "js/src/index.ts", out: "widget" },
    { in: "js/src/widget.css", out: "widget" },
  ],
  outdir,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  // A page with RequireJS (nbconvert, the classic notebook) must not take the module for an AMD one.
  define: { "define.amd": "false" },
  legalComments: "none",
  logLevel: "info",
});
