import type { Picture } from "../../../notebooks/components/picture/picture.ts";
import { cut, escapeSlack } from "../../http/slack.ts";

/** A message for an incoming webhook of Slack: text for notifications, and blocks. Pictures only by address. */
export function slackMessage(
  { kicker, title, lead, charts, notes, receipt }: Picture,
  { image, link }: { image?: string | undefined; link?: string | undefined } = {},
) {
  const facts = charts.map(({ title }) => `• ${title}`).join("\n");
  return {
    text: cut(escapeSlack(`${title}. ${lead}`), 3000),
    blocks: [
      { type: "header", text: { type: "plain_text", text: cut(title, 150), emoji: false } },
      { type: "section", text: { type: "mrkdwn", text: cut(escapeSlack(`${lead}\n${facts}`), 3000) } },
      ...(image ? [{ type: "image", image_url: image, alt_text: cut(`${title}. ${lead}`, 2000) }] : []),
      ...(link ? [{ type: "section", text: { type: "mrkdwn", text: `<${escapeSlack(link)}|Open the page>` } }] : []),
      {
        type: "context",
        elements: [kicker, ...notes.slice(0, receipt ? 8 : 9), ...(receipt ? [receipt] : [])].map((note) => ({
          type: "mrkdwn",
          text: cut(escapeSlack(note), 2000),
        })),
      },
    ],
  };
}
