import { writeAtomically } from "../../base/files.ts";
import { isFields, isText, readStored } from "../../base/stored.ts";
import type { AlertRecord } from "./replay.ts";

const recordName = "alert-record.json";

/** `alert-record.json` of a data folder: how the alerts would have done, for the page. */
export interface StoredRecord {
  format: 1;
  inputs: string; // a hash of what it was computed from
  records: AlertRecord[];
}

/** The record as last computed; null without one, or with an unreadable one, which the next build writes anew. */
export function readAlertRecord(data: string): StoredRecord | null {
  return readStored<StoredRecord>(data, recordName, 1, (fields) => {
    const { inputs, records } = fields;
    if (!isText(inputs) || !Array.isArray(records)) return null;
    return records.every((one) => isFields(one) && isText(one.alert) && isText(one.subject))
      ? (fields as object as StoredRecord)
      : null;
  }).value;
}

export function writeAlertRecord(data: string, record: StoredRecord): void {
  writeAtomically(data, recordName, `${JSON.stringify(record)}\n`);
}
