import { isRunning } from "../base/process.ts";

/** Set for a child process: the id of the process that it must not outlive. */
export const parentProcess = "ASAPP_KIT_PARENT";

/**
 * Ends this process soon after its parent, however that ended: a killed parent sends no signal. Does not keep the process
 * alive. Children of this process end with it in turn.
 */
export function endWithParent(env = process.env): void {
  const parent = Number(env[parentProcess]);
  env[parentProcess] = String(process.pid);
  if (!parent) return; // started by the user
  const exitIfOrphaned = () => {
    // On Windows an orphan keeps the id of its parent.
    if (process.ppid !== parent || !isRunning(parent)) process.exit(1);
  };
  setInterval(exitIfOrphaned, 500).unref();
}
