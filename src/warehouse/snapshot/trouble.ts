/** A failure in updating one feed: the feed keeps its former state, and other feeds are updated. */
export interface Trouble {
  feed: string;
  dt: string; // "": of no single day
  reason: string;
}
