import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CliError } from "../base/errors.ts";
import { faultOf } from "../base/faults.ts";
import { plural } from "../base/words.ts";
import { parseConfig } from "../config/config.ts";
import { newKit } from "../config/kit-text.ts";
import { ownSetting, profileNames, withProfile } from "./aws-profile.ts";
import {
  awsConfigFile,
  credentialsFile,
  isOpenToOthers,
  readBytes,
  readText,
  replaceBytes,
} from "./files.ts";
import { type AccessKey, masked, regionOf } from "./handover.ts";
import { fillKit, type KitChange } from "./kit-file.ts";

export interface ProfilePlan {
  file: string;
  name: string;
  action: "add" | "replace" | "keep";
  others: number; // profiles that stay as they are
  isNew: boolean;
}

export interface KitPlan {
  file: string;
  before: string | null; // null: no such file yet
  text: string;
  changes: KitChange[];
}

/**
 * What an import will do to the shared credentials file. Throws CliError("usage") when the profile exists with another
 * key and is not to be replaced, or when ~/.aws/config gives it credentials that would come before the key.
 */
export function planProfile(name: string, key: AccessKey, replace: boolean): ProfilePlan {
  const file = credentialsFile();
  const awsConfig = awsConfigFile();
  const before = reading(file, readBytes);
  if (before?.includes("\0"))
    throw new CliError("notWritable", `no plain text: ${file}`, "the AWS tools read it as UTF-8: save it so");
  const own = ownSetting(reading(awsConfig, readBytes) ?? "", name);
  if (own !== null)
    throw new CliError(
      "usage",
      `profile ${name} of ${awsConfig} has credentials of its own (${own})`,
      "choose another name with --profile NAME",
    );
  const names = profileNames(before ?? "");
  const exists = names.includes(name);
  const same = before !== null && edited(before, name, key) === before;
  if (exists && !same && !replace)
    throw new CliError(
      "usage",
      `profile ${name} exists already in ${file}`,
      "add --replace to put the new key there, or choose another name with --profile NAME",
    );
  const action = same && !isOpenToOthers(file) ? "keep" : exists ? "replace" : "add";
  return { file, name, action, others: names.length - (exists ? 1 : 0), isNew: before === null };
}

/** What an import will do to kit.yaml. Throws CliError("config") when it is unfit, or would be afterwards. */
export function planKit(file: string, key: AccessKey, name: string): KitPlan {
  if (!existsSync(dirname(resolve(file))))
    throw new CliError("notWritable", `no such folder: ${dirname(resolve(file))}`, "make it first");
  const before = readKit(file);
  const start = before ?? newKit;
  const region = regionOf(key.bucket);
  const values = {
    bucket: key.bucket,
    prefix: key.prefix === "" ? null : key.prefix,
    ...(region !== null && { region }),
    profile: name,
  };
  const { text, changes } = fillKit(start, values, file);
  parseConfig(text, file, dirname(resolve(file)));
  return { file, before, text, changes };
}

/** The plan in words: the id down to its last four characters, the secret not at all. */
export function planText(key: AccessKey, shared: ProfilePlan, kit: KitPlan): string {
  const where = `bucket ${key.bucket}${key.prefix === "" ? "" : `, sub-folder ${key.prefix}`}`;
  const what = {
    add: `adds profile ${shared.name}`,
    replace: `replaces the key of profile ${shared.name}`,
    keep: `has profile ${shared.name} already`,
  }[shared.action];
  const lines = [
    `key ${masked(key.id)} for ${where}`,
    `${shared.file}${shared.isNew ? " (new)" : ""}`,
    `  ${what}, its secret not shown here; only you may read the file (0600)`,
    ...(shared.others > 0 ? [`  ${plural(shared.others, "other profile")}: untouched`] : []),
    `${kit.file}${kit.before === null ? " (new)" : ""}`,
    ...kit.changes.map(({ option, from, to }) => {
      const was = from === null ? "" : ` (was ${from})`;
      return to === null ? `  without ${option}${was}` : `  ${option}: ${to}${was}`;
    }),
  ];
  if (kit.changes.length === 0) lines.push("  says so already");
  return lines.join("\n");
}

/** The plan for a machine. */
export function planReport(key: AccessKey, shared: ProfilePlan, kit: KitPlan): object {
  const { bucket, prefix } = key;
  const { file, name, action, others } = shared;
  return {
    id: masked(key.id),
    bucket,
    prefix,
    region: regionOf(bucket),
    profile: name,
    credentials: { file, action, others },
    kit: { file: resolve(kit.file), changes: kit.changes },
  };
}

/** Writes what is planned: the profile first, since kit.yaml names it. */
export function writePlans(shared: ProfilePlan, kit: KitPlan, key: AccessKey): void {
  refuseChanged(kit);
  if (shared.action !== "keep") {
    const before = reading(shared.file, readBytes) ?? "";
    if (shared.action === "add" && profileNames(before).includes(shared.name))
      throw new CliError(
        "usage",
        `profile ${shared.name} has come into ${shared.file} meanwhile`,
        "nothing was written; run again",
      );
    const bytes = Buffer.from(edited(before, shared.name, key), "latin1");
    writing(shared.file, "nothing was written", () => replaceBytes(shared.file, bytes, 0o600));
  }
  if (kit.changes.length > 0) {
    const left = shared.action === "keep" ? "nothing was written" : `profile ${shared.name} was written`;
    writeKit(kit, left);
  }
}

/** The text of kit.yaml; null when there is none. Throws CliError("notWritable") when it cannot be read. */
export function readKit(file: string): string | null {
  return reading(file, readText);
}

/** Throws CliError("usage") when kit.yaml is not what was planned from: the question may have stood for an hour. */
export function refuseChanged({ file, before }: Pick<KitPlan, "file" | "before">): void {
  if (readKit(file) !== before)
    throw new CliError("usage", `${file} was changed meanwhile`, "nothing was written; run again");
}

/** Writes kit.yaml. Throws CliError("notWritable" or "diskFull") that says what was written `soFar`. */
export function writeKit({ file, text }: Pick<KitPlan, "file" | "text">, soFar: string): void {
  writing(file, soFar, () => replaceBytes(file, Buffer.from(text)));
}

function edited(text: string, name: string, key: AccessKey): string {
  return withProfile(text, name, key.id, key.secret());
}

function reading<T>(file: string, read: (file: string) => T): T {
  try {
    return read(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CliError("notWritable", `cannot read ${file} (${code})`, "nothing was written", {
      cause: error,
    });
  }
}

function writing(file: string, soFar: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CliError(
      faultOf(error) === "full" ? "diskFull" : "notWritable",
      `cannot write ${file} (${code}); ${soFar}`,
      "make room or permission there and run again",
      {
        cause: error,
      },
    );
  }
}
