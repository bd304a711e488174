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
    if (process.ppid !== parent || !exists(parent)) process.exit(1);
  };
  setInterval(look, 500).unref();
}

// On Windows a process keeps the number of its parent when that is gone.
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
