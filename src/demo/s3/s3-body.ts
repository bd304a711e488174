import type { IncomingMessage } from "node:http";
import { crc32 } from "./crc32.ts";
import { S3Error } from "./s3-error.ts";
import { sha256 } from "./sigv4.ts";

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * The decoded body. The signature covers its hash, nothing, or the chunked encoding: chunks with their length in a line
 * before, and perhaps a checksum after the last.
 */
export function decodeBody(request: IncomingMessage, raw: Buffer, payload: string): Buffer {
  if (payload.startsWith("STREAMING-")) return dechunk(request, raw);
  if (payload !== "UNSIGNED-PAYLOAD" && sha256(raw) !== payload) {
    throw new S3Error(
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  return raw;
}

function dechunk(request: IncomingMessage, raw: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = raw.indexOf("\r\n", at);
    const length = lineEnd < 0 ? Number.NaN : Number.parseInt(raw.toString("latin1", at, lineEnd), 16);
    if (Number.isNaN(length) || lineEnd + 2 + length > raw.length) {
      throw new S3Error("IncompleteBody", "The request body terminated unexpectedly");
    }
    at = lineEnd + 2 + length + 2;
    if (length === 0) break;
    parts.push(raw.subarray(lineEnd + 2, lineEnd + 2 + length));
  }
  const body = Buffer.concat(parts);
  const trailer = /^x-amz-checksum-crc32:(\S+)/m.exec(raw.toString("latin1", at - 2));
  if (trailer && crc32(body) !== trailer[1]) {
    throw new S3Error("BadDigest", "The CRC32 you specified did not match the calculated checksum.");
  }
  const declared = request.headers["x-amz-decoded-content-length"];
  if (declared !== undefined && Number(declared) !== body.length) {
    throw new S3Error("IncompleteBody", "You did not provide the number of bytes specified by the header");
  }
  return body;
}
