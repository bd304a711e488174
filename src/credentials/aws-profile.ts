// The AWS shared files are edited line by line; all other lines keep their bytes.

// The settings that decide where a profile's credentials come from. Old ones beside a new key would override or break it:
// a session token fits only its own key.
const credentialKeys =
  /^(aws_access_key_id|aws_secret_access_key|aws_session_token|aws_security_token|aws_account_id|role_arn|role_session_name|source_profile|credential_source|credential_process|external_id|mfa_serial|duration_seconds|web_identity_token_file|login_session|sso_\w+)$/i;

/** The names of the profiles in a shared credentials file, each once. */
export function profileNames(text: string): string[] {
  const names = lines(text).map(section);
  return [...new Set(names.filter((name) => name !== null))];
}

/**
 * The text with this profile: added at the end, or with its credentials replaced and its comments and other settings kept.
 * The same text if the profile already holds the key.
 */
export function withProfile(text: string, name: string, id: string, secret: string): string {
  const newline = /\r?\n/.exec(text)?.[0] ?? "\n";
  const keys = [`aws_access_key_id = ${id}${newline}`, `aws_secret_access_key = ${secret}${newline}`];
  if (!profileNames(text).includes(name)) {
    const gap = text === "" ? "" : /\n$/.test(text) ? newline : newline + newline;
    return `${text}${gap}[${name}]${newline}${keys.join("")}`;
  }
  const result: string[] = [];
  let inside = false;
  let written = false;
  let position = -1;
  const putKeys = () => {
    if (!written) result.splice(position, 0, ...keys);
    written = true;
  };
  for (const line of lines(text)) {
    const heading = section(line);
    if (heading !== null) {
      if (inside) putKeys();
      inside = heading === name;
      result.push(inside && !line.endsWith("\n") ? line + newline : line);
      if (inside && !written) position = result.length;
    } else if (inside && credentialKeys.test(keyOf(line))) {
      if (!written) position = result.length;
      putKeys();
    } else result.push(line);
  }
  if (inside) putKeys();
  return result.join("");
}

/**
 * The setting that gives a profile of the shared config file (~/.aws/config) credentials, such as "role_arn" or
 * "sso_session", or null. It would take precedence over a key in the credentials file.
 */
export function credentialSetting(configText: string, name: string): string | null {
  let inside = false;
  for (const line of lines(configText)) {
    const heading = section(line);
    if (heading !== null) {
      const profile = heading.replace(/\s+/g, " ").replaceAll(/["']/g, "");
      inside = profile === `profile ${name}` || (name === "default" && profile === name);
    } else if (inside && credentialKeys.test(keyOf(line))) return keyOf(line);
  }
  return null;
}

function lines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

// The text may hold its bytes as Latin-1, where a byte order mark is ï»¿.
function section(line: string): string | null {
  const name = /^(?:\ufeff|\u00ef\u00bb\u00bf)?\s*\[([^\]]*)\]/.exec(line)?.[1];
  return name === undefined ? null : name.trim();
}

function keyOf(line: string): string {
  return /^\s*([\w-]+)\s*[=:]/.exec(line)?.[1] ?? "";
}
