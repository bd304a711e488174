/** The slot that the reader points at, shared by the charts that show the same slots. null: none. */
export interface Crosshair {
  slot: number | null;
  set(slot: number | null): void;
  /** Calls `listener` on every change, until the element has left the page. */
  follow(element: Element, listener: (slot: number | null) => void): void;
}

export function crosshair(): Crosshair {
  const listeners = new Map<Element, (slot: number | null) => void>();
  return {
    slot: null,
    set(slot) {
      if (slot === this.slot) return;
      this.slot = slot;
      for (const [element, listener] of listeners) {
        if (element.isConnected) listener(slot);
        else listeners.delete(element);
      }
    },
    follow(element, listener) {
      for (const known of listeners.keys())
        if (!known.isConnected && known !== element) listeners.delete(known);
      listeners.set(element, listener);
    },
  };
}
