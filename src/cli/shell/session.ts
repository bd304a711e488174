import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Project } from "../../config/project.ts";
import type { Database } from "../../duckdb/database.ts";
import { openCatalog } from "../../warehouse/catalog/catalog.ts";
import { stateOf } from "../../warehouse/snapshot/snapshot.ts";
import { type Names, readNames } from "./complete.ts";

/** The catalog as one shell sees it: one state of the data until it is reopened. */
export class Session {
  readonly project: Project;
  readonly scratch = join(tmpdir(), `asapp-kit-${randomUUID()}`); // a folder for parquet on its way; made when needed
  changed = false; // by statements of the user: something that reopening would lose
  private opened: { database: Database; helper: Database; state: string } | null = null;
  private known: Promise<Names> | null = null;
  private readonly asides = new Set<Promise<unknown>>();

  constructor(project: Project) {
    this.project = project;
  }

  /** The one file that statements of the kit may write. */
  get parquet(): string {
    return join(this.scratch, "result.parquet");
  }

  get database(): Database {
    return this.opened!.database;
  }

  /** A connection beside the one that runs the user's queries. */
  get helper(): Database {
    return this.opened!.helper;
  }

  async open(): Promise<void> {
    const state = stateOf(this.project.data);
    const database = await openCatalog(this.project, { files: [this.parquet] });
    const opened = { database, helper: await database.connect(), state };
    await this.close();
    this.opened = opened;
    this.changed = false;
    this.forget();
  }

  /** Whether an update has made another state of the data the one that readers see. */
  get outdated(): boolean {
    return stateOf(this.project.data) !== this.opened!.state;
  }

  names(): Promise<Names> {
    this.known ??= this.aside(readNames);
    return this.known;
  }

  /** Asks beside the user's query, for as long as the catalog is open: a connection in use must not be closed. */
  aside<T>(ask: (helper: Database) => Promise<T>): Promise<T> {
    const asked = ask(this.helper);
    this.asides.add(asked);
    const done = () => this.asides.delete(asked);
    asked.then(done, done);
    return asked;
  }

  /** After a statement that may have made or dropped something. */
  forget(): void {
    this.known = null;
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
