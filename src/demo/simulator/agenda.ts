/** Things to do, earliest first; those of one instant in the order they were added. */
export interface Agenda {
  add(at: number, run: () => void): void;
  next(): { at: number; run: () => void } | undefined;
}

interface Entry {
  at: number;
  order: number;
  run: () => void;
}

export function agenda(): Agenda {
  const heap: Entry[] = [];
  let order = 0;
  return {
    add(at, run) {
      let i = heap.push({ at, order: order++, run }) - 1;
      while (i > 0) {
        const parent = (i - 1) >> 1;
        if (!before(heap[i]!, heap[parent]!)) break;
        swap(heap, i, parent);
        i = parent;
      }
    },
    next() {
      if (heap.length === 0) return undefined;
      swap(heap, 0, heap.length - 1);
      const first = heap.pop();
      for (let i = 0; ; ) {
        const left = 2 * i + 1;
        const right = left + 1;
        let least = i;
        if (left < heap.length && before(heap[left]!, heap[least]!)) least = left;
        if (right < heap.length && before(heap[right]!, heap[least]!)) least = right;
        if (least === i) return first;
        swap(heap, i, least);
        i = least;
      }
    },
  };
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function swap(heap: Entry[], i: number, j: number): void {
  [heap[i], heap[j]] = [heap[j]!, heap[i]!];
}
