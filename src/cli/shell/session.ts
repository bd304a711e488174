import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Project } from "../../config/project.ts";
import type { Database } from "../../duckdb/database.ts";
import { openCatalog, type PastOptions } from "../../warehouse/catalog/catalog.ts";
import { stateOf } from "../../warehouse/snapshot/snapshot.ts";
import { type Names, readNames } from "./complete.ts";

/** The catalog of a shell: one state of the data, until it is reopened. */
export class Session {
  readonly project: Project;
  readonly past: PastOptions | undefined;
  readonly scratch = join(tmpdir(), `asapp-kit-${randomUUID()}`); // folder of Parquet drafts; made when needed
  changed = false; // the user created something that reopening would drop
  private opened: { database: Database; helper: Database; state: string } | null = null;
  private cachedNames: Promise<Names> | null = null;
  private readonly asides = new Set<Promise<unknown>>();

  /** `past`: the catalog shows what was known at that moment. */
  constructor(project: Project, past?: PastOptions) {
    this.project = project;
    this.past = past;
  }

  /** The only file that the database may write. */
  get parquet(): string {
    return join(this.scratch, "result.parquet");
  }

  get database(): Database {
    return this.current().database;
  }

  /** A second connection, beside the one for the user's queries. */
  get helper(): Database {
    return this.current().helper;
  }

  async open(): Promise<void> {
    const state = stateOf(this.project.data);
    const database = await openCatalog(this.project, { files: [this.parquet], past: this.past });
    const opened = { database, helper: await database.connect(), state };
    await this.close();
    this.opened = opened;
    this.changed = false;
    this.forget();
  }

  /** Whether an update has changed the data since the catalog was opened. */
  get outdated(): boolean {
    return stateOf(this.project.data) !== this.current().state;
  }

  names(): Promise<Names> {
    this.cachedNames ??= this.aside(readNames);
    return this.cachedNames;
  }

  /** Runs a query beside the user's. `close` waits for it: a connection in use must not be closed. */
  aside<T>(query: (helper: Database) => Promise<T>): Promise<T> {
    const answer = query(this.helper);
    this.asides.add(answer);
    const done = () => this.asides.delete(answer);
    answer.then(done, done);
    return answer;
  }

  /** Drops the cached names, after a statement that may have created or dropped something. */
  forget(): void {
    this.cachedNames = null;
  }

  private current() {
    if (this.opened === null) throw new Error("the catalog is not open");
    return this.opened;
  }

  async close(): Promise<void> {
    this.opened?.helper.interrupt();
    await Promise.allSettled(this.asides);
    this.opened?.helper.close();
    this.opened?.database.close();
    this.opened = null;
    rmSync(this.scratch, { recursive: true, force: true });
  }
}
