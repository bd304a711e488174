import type { SftpSource } from "../config.ts";
import { CliError } from "../errors.ts";
import type { Source, SourceTuning } from "./source.ts";

export function openSftp(source: SftpSource, _tuning: SourceTuning): Source {
  throw new CliError("config", `SFTP is not supported yet: ${source.url}`);
}
