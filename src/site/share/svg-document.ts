/**
 * The part of a browser's document that the charts of notebooks/components need to draw: elements with attributes, children
 * and text. There are no events.
 */
class PlainNode {
  readonly nodeType: number = 3;
  parentElement: PlainElement | null = null;
  textContent: string;
  constructor(text = "") {
    this.textContent = text;
  }
  remove(): void {
    const siblings = this.parentElement?.childNodes;
    siblings?.splice(siblings.indexOf(this), 1);
    this.parentElement = null;
  }
}

class PlainElement extends PlainNode {
  override readonly nodeType = 1;
  readonly childNodes: PlainNode[] = [];
  readonly style: Record<string, string> = {};
  readonly isConnected = false;
  readonly localName: string;
  private readonly values = new Map<string, string>();

  constructor(name: string) {
    super();
    this.localName = name;
  }
  get attributes(): { name: string; value: string }[] {
    return [...this.values].map(([name, value]) => ({ name, value }));
  }
  get children(): PlainElement[] {
    return this.childNodes.filter((node): node is PlainElement => node instanceof PlainElement);
  }
  getAttribute(name: string): string | null {
    return this.values.get(name) ?? null;
  }
  setAttribute(name: string, value: string): void {
    this.values.set(name, String(value));
  }
  removeAttribute(name: string): void {
    this.values.delete(name);
  }
  append(...nodes: (PlainNode | string)[]): void {
    for (const node of nodes) {
      const child = node instanceof PlainNode ? node : new PlainNode(node);
      child.remove();
      child.parentElement = this;
      this.childNodes.push(child);
    }
  }
  addEventListener(): void {}
}

class PlainSvg extends PlainElement {}

/** Runs `draw` with a document and removes it afterwards. `draw` must be synchronous. */
export function withDocument<T>(draw: () => T): T {
  const create = (name: string) => (name === "svg" ? new PlainSvg(name) : new PlainElement(name));
  const added = {
    document: {
      createElement: create,
      createElementNS: (_: string, name: string) => create(name),
      addEventListener: () => {},
    },
    Node: PlainNode,
    SVGSVGElement: PlainSvg,
  };
  const place = globalThis as unknown as Record<string, unknown>;
  const former = Object.keys(added).map((name) => [name, place[name]] as const);
  Object.assign(place, added);
  try {
    return draw();
  } finally {
    for (const [name, value] of former) {
      if (value === undefined) delete place[name];
      else place[name] = value;
    }
  }
}
