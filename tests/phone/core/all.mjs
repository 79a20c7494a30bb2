// The core's tests, for whoever runs them: given is { core, coreTest, cpace, transcript, told }.

import { tests as transfers } from "./transfers.mjs";
import { tests as vectors } from "./vectors.mjs";

export const tests = [...vectors, ...transfers];
