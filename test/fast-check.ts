import fc from "fast-check";

// The same examples in every run, so that a change is judged by what it changed: ASAPP_KIT_SEED=random looks for new ones,
// and a number repeats a run that failed.
const seed = process.env.ASAPP_KIT_SEED ?? "1";
if (seed !== "random") fc.configureGlobal({ seed: Number(seed) });

export default fc;
