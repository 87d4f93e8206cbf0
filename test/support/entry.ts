import { fileURLToPath } from 'node:url'

/** The file of a compiled program, named from the root as in `src/server.js`, to start as a process. */
export const entry = (program: string) =>
  fileURLToPath(new URL(`../../${program}`, import.meta.url))
