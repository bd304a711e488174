import { createHash } from "node:crypto";
import * as zlib from "node:zlib";
import type { Checksum } from "../sources/source.ts";

export interface RunningChecksum {
  update(chunk: Buffer): RunningChecksum;
  digest(): string; // base64, as in the store's header
}

// zlib.crc32 exists since Node 20.15 and 22.2.
const nativeCrc32 = (zlib as { crc32?: (data: Buffer, value?: number) => number }).crc32;

/** Starts a checksum; null for an algorithm that needs plain JavaScript, unless `slow`. */
export function createChecksum(algorithm: Checksum["algorithm"], slow: boolean): RunningChecksum | null {
  switch (algorithm) {
    case "sha1":
    case "sha256": {
      const hash = createHash(algorithm);
      const sum: RunningChecksum = {
        update: (chunk) => {
          hash.update(chunk);
          return sum;
        },
        digest: () => hash.digest("base64"),
      };
      return sum;
    }
    case "crc32":
      if (nativeCrc32) return crc(nativeCrc32);
      return slow ? reflected(0xedb88320) : null;
    case "crc32c":
      return slow ? reflected(0x82f63b78) : null;
    case "crc64nvme":
      return slow ? crc64() : null;
  }
}

function crc(step: (data: Buffer, value?: number) => number): RunningChecksum {
  let value = 0;
  const sum: RunningChecksum = {
    update(chunk) {
      value = step(chunk, value);
      return sum;
    },
    digest() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value >>> 0);
      return bytes.toString("base64");
    },
  };
  return sum;
}

function reflected(polynomial: number): RunningChecksum {
  const table = new Uint32Array(256).map((_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? polynomial ^ (value >>> 1) : value >>> 1;
    return value >>> 0;
  });
  return crc((data, start = 0) => {
    let value = ~start;
    for (let i = 0; i < data.length; i++) value = table[(value ^ data[i]!) & 255]! ^ (value >>> 8);
    return ~value >>> 0;
  });
}

// 64 bits as two signed halves of 32 bits: BigInt is a hundred times slower.
function crc64(): RunningChecksum {
  const polynomial = { high: 0x9a6c9329 | 0, low: 0xac4bc9b5 | 0 };
  const highs = new Int32Array(256);
  const lows = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let high = 0;
    let low = byte;
    for (let bit = 0; bit < 8; bit++) {
      const odd = low & 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (odd) {
        high ^= polynomial.high;
        low ^= polynomial.low;
      }
    }
    highs[byte] = high;
    lows[byte] = low;
  }
  let high = -1;
  let low = -1;
  const sum: RunningChecksum = {
    update(chunk) {
      let [h, l] = [high, low];
      for (let i = 0; i < chunk.length; i++) {
        const index = (l ^ chunk[i]!) & 255;
        l = ((l >>> 8) | (h << 24)) ^ lows[index]!;
        h = (h >>> 8) ^ highs[index]!;
      }
      [high, low] = [h, l];
      return sum;
    },
    digest() {
      const bytes = Buffer.alloc(8);
      bytes.writeInt32BE(~high, 0);
      bytes.writeInt32BE(~low, 4);
      return bytes.toString("base64");
    },
  };
  return sum;
}
