import { isRunning } from "../base/process.ts";

/** Set for a child process: the number of the process that it must not outlive. */
export const parentProcess = "ASAPP_KIT_PARENT";

/**
 * Ends this process soon after the one that started it is gone, however that ended: a killed parent tells nobody. Never
 * keeps the process alive. Children of this one are to end with it in turn.
 */
export function endWithParent(env = process.env): void {
  const parent = Number(env[parentProcess]);
  env[parentProcess] = String(process.pid);
  if (!parent) return; // started by the user
  const look = () => {
    // On Windows a process keeps the number of its parent when that is gone.
    if (process.ppid !== parent || !isRunning(parent)) process.exit(1);
  };
  setInterval(look, 500).unref();
}
