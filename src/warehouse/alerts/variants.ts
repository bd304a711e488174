import { type Alert, type Condition, parseCondition } from "../../config/alerts-option.ts";
import type { Config } from "../../config/config.ts";

/** The same alert with thresholds around its own, each under a name of its own; none for a condition without a threshold. */
export function variantsOf(alert: Alert, config: Pick<Config, "site">): Alert[] {
  return thresholdsAround(alert.condition, config).map((text) => ({
    ...alert,
    name: `${alert.name} (${text})`,
    condition: parseCondition(alert.condition.metric, text),
    conditionText: text,
  }));
}

// A share by 5 and 10 points, a number by a half and to its double.
function thresholdsAround(condition: Condition, { site }: Pick<Config, "site">): string[] {
  switch (condition.kind) {
    case "under": {
      const share = Math.round(1000 * (condition.share ?? site.serviceLevel.target));
      return [-100, -50, 50, 100]
        .map((step) => share + step)
        .filter((one) => one > 0 && one < 1000)
        .map((one) => `under ${one / 10}%`);
    }
    case "shortfall":
      return around(condition.contacts, true).map((contacts) => `shortfall of ${contacts}`);
    case "short": {
      const after = condition.intervals > 1 ? ` for ${condition.intervals} intervals` : "";
      return condition.reps < 0 ? around(-condition.reps, false).map((reps) => `under -${reps}${after}`) : [];
    }
    case "late":
      return condition.minutes === null ? [] : around(condition.minutes, true).map((minutes) => `late by ${minutes}m`);
    default:
      return [];
  }
}

function around(value: number, whole: boolean): number[] {
  const values = [0.5, 0.75, 1.5, 2].map((factor) =>
    whole ? Math.round(value * factor) : Math.round(value * factor * 10) / 10,
  );
  return [...new Set(values)].filter((one) => one > 0 && one !== value);
}
