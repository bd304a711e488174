/**
 * A drawing as text that is light to compare: one element a line, numbers rounded to a tenth, and only what it shows. The
 * same drawing is the same text whatever was drawn before it.
 */
export function chartText(root: Element): string {
  return `${lines(root, "").join("\n")}\n`;
}

function lines(element: Element, indent: string): string[] {
  const attributes = [...element.attributes]
    .filter(({ value }) => value !== "")
    .map(({ name, value }) => ` ${name}="${escaped(rounded(name, value))}"`);
  const start = `${indent}<${element.localName}${attributes.join("")}`;
  const children = [...element.childNodes];
  if (children.length === 0) return [`${start}/>`];
  const end = `</${element.localName}>`;
  if (children.every(({ nodeType }) => nodeType !== 1))
    return [`${start}>${escaped(children.map((child) => child.textContent).join(""))}${end}`];
  const inner = children.flatMap((child) =>
    child.nodeType === 1 ? lines(child as Element, `${indent}  `) : [`${indent}  ${escaped(child.textContent ?? "")}`],
  );
  return [`${start}>`, ...inner, `${indent}${end}`];
}

const lengths = /^(x|y|x1|x2|y1|y2|cx|cy|r|rx|d|dy|width|height|points|transform|viewBox)$/;

// What is less than a tenth of a pixel nobody sees.
function rounded(name: string, value: string): string {
  if (!lengths.test(name)) return value;
  return value.replace(/-?\d+\.\d\d+(?:e-?\d+)?/g, (number) => String(Number(Number(number).toFixed(1)) + 0));
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
