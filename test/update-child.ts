// One update of the warehouse in a process of its own, for tests that kill it. Argument: the project's folder.
import { updateWarehouse } from "../src/warehouse/update.ts";
import { rawFixture } from "./raw-fixture.ts";

const { project } = rawFixture(undefined, process.argv[2]);
process.stdout.write("begun\n");
await updateWarehouse(project);
