import { fileURLToPath } from 'node:url'

/** The folder of package.json: the same from source and from `dist`, which nests one level deeper. */
export const packageRoot = fileURLToPath(new URL('./', import.meta.resolve('#package.json')))
