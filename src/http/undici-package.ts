// What the kit uses of undici, file by file: its fetch, WebSocket and cache, which nothing here uses, cost each sync 60 ms of
// CPU time. scripts/compile.js bundles it into one file.
import type * as undici from "undici";
// @ts-expect-error: the types are the package's
import connect from "undici/lib/api/api-connect.js";
// @ts-expect-error
import connector from "undici/lib/core/connect.js";
// @ts-expect-error
import PoolClass from "undici/lib/dispatcher/pool.js";

Object.assign(PoolClass.prototype, { connect });
export const Pool: typeof undici.Pool = PoolClass;
export const buildConnector: typeof undici.buildConnector = connector;
