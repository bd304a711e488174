// One update of staged/ in a process of its own, for tests that kill it. Argument: the project's folder.
import { rawFixture } from "./raw-fixture.ts";
import { stageAndSave } from "./stage-kit.ts";

const { project } = rawFixture(undefined, process.argv[2]);
await stageAndSave(project, { onDay: () => process.stdout.write("day\n") });
