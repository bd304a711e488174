"""Recomputes figures of a data folder from its raw files alone: without DuckDB, and without the kit.

    python3 peer.py FOLDER < blocks.json

FOLDER is raw/. blocks.json is a list of {"queue", "starts"}: windows, milliseconds since 1970, whose reps count together.
Prints JSON: `waiting`, by queue and window: contacts waiting at its end, and the seconds of the longest wait; `gone`, the
waits of those who left a queue, by queue and window; `blocks`: distinct reps of each, and the mean handle time.
"""
import collections
import datetime
import gzip
import json
import pathlib
import sys

QUARTER = 15 * 60_000


def millis(text):
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return since // datetime.timedelta(milliseconds=1)


def rows(folder, feed):
    """The rows of complete partitions, oldest run first."""
    for marker in sorted((folder / feed).rglob("_SUCCESS")):
        for file in sorted(marker.parent.glob("*.jsonl*")):
            with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as lines:
                for line in lines:
                    yield json.loads(line)


def newest(folder, feed, *key):
    """One row per key: the one delivered last."""
    found = {}
    for row in rows(folder, feed):
        found[tuple(row.get(name) for name in key)] = row
    return found.values()


def waiting(folder):
    at = collections.defaultdict(list)
    gone = collections.defaultdict(list)
    visits = {}
    for row in rows(folder, "issue_queues"):
        visits[row["issue_id"], row["queue_id"], millis(row["enter_queue_ts"])] = row
    for (_, _, entered), row in visits.items():
        left = millis(row["exit_queue_ts"]) if row["exit_queue_ts"] else entered + 24 * 4 * QUARTER
        end = entered - entered % QUARTER + QUARTER
        while end <= left:
            at[f"{row['queue_name']} {end - QUARTER}"].append(end - entered)
            end += QUARTER
        if row["abandoned"]:
            gone[f"{row['queue_name']} {left - left % QUARTER}"].append(row["enqueue_time"])
    longest = {key: [len(waits), -(-max(waits) // 60_000) * 60] for key, waits in at.items()}
    return longest, gone


def merged(folder, blocks):
    staff = collections.defaultdict(set)
    for row in newest(folder, "queue_membership_wfm", "instance_ts", "rep_id", "queue_id"):
        if row["lin_logged_in_min"] > 0:
            staff[row["queue_name"], millis(row["instance_ts"])].add(row["rep_id"])
    contacts = {
        (row["queue_name"], millis(row["instance_ts"])): row
        for row in newest(folder, "queue_wfm", "instance_ts", "queue_id")
    }
    for block in blocks:
        windows = [(block["queue"], start) for start in block["starts"]]
        reps = set().union(*(staff[window] for window in windows))
        handled = [contacts[window] for window in windows if window in contacts]
        handled = [row for row in handled if row["avg_handle_time_seconds"] is not None]
        weights = [max(1, row["total_assignments"]) for row in handled]
        total = sum(weight * row["avg_handle_time_seconds"] for weight, row in zip(weights, handled))
        yield {"reps": len(reps), "handle": total / sum(weights) if handled else None}


raw = pathlib.Path(sys.argv[1])
still, left = waiting(raw)
json.dump({"waiting": still, "gone": left, "blocks": list(merged(raw, json.load(sys.stdin)))}, sys.stdout)
