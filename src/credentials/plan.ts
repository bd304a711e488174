import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CliError } from "../base/errors.ts";
import { faultOf } from "../base/faults.ts";
import { plural } from "../base/words.ts";
import { parseConfig } from "../config/config.ts";
import { newConfigText } from "../config/config-text.ts";
import { credentialSetting, profileNames, withProfile } from "./aws-profile.ts";
import { type ConfigChange, setTopOptions } from "./config-file.ts";
import { awsConfigFile, credentialsFile, isOpenToOthers, readBytes, readText, replaceBytes } from "./files.ts";
import { type AccessKey, masked, regionOf } from "./handover.ts";

export interface ProfilePlan {
  file: string;
  name: string;
  action: "add" | "replace" | "keep";
  others: number; // profiles left unchanged
  isNew: boolean;
}

export interface ConfigPlan {
  file: string;
  before: string | null; // null: no file yet
  text: string;
  changes: ConfigChange[];
}

/**
 * Plans the change of the shared credentials file. Throws CliError("usage") when the profile has another key and `replace`
 * is false, or when ~/.aws/config gives it credentials that would take precedence.
 */
export function planProfile(name: string, key: AccessKey, replace: boolean): ProfilePlan {
  const file = credentialsFile();
  const awsConfig = awsConfigFile();
  const before = readOrFail(file, readBytes);
  if (before?.includes("\0"))
    throw new CliError(
      "notWritable",
      `not plain text: ${file}`,
      "save it as UTF-8, the encoding that the AWS tools read",
    );
  const setting = credentialSetting(readOrFail(awsConfig, readBytes) ?? "", name);
  if (setting !== null)
    throw new CliError(
      "usage",
      `profile ${name} has credentials in ${awsConfig} (${setting})`,
      "choose another name with --profile NAME",
    );
  const names = profileNames(before ?? "");
  const exists = names.includes(name);
  const same = before !== null && withKey(before, name, key) === before;
  if (exists && !same && !replace)
    throw new CliError(
      "usage",
      `profile ${name} already exists in ${file}`,
      "add --replace to put the new key there, or choose another name with --profile NAME",
    );
  const action = same && !isOpenToOthers(file) ? "keep" : exists ? "replace" : "add";
  return { file, name, action, others: names.length - (exists ? 1 : 0), isNew: before === null };
}

/** Plans the change of kit.yaml. Throws CliError("config") when the file is invalid before or after it. */
export function planConfig(file: string, key: AccessKey, name: string): ConfigPlan {
  if (!existsSync(dirname(resolve(file))))
    throw new CliError("notWritable", `no such folder: ${dirname(resolve(file))}`, "make it first");
  const before = readConfigFile(file);
  const start = before ?? newConfigText;
  const region = regionOf(key.bucket);
  const values = {
    bucket: key.bucket,
    prefix: key.prefix === "" ? null : key.prefix,
    ...(region !== null && { region }),
    profile: name,
  };
  const { text, changes } = setTopOptions(start, values, file);
  parseConfig(text, file, dirname(resolve(file)));
  return { file, before, text, changes };
}

/** The plan as text: the id as its last four characters, the secret not at all. */
export function planText(key: AccessKey, profile: ProfilePlan, kit: ConfigPlan): string {
  const where = `bucket ${key.bucket}${key.prefix === "" ? "" : `, sub-folder ${key.prefix}`}`;
  const what = {
    add: `adds profile ${profile.name}`,
    replace: `replaces the key of profile ${profile.name}`,
    keep: `has profile ${profile.name} already`,
  }[profile.action];
  const lines = [
    `key ${masked(key.id)} for ${where}`,
    `${profile.file}${profile.isNew ? " (new)" : ""}`,
    `  ${what}, its secret not shown here; only you may read the file (0600)`,
    ...(profile.others > 0 ? [`  ${plural(profile.others, "other profile")}: untouched`] : []),
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
export function planReport(key: AccessKey, profile: ProfilePlan, kit: ConfigPlan): object {
  const { bucket, prefix } = key;
  const { file, name, action, others } = profile;
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

/** Writes the planned changes: the profile first, because kit.yaml names it. */
export function writePlans(profile: ProfilePlan, kit: ConfigPlan, key: AccessKey): void {
  refuseChanged(kit);
  if (profile.action !== "keep") {
    const before = readOrFail(profile.file, readBytes) ?? "";
    if (profile.action === "add" && profileNames(before).includes(profile.name))
      throw new CliError(
        "usage",
        `profile ${profile.name} was added to ${profile.file} meanwhile`,
        "nothing was written; run again",
      );
    const bytes = Buffer.from(withKey(before, profile.name, key), "latin1");
    writeOrFail(profile.file, "nothing was written", () => replaceBytes(profile.file, bytes, 0o600));
  }
  if (kit.changes.length > 0) {
    const written = profile.action === "keep" ? "nothing was written" : `profile ${profile.name} was written`;
    writeConfigFile(kit, written);
  }
}

/** The text of kit.yaml; null without the file. Throws CliError("notWritable") when it cannot be read. */
export function readConfigFile(file: string): string | null {
  return readOrFail(file, readText);
}

/** Throws CliError("usage") when kit.yaml has changed since the plan: the question may have waited for an hour. */
export function refuseChanged({ file, before }: Pick<ConfigPlan, "file" | "before">): void {
  if (readConfigFile(file) !== before)
    throw new CliError("usage", `${file} was changed meanwhile`, "nothing was written; run again");
}

/** Writes kit.yaml. Throws CliError("notWritable" or "diskFull") that states what was written `soFar`. */
export function writeConfigFile({ file, text }: Pick<ConfigPlan, "file" | "text">, soFar: string): void {
  writeOrFail(file, soFar, () => replaceBytes(file, Buffer.from(text)));
}

function withKey(text: string, name: string, key: AccessKey): string {
  return withProfile(text, name, key.id, key.secret());
}

function readOrFail<T>(file: string, read: (file: string) => T): T {
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

function writeOrFail(file: string, soFar: string, write: () => void): void {
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
