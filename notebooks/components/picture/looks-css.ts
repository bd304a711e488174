import { aliases, colours, declarations, looks, textSize } from "./looks.js";

/** The style sheet of charts, notebooks/looks.css. */
export function looksCss(): string {
  const variables = Object.entries(colours).map(
    ([name, [light, dark]]) => `  --${name}: light-dark(${light}, ${dark});\n`,
  );
  const others = Object.entries(aliases).map(([name, colour]) => `  --${name}: var(--${colour});\n`);
  const rules = Object.entries(looks).map(([name, look]) => {
    const lines = declarations(look).map(([property, value]) => `  ${property}: ${value};\n`);
    return `.panel ${name === "text" ? name : `.${name}`} {\n${lines.join("")}}\n`;
  });
  return [
    "/* Generated from components/picture/looks.ts by `npm run renew`: colours and the marks of charts. */\n",
    `:root {\n${variables.join("")}\n${others.join("")}}\n`,
    `.panel {\n  font: ${textSize}px var(--sans-serif);\n}\n`,
    ...rules,
  ].join("");
}
