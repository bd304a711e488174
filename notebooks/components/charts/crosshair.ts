/** The slot pointed at and the slot picked (null: none), shared by charts of the same slots. */
export interface Crosshair {
  slot: number | null;
  picked: number | null;
  set(slot: number | null): void;
  /** Whether a slot can be picked. */
  pickable: (slot: number) => boolean;
  /** Picks a slot if that is possible, or unpicks it. */
  pick(slot: number | null): void;
  /** Calls `listener` with the slot pointed at on every change of either, until the element leaves the page. */
  follow(element: Element, listener: (slot: number | null) => void): void;
}

/** With `picks`, slots can be picked; picking one again unpicks it. */
export function crosshair({ picks = false } = {}): Crosshair {
  const listeners = new Map<Element, (slot: number | null) => void>();
  const notify = (slot: number | null) => {
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
      notify(slot);
    },
    pickable: () => picks,
    pick(slot) {
      if (slot !== null && slot !== this.picked && !this.pickable(slot)) return;
      this.picked = slot === this.picked ? null : slot;
      notify(this.slot);
    },
    follow(element, listener) {
      for (const other of listeners.keys()) if (!other.isConnected && other !== element) listeners.delete(other);
      listeners.set(element, listener);
    },
  };
}
