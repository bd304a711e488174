// Text of the AWS shared files. It is edited line by line, and what is not the profile's stays as it is, byte for byte.

// What decides where a profile's credentials come from. A rest of the old ones beside a new key would win over it, or
// break it: a session token does not fit another key.
const credentialKeys =
  /^(aws_access_key_id|aws_secret_access_key|aws_session_token|aws_security_token|aws_account_id|role_arn|role_session_name|source_profile|credential_source|credential_process|external_id|mfa_serial|duration_seconds|web_identity_token_file|login_session|sso_\w+)$/i;

/** The names of the profiles in a shared credentials file, each once. */
export function profileNames(text: string): string[] {
  const names = lines(text).map(section);
  return [...new Set(names.filter((name) => name !== null))];
}

/**
 * The text with the profile of that name: added at the end, or with its old credentials replaced while its comments and
 * other settings stay. The same text when it says so already.
 */
export function withProfile(text: string, name: string, id: string, secret: string): string {
  const end = /\r?\n/.exec(text)?.[0] ?? "\n";
  const keys = [`aws_access_key_id = ${id}${end}`, `aws_secret_access_key = ${secret}${end}`];
  if (!profileNames(text).includes(name)) {
    const gap = text === "" ? "" : /\n$/.test(text) ? end : end + end;
    return `${text}${gap}[${name}]${end}${keys.join("")}`;
  }
  const result: string[] = [];
  let inside = false;
  let written = false;
  let place = -1;
  const put = () => {
    if (!written) result.splice(place, 0, ...keys);
    written = true;
  };
  for (const line of lines(text)) {
    const begins = section(line);
    if (begins !== null) {
      if (inside) put();
      inside = begins === name;
      result.push(inside && !line.endsWith("\n") ? line + end : line);
      if (inside && !written) place = result.length;
    } else if (inside && credentialKeys.test(keyOf(line))) {
      if (!written) place = result.length;
      put();
    } else result.push(line);
  }
  if (inside) put();
  return result.join("");
}

/**
 * The setting by which a profile of the shared config file (~/.aws/config) gets credentials of its own, such as
 * "role_arn" or "sso_session", or null: those would come before a key in the credentials file.
 */
export function ownSetting(configText: string, name: string): string | null {
  let inside = false;
  for (const line of lines(configText)) {
    const begins = section(line);
    if (begins !== null) {
      const called = begins.replace(/\s+/g, " ").replaceAll(/["']/g, "");
      inside = called === `profile ${name}` || (name === "default" && called === name);
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
