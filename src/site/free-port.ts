import type { AddressInfo, Server } from "node:net";
import { CliError } from "../base/errors.ts";

/** Listens on `wanted` or the next free port after it (0: any), and returns it. Gives up after 100 ports. */
export async function listenOnFreePort(server: Server, host: string, firstPort: number): Promise<number> {
  for (let port = firstPort; port < firstPort + 100 && port < 65_536; port++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          resolve();
        });
      });
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
    }
  }
  throw new CliError("portTaken", `no free port from ${firstPort} on ${host}`, "name another one with --port");
}
