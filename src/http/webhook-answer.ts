/** The answer of a webhook, as far as read. */
export interface WebhookAnswer {
  status: number;
  text: string; // the beginning of the body, trimmed
  retryAfterMs: number | null;
}

const refusing = /error|fail|denied|refused|invalid|unauthori[sz]ed|forbidden|sign[ -]?in|log[ -]?in\b/i;

// status   body                                       posted
// not 2xx                                             no
// 2xx      none                                       yes: Discord 204, Teams Workflows 202
//          ok, 1, other text in a line                yes: Slack, Mattermost, Teams connectors
//          text that speaks of an error or a login    no: Teams connectors answer 200 to what they could not deliver
//          a page: begins with <                      no: a proxy's or a host's login
//          JSON with no word of an error              yes: Discord, Google Chat, Rocket.Chat, Zulip
//          JSON that says no                          no
/** Null if the message was accepted; else the reason to doubt it, in one line. */
export function refusalOf({ status, text }: Pick<WebhookAnswer, "status" | "text">): string | null {
  if (status < 200 || status > 299) return `answered ${status}${quoted(text)}`;
  if (text === "") return null;
  if (/^\ufeff?\s*</.test(text)) {
    const title = /<title[^>]*>([^<]{1,80})/i.exec(text)?.[1]?.trim();
    return `answered ${status} with a page${title ? ` “${title}”` : ""}, not as a webhook does`;
  }
  if (/^[{[]/.test(text)) {
    const no = refusalInJson(text);
    return no === null ? null : `answered ${status}, but says no${quoted(no)}`;
  }
  const plain = text.length <= 200 && !text.includes("\n") && !refusing.test(text);
  return plain ? null : `answered ${status}, but not that it took the message${quoted(text)}`;
}

function refusalInJson(text: string): string | null {
  let answer: Record<string, unknown>;
  try {
    answer = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return "truncated or invalid JSON";
  }
  const reason = [answer.error, answer.errmsg, answer.msg, answer.message, answer.detail].find(
    (one) => typeof one === "string" && one !== "",
  );
  const bad =
    answer.ok === false ||
    answer.success === false ||
    /^(error|fail|failed|failure)$/i.test(String(answer.result ?? answer.status ?? "")) ||
    (answer.error !== undefined && answer.error !== null && answer.error !== false && answer.error !== "") ||
    (Array.isArray(answer.errors) && answer.errors.length > 0) ||
    [answer.errcode, answer.code].some((code) => typeof code === "number" && code !== 0 && code !== 200);
  return bad ? String(reason ?? "an error") : null;
}

function quoted(text: string): string {
  return /^[\p{L}\p{N} .,:;_'/-]{1,120}$/u.test(text) ? ` (${text})` : "";
}

/** Milliseconds that a Retry-After header asks to wait, as seconds or as a date; null for none that makes sense. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const time = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? null : Math.max(0, time - now);
}
