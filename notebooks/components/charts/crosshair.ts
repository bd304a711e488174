/** The slot that the reader points at, and the one chosen, shared by the charts that show the same slots. null: none. */
export interface Crosshair {
  slot: number | null;
  picked: number | null;
  set(slot: number | null): void;
  /** Chooses a slot, or lets the chosen one go. */
  pick(slot: number | null): void;
  /** Calls `listener` with the slot pointed at on every change of either, until the element has left the page. */
  follow(element: Element, listener: (slot: number | null) => void): void;
}

/** With `picks`, a slot can be chosen; choosing it again lets it go. */
export function crosshair({ picks = false } = {}): Crosshair {
  const listeners = new Map<Element, (slot: number | null) => void>();
  const tell = (slot: number | null) => {
    for (const [element, listener] of listeners) {
      if (element.isConnected) listener(slot);
      else listeners.delete(element);
    }
  };
  return {
    slot: null,
    picked: null,
    set(slot) {
      if (slot === this.slot) return;
      this.slot = slot;
      tell(slot);
    },
    pick(slot) {
      if (!picks) return;
      this.picked = slot === this.picked ? null : slot;
      tell(this.slot);
    },
    follow(element, listener) {
      for (const known of listeners.keys()) if (!known.isConnected && known !== element) listeners.delete(known);
      listeners.set(element, listener);
    },
  };
}
